"""What every record stands on: the base, the database, parties, and how rules say no."""
