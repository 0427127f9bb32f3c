"""Records and their rules: one module a noun. Imports neither web nor engine."""
