"""One attempt at a background task, as the function that does it sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.database import Database
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform.background import advance

LEASE = timedelta(seconds=60)  # longer than any chunk takes; each progress renews it
CHUNK = 5  # steps of the engine in one transaction, to begin with
MOST = 200  # steps in one transaction, however fast they are
TURN = 0.08  # seconds that a transaction should take, during which SQLite lets nobody else write


class Stopped(Exception):
    """The task was cancelled, or another worker has it now: this attempt writes nothing more."""


class Overtaken(DomainError):
    """这项工作已由之后的任务继续，请返回原页面查看结果。"""


@dataclass
class Work:
    """What is to be done, and how far earlier attempts have come (`done`, `failed`, `total`, `result`)."""

    database: Database
    clock: Callable[[], datetime]
    folder: Path
    """Where the task's files belong; the scheduler deletes it with them."""
    task_id: int
    attempt: int
    actor: Actor
    """Who began it, with the rights held now."""
    params: dict[str, Any]
    result: dict[str, Any]
    """The kind's bookkeeping and outcome, JSON; stored by `keep`, `progress` and at the end. `file` and `name`: a file to download;
    `roles`: those with which it was made."""
    done: int = 0
    failed: int = 0
    total: int | None = None
    chunk: int = field(default_factory=lambda: CHUNK)
    """How many items belong into the next transaction."""
    _began: float = field(default_factory=time.monotonic)

    def progress(self, done: int, failed: int = 0, total: int | None = None) -> None:
        """Stores how far the attempt has come and renews the lease, in a short transaction of its own.

        Raises:
            Stopped: end the attempt.
        """
        with self.database.writing() as session:
            self.keep(session, done, failed, total)

    def keep(self, session: Session, done: int, failed: int = 0, total: int | None = None) -> None:
        """As `progress`, inside the transaction that did the items: a worker that is killed has done both or neither, and doubles nothing.

        Raises:
            Stopped: roll back and end the attempt.
        """
        self.done, self.failed = done, failed
        self.total = self.total if total is None else total
        values = {"done": done, "failed": failed, "total": self.total, "result": self.result, "lease_until": self.clock() + LEASE}
        if not advance(session, self.task_id, self.attempt, values):
            raise Stopped

    def give_way(self) -> None:
        """Between two chunks: people's clicks go first. The next chunk is larger or smaller, so that it takes `TURN`."""
        took = time.monotonic() - self._began
        fits = int(self.chunk * TURN / max(took, 0.001))
        # by steps: one chunk alone says little, and of many that are alike only the first is run by the engine
        self.chunk = max(1, self.chunk // 2, min(MOST, 2 * self.chunk, fits))
        self.database.let_others_write()
        self._began = time.monotonic()

    def file(self, name: str) -> Path:
        """The path of the result that people download as `name`. Each attempt has its own: a lost worker may still write."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self.attempt}{Path(name).suffix}"
        self.result = {**self.result, "file": path.name, "name": name, "roles": sorted(self.actor.roles)}
        return path
