"""How a message quotes what somebody wrote: on one line, cut where it is long, and never as a pair of empty quotes."""

from __future__ import annotations


def short(text: str, limit: int = 60) -> str:
    """A text on one line, cut where it is too long for a message."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quoted(text: str | None, limit: int = 60) -> str:
    """A text in quotes, or that it is empty: nothing to read stands between two quotes otherwise."""
    line = short(text or "", limit)
    return f"“{line}”" if line else "（空）"
