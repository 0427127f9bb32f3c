"""What somebody in charge sees of running processes and does to them."""
