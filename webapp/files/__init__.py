"""Uploads for a form, and downloads."""
