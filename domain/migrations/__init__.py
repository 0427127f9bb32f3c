"""How a database comes to its newest schema."""
