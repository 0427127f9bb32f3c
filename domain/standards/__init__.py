"""The two kinds of standards, as organizations publish them."""
