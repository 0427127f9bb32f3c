"""What is done to many rows of a list: export, batch, supervision."""
