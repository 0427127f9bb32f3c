"""Plays the scenarios beside a diagram."""
