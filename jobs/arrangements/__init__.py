"""排考 of a plan's records (manual 5.2.8): what is to be arranged is read, an arranging is stored, published, changed by hand."""
