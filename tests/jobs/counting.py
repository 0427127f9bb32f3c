"""A kind of background task for the tests: writes one row a chunk, and waits where a test wants to kill its worker."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import text

from jobs.runtime import Runtime
from jobs.work import Work


def count(runtime: Runtime, work: Work) -> None:
    """Inserts the numbers up to `upto`, each in a chunk of its own; while the file `hold` exists, it stops before number `at`."""
    hold = Path(str(work.params.get("hold", "/nonexistent")))
    for number in range(work.done, int(work.params["upto"])):
        with runtime.database.writing() as session:
            session.execute(text("INSERT INTO counted (number) VALUES (:number)"), {"number": number})
            work.keep(session, number + 1, total=int(work.params["upto"]))
        while number + 1 == work.params.get("at") and hold.exists():
            time.sleep(0.02)
    work.file("结果.txt").write_text("好", encoding="utf-8")
