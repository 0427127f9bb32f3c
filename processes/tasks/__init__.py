"""What people do with tasks, and the buttons they see."""
