"""Addresses that a form may send people back to."""

from __future__ import annotations


def is_local(address: str) -> bool:
    """Whether an address stays on this site."""
    return address.startswith("/") and not address.startswith("//") and "\\" not in address and not any(ord(c) < 32 for c in address)
