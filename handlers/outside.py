"""HTTP to the outside: one client a process, which keeps its connections."""

from __future__ import annotations

from functools import cache

import httpx


@cache
def client() -> httpx.Client:
    """The client of this process, for all threads. To make one takes 25 ms, in which the certificates are read: too long for each call."""
    return httpx.Client()
