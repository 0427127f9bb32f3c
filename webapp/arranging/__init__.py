"""排考 by an organization."""
