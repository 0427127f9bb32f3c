"""What people do with tasks, and the buttons that they see."""
