"""`photos`: 2,000 photos of 80 KB looked at and kept by one import, over bare Pillow decoding the same in one process.

Ours is what the background task does between the upload and the steps of the candidates: the zip is listed, each photo matched with
its candidate, unpacked, decoded, measured, rid of what cameras write, hashed, written to the disk (flushed) and noted in its row, 200 a
transaction; SQLite with a real commit each. `ratio` is with one confined process that decodes, `ratio_two` with two; the worker
itself works beside them in either. The floor opens and loads the same 2,000 files from memory, and does nothing else.

Not in the ratios: the steps that give the photos to the candidates, which the same background task takes afterwards. The line says as
`step_ms_each` what one costs, measured over the first 200 with their commits. The server of confined processes runs before the clock
begins, as in a worker. The photos are drawn, of twelve people, with noise until a file has about 80 KB; the density in their heads tells
them apart, so that each is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from zipfile import ZIP_STORED, ZipFile
from zlib import crc32

from PIL import Image
from sqlalchemy import select

from domain.demo.numbers import id_number
from domain.demo.portraits import as_jpeg, draw
from domain.exams.candidates import Candidate, store_candidates
from domain.ground.parties import Actor
from domain.platform.budgets import Kept
from domain.platform.photo_imports import PhotoImport, PhotoState, items_query
from jobs import background
from jobs.photos import arriving
from jobs.photos.apart import entries_apart
from jobs.photos.arriving import Sent
from jobs.photos.working import give_items, list_photos, look_at_photos
from jobs.runtime import Runtime
from jobs.work import CHUNK, Work
from processes.steps import bulk_start
from webapp.benches.measuring import actor, product, timed

PHOTOS, PEOPLE = 2_000, 12
STEPS = 200
ROUNDS = 3
_SIZE = 80_000  # bytes of a file, about


def measure() -> tuple[float, float, dict[str, Any]]:
    """Medians in seconds – ours with one process, the floor's – and what else there is to say."""
    contents = [_photo(number) for number in range(PEOPLE)]
    one: list[float] = []
    two: list[float] = []
    floors: list[float] = []
    with product() as runtime:
        school = actor(runtime, "school1")
        numbers = _candidates(runtime, school)
        path = runtime.settings.home / "photos.zip"
        _write(path, contents, numbers, 0)
        entries_apart(path)  # the server of processes has loaded the code once this is answered
        for number in range(ROUNDS):
            files = [_marked(contents[at % PEOPLE], at) for at in range(PHOTOS)]
            floors.append(timed(lambda files=files: _floor(files)))  # type: ignore[misc]  # mypy does not see the default
            del files
            for times, at_once in ((one, 1), (two, 2)):
                _write(path, contents, numbers, 2 * number + at_once)  # else they would be there already
                times.append(_ours(runtime, school, path, at_once))
        step = _steps(runtime, school)
    ours, floor = median(one), median(floors)
    sizes = round(sum(map(len, contents)) / PEOPLE / 1000)
    return (
        ours,
        floor,
        {"photos": PHOTOS, "kb_each": sizes, "ratio_two": round(median(two) / floor, 2), "step_ms_each": round(step * 1000, 2)},
    )


def _ours(runtime: Runtime, school: Actor, path: Path, at_once: int) -> float:
    """How long one import takes, from the zip on the disk to the last photo that is kept."""
    took: list[float] = []

    def look(runtime: Runtime, work: Work) -> None:
        took.append(timed(lambda: _kept(runtime, work, at_once)))

    content = path.read_bytes()
    with runtime.database.writing() as session:
        sent = Sent("照片.zip", len(content), str(crc32(content)))
        record = arriving.begin(session, runtime.settings, school, sent, Kept(0, 0), runtime.engine.clock())
        arriving.write_piece(runtime.settings, record.id, 0, content)
        arriving.note_piece(session, record, 0, len(content))
        task_id = arriving.begin_work(session, school, record, runtime.engine.clock())
    background.KINDS[arriving.TASK] = look
    background.run_task(runtime, task_id)
    with runtime.database.reading() as session:
        good = len(session.scalars(items_query(record.id, [PhotoState.GOOD])).all())
    if good != PHOTOS:
        raise ValueError(f"{good} of {PHOTOS} photos were kept")
    return took[0]


def _kept(runtime: Runtime, work: Work, at_once: int) -> None:
    with runtime.database.reading() as session:
        record = session.get_one(PhotoImport, work.params["import"])
    path = arriving.zip_of(runtime.settings, record.id)
    list_photos(work, record, path)
    look_at_photos(runtime, work, record, path, at_once)


def _steps(runtime: Runtime, school: Actor) -> float:
    """How long the step of one photo takes, in seconds."""
    with runtime.database.reading() as session:
        last = session.scalars(select(PhotoImport.id).order_by(PhotoImport.id.desc()).limit(1)).one()
    began = perf_counter()
    for _ in range(STEPS // CHUNK):
        with runtime.database.writing() as session:
            items = session.scalars(items_query(last, [PhotoState.GOOD]).limit(CHUNK)).all()
            give_items(runtime.engine, session, school, items)
    return (perf_counter() - began) / STEPS


def _floor(files: Sequence[bytes]) -> None:
    for content in files:
        with Image.open(BytesIO(content)) as picture:
            picture.load()


def _candidates(runtime: Runtime, school: Actor) -> list[str]:
    """The id numbers of as many candidates as there are photos, whose processes run."""
    numbers = [id_number(f"32010220000{1 + at // 1000:01}01{at % 1000:03}") for at in range(PHOTOS)]
    about = {"kind": "院校考生", "name": "李测", "pinyin": "LI CE", "document": "居民身份证", "mobile": "13900000000"}
    with runtime.database.writing() as session:
        rows = [{**about, "id_number": one, "major": "软件技术", "level": "高职", "entry_year": 2025} for one in numbers]
        ids = store_candidates(session, school, rows, runtime.engine.clock())
        for first in range(0, len(ids), 500):
            subjects = Candidate.load_all(session, ids[first : first + 500])
            bulk_start.start_many(runtime.engine, session, school, "candidate", subjects)
    return numbers


def _photo(number: int) -> bytes:
    drawn = draw(number).picture
    noisy = Image.blend(drawn, Image.effect_noise(drawn.size, 60).convert("RGB"), 0.22)
    return next(content for quality in range(80, 101) if len(content := as_jpeg(noisy, quality)) >= _SIZE)


def _write(path: Path, contents: Sequence[bytes], numbers: Sequence[str], round_number: int) -> None:
    """A zip in which no photo is one that was kept before."""
    with ZipFile(path, "w", ZIP_STORED) as made:
        for at, number in enumerate(numbers):
            made.writestr(f"照片/{number}.jpg", _marked(contents[at % PEOPLE], round_number * PHOTOS + at))


def _marked(content: bytes, number: int) -> bytes:
    """The photo with a density of its own, which JFIF's head tells."""
    at = content.index(b"JFIF\0") + 7  # units, horizontal and vertical density follow the version
    density = (number % 60_000 + 1).to_bytes(2, "big")
    return content[: at + 1] + density + (number // 60_000 + 1).to_bytes(2, "big") + content[at + 5 :]
