"""`import`: 20,000 candidates uploaded, checked, stored and their processes started, over bare openpyxl (read-only mode) only reading the
same file.

Ours is all that happens between the upload and the last process: the file streamed to disk and looked at, read, each row checked by the
form, against the other rows and against the database, kept for the preview, taken in, and its process started. SQLite with a real commit a
chunk; no preview page is rendered, and nobody thinks in between. `without_processes` is the ratio up to the 20,000 rows in the table of
candidates, `starting_ms_each` what one process costs, the pauses between chunks included in which SQLite lets others write.

The file is looked at and read in processes of their own (jobs/confinement.py), whose server runs before the clock begins, as in a worker.
`peak_mb` is the highest resident memory of the process that did the rest; each side runs in a process of its own, in turns, and the file
has 12 columns, 8 of them the form's.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from xlsxwriter import Workbook

from domain.demo.numbers import id_number
from domain.platform.imports import ImportRecord
from jobs import background
from jobs.imports import IMPORTS
from jobs.imports.apart import inspect_apart
from jobs.imports.deciding import begin_taking
from jobs.imports.receiving import TAKE, receive, uploaded
from jobs.imports.working import start_processes, store_rows
from jobs.runtime import Runtime, settle
from jobs.work import Work
from webapp.benches.measuring import actor, product, timed

ROWS = 20_000
ROUNDS = 3
HEADINGS = ("序号", "姓名", "姓名拼音", "证件类型", "证件号", "手机号", "就读专业", "专业层次", "入学年份", "班级", "学号", "备注")
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", "明红强芳军敏静伟磊洋勇艳杰娟涛超霞平刚桂"


def measure() -> tuple[float, float, dict[str, Any]]:
    """Medians in seconds – ours, openpyxl's – and what else there is to say."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "candidates.xlsx"
        _write(path)
        ours: list[dict[str, Any]] = []
        floors: list[dict[str, Any]] = []
        for number in range(ROUNDS):
            for side in ("ours", "floor") if number % 2 else ("floor", "ours"):
                (ours if side == "ours" else floors).append(_child(side, path))
    floor = median(one["seconds"] for one in floors)
    also = {
        "rows": ROWS,
        "peak_mb": max(one["peak_mb"] for one in ours),
        "without_processes": round(median(one["seconds"] - one["started"] for one in ours) / floor, 2),
        "starting_ms_each": round(median(one["started"] for one in ours) / ROWS * 1000, 2),
    }
    return median(one["seconds"] for one in ours), floor, also


def main(side: str, path: Path) -> None:
    """One side, in a process of its own; prints a line of JSON."""
    found = {"ours": _ours, "floor": _floor}[side](path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux
    print(json.dumps({**found, "peak_mb": round(peak)}))


def _child(side: str, path: Path) -> dict[str, Any]:
    code = "import sys; from pathlib import Path; from webapp.benches.imports import main; main(sys.argv[1], Path(sys.argv[2]))"
    done = subprocess.run([sys.executable, "-c", code, side, str(path)], check=True, stdout=subprocess.PIPE)  # noqa: S603  # our own code
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _floor(path: Path) -> dict[str, Any]:
    from openpyxl import load_workbook  # the other side must not carry it

    began = perf_counter()
    book = load_workbook(path, read_only=True)
    for sheet in book:
        for _ in sheet.iter_rows(values_only=True):
            pass
    return {"seconds": perf_counter() - began}


def _ours(path: Path) -> dict[str, Any]:
    times: dict[str, float] = {}

    def take(runtime: Runtime, work: Work) -> None:
        times["stored"] = timed(lambda: store_rows(work))
        times["started"] = timed(lambda: start_processes(runtime, work))

    with product() as runtime:
        background.KINDS[TAKE] = take
        description, who = IMPORTS["candidates"], actor(runtime, "school1")
        inspect_apart(path, path.name)  # the server of processes has loaded the code once this is answered
        settle()  # as a worker does
        began = perf_counter()
        with path.open("rb") as stream, uploaded(runtime.settings, path.name, stream) as found, runtime.database.writing() as session:
            record = receive(session, runtime.settings, who, description, found, runtime.engine.clock())
        background.run_task(runtime, record.task_id or 0)
        with runtime.database.writing() as session:
            record = session.get_one(ImportRecord, record.id)
            begin_taking(session, who, description, record, runtime.engine.clock())
        checked = perf_counter() - began
        background.run_task(runtime, record.task_id or 0)
        with runtime.database.reading() as session:
            record = session.get_one(ImportRecord, record.id)
    if (record.taken, record.bad) != (ROWS, 0):
        raise ValueError(f"{record.taken} of {ROWS} rows were taken in")
    return {"seconds": checked + times["stored"] + times["started"], "started": times["started"]}


def _write(path: Path) -> None:
    with Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("考生")
        sheet.write_row(0, 0, HEADINGS)
        for number in range(1, ROWS + 1):
            name = SURNAMES[number % 10] + GIVEN[number // 10 % 20] + GIVEN[number // 200 % 20]
            person = (name, "", "居民身份证", _id_number(number), f"139{number:08}")  # its pinyin is offered from the name
            sheet.write_row(number, 0, (number, *person, "软件技术", "高职", 2025, "软件 2501", f"2025{number:06}", "无"))


def _id_number(number: int) -> str:
    return id_number(f"110105{1990 + number // 10000}{1 + number // 900 % 12:02}{1 + number % 28:02}{number % 1000:03}")
