"""Whatever somebody wrote into the database by hand, checking it ends in a sentence."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from domain.ground.handling import FAULTS, mistake
from processes.errors import ProcessError
from processes.spiff.library import SpiffWorkflowException

UNREADABLE = (*FAULTS, ProcessError, SpiffWorkflowException, RecursionError, zlib.error)
"""What reading garbage raises."""


def guarded(what: str, faults: Iterator[str]) -> Iterator[str]:
    """The faults, and where finding them fails, that `what` cannot be read."""
    try:
        yield from faults
    except UNREADABLE as error:
        yield f"{what}不能读取，可能被改动过（{mistake(error)}）"
