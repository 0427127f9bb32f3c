"""A function that a callback of RQ could name."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def called(job: Any, *_: Any) -> None:
    """Makes the folder that the entry's meta names."""
    Path(job.meta["folder"]).mkdir()
