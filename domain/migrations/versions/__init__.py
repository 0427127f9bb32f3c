"""The migrations: one chain, in the order of their numbers."""
