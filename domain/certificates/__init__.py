"""What certificates there are, and who applied to pilot which."""
