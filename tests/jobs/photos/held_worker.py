"""A worker that works in chunks of four photos and stops dead within the one that `HOLD_AT` counts, its transaction still open."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from domain.ground.settings import read_settings
from jobs import work, worker
from jobs.photos import working
from jobs.work import Work


def run() -> None:
    """Runs as `pilot worker` does, until it is killed."""
    working.LOOKED, work.CHUNK = 4, 2
    Work.give_way = lambda one: None  # type: ignore[method-assign]  # a chunk has as many as the one before it
    keep, kept = Work.keep, [0]

    def held(one: Work, *given: Any) -> None:
        keep(one, *given)
        kept[0] += 1
        if kept[0] == int(os.environ["HOLD_AT"]):
            Path(os.environ["PILOT_HOME"], "held").touch()
            time.sleep(60)

    Work.keep = held  # type: ignore[method-assign]
    worker.run(read_settings(os.environ))
