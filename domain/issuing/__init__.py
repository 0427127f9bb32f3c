"""Certificates that are issued, and how they are signed."""
