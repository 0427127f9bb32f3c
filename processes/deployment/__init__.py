"""How a diagram becomes a version, and what versions there are."""
