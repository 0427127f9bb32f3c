"""The blueprint of photos, with the views of all its modules on it."""

from webapp.photos import deciding, single, views

__all__ = ["blueprint", "deciding", "single"]

blueprint = views.blueprint
