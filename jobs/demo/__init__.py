"""Plays the demonstration's processes."""
