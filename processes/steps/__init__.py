"""One step, one transaction: lock an instance, run it to its next wait, write its books."""
