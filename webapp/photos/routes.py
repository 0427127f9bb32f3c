"""The blueprint of photos, with the views of all its modules on it."""

from webapp.photos import deciding, framing, single, views

__all__ = ["blueprint", "deciding", "framing", "single"]

blueprint = views.blueprint
