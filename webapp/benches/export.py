"""`export`: 100,000 rows from the database to .xlsx, over bare openpyxl (write-only mode) writing the same cells.

Each side runs in a child process, so that the peak of its memory is its own. Ours reads the rows through a listing; openpyxl's
cells are made beforehand and not counted.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import openpyxl
from sqlalchemy import insert, select

from domain.ground.base import SHANGHAI, utc_now
from domain.ground.parties import Party
from domain.ground.settings import read_settings
from domain.ground.tones import Tone
from domain.weekly.periods import ReportingPeriod
from domain.weekly.reports import WeeklyReport
from forms.lists import LISTS
from jobs.lists import exports
from jobs.runtime import Runtime, build
from webapp.benches.measuring import actor, product

SCHOOLS, PERIODS = 5_000, 20
ROUNDS = 3
LISTING, ACCOUNT = "weekly_report", "province1"


def measure() -> tuple[float, float, dict[str, Any]]:
    """Medians in seconds: ours, the floor's; and the peak memory of both in MB."""
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "floor": []}
    with product() as runtime:
        _fill(runtime)
        for number in range(ROUNDS):
            for side in ("ours", "floor") if number % 2 else ("floor", "ours"):  # in turns: neither always runs warm
                runs[side].append(_in_child(runtime.settings.home, side))
    ours, floor = (median(run["seconds"] for run in runs[side]) for side in ("ours", "floor"))
    peaks = {f"{side}_peak_mb": max(run["peak_mb"] for run in runs[side]) for side in runs}
    return ours, floor, {"rows": SCHOOLS * PERIODS, **peaks}


def child(side: str) -> None:
    """What runs in a child process: prints seconds and the peak memory in MB as JSON."""
    runtime = build(read_settings(os.environ))
    took = (_ours if side == "ours" else _floor)(runtime, Path(os.environ["PILOT_HOME"]) / f"{side}.xlsx")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took, "peak_mb": round(peak)}))


def _in_child(home: Path, side: str) -> dict[str, float]:
    code = f"from webapp.benches.export import child; child({side!r})"
    environment = {**os.environ, "PILOT_HOME": str(home), "DATABASE_URL": "", "SECRET_KEY": "x" * 32}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603  # our own code
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _ours(runtime: Runtime, path: Path) -> float:
    listing, who = LISTS[LISTING], actor(runtime, ACCOUNT)
    began = perf_counter()
    with runtime.database.reading() as session:
        exports.write(session, exports.chosen(listing, who, {}, []), listing.columns, str(path))
    return perf_counter() - began


def _floor(runtime: Runtime, path: Path) -> float:
    listing, who = LISTS[LISTING], actor(runtime, ACCOUNT)
    with runtime.database.reading() as session:
        rows = session.scalars(exports.chosen(listing, who, {}, []).execution_options(yield_per=500))
        cells = [[_plain(column.value(row)) for column in listing.columns] for row in rows]
    began = perf_counter()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([column.label for column in listing.columns])
    for one in cells:
        sheet.append(one)
    book.save(path)
    return perf_counter() - began


def _plain(value: Any) -> Any:
    return value.astimezone(SHANGHAI).replace(tzinfo=None) if isinstance(value, datetime) else value


def _fill(runtime: Runtime) -> None:
    """Reports of many schools on some weeks; no process runs about them."""
    province, school, now = actor(runtime, ACCOUNT), actor(runtime, "school1"), utc_now()
    periods = [_period(province.party_id, number) for number in range(PERIODS)]
    schools = [
        {"kind": "school", "name": f"测量职业技术学院{number}", "code": f"M{number}", "province_id": province.party_id}
        for number in range(SCHOOLS)
    ]
    with runtime.database.writing() as session:
        session.execute(insert(ReportingPeriod), periods)
        session.execute(insert(Party), schools)
        period_ids = session.scalars(select(ReportingPeriod.id).where(ReportingPeriod.label.like("测量%"))).all()
        school_ids = session.scalars(select(Party.id).where(Party.code.like("M%"))).all()
        common = {"author_id": school.person_id, "status": "待审核", "tone": Tone.WAITING, "data": {}, "created_at": now}
        for period_id in period_ids:
            session.execute(insert(WeeklyReport), [{"period_id": period_id, "party_id": party_id, **common} for party_id in school_ids])


def _period(province_id: int, number: int) -> dict[str, Any]:
    start = datetime(2020, 1, 6, tzinfo=SHANGHAI) + timedelta(weeks=number)
    times = {"starts_at": start, "ends_at": start + timedelta(weeks=1), "reminder_hours": 24}
    return {"province_id": province_id, "cycle": "周", "label": f"测量第{number}周", **times}
