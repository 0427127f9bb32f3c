"""Login, logout and password."""
