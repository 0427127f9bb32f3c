"""Addresses that a form may send people back to."""

from __future__ import annotations

from flask import request, url_for


def is_local(address: str) -> bool:
    """Whether an address stays on this site."""
    return address.startswith("/") and not address.startswith("//") and "\\" not in address and not any(ord(c) < 32 for c in address)


def posted_back(otherwise: str) -> str:
    """The address that the page posted as the one to go back to; that of the endpoint `otherwise` where it posted none on this site."""
    back = request.form.get("back", "")
    return back if is_local(back) else url_for(otherwise)
