"""What people in charge see of running processes, and what they do to them."""
