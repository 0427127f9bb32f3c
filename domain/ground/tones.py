"""The tones of a status badge."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """How a status looks: one colour each."""

    DRAFT = "draft"
    WAITING = "waiting"
    ATTENTION = "attention"
    FAILED = "failed"
    DONE = "done"
