"""What people do to many rows of a list at once: export them, act on them."""
