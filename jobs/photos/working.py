"""The background task of a zip of photos: its photos are listed, looked at, kept, and given to candidates.

It begins where the states of the rows show, and does a chunk in a transaction: a worker that is killed doubles nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, cast

from sqlalchemy import JSON, Integer, String, Table, bindparam, func, insert, literal, select, update
from sqlalchemy.orm import Session

from domain.exams.photos import folder_of, take_photos
from domain.ground.parties import Actor
from domain.ground.values import values_table
from domain.platform.photo_imports import PhotoImport, PhotoImportState, PhotoItem, PhotoState, items_query, move, recount
from jobs import outbox
from jobs.photos.apart import AT_ONCE, RefusedArchive, Seen, entries_apart, photos_apart
from jobs.photos.archive import Entry
from jobs.photos.arriving import zip_of
from jobs.photos.giving import Owner, Whose, give, locked_owners_of, other_photos, owner_problem, owners_of, whose
from jobs.runtime import Runtime
from jobs.work import Overtaken, Work
from processes.engine import Engine

LOOKED = 200  # photos that are kept, and whose rows are written, together: some 0.3 s of work
LISTED = 1000  # rows that are added in one statement
ROWS = cast(Table, PhotoItem.__table__)
Named = Mapping[int, tuple[int, str | None]]
"""Place of an entry in the zip → number of its row, and what is wrong with its name."""
_NEW = {"number": Integer, "place": Integer, "name": String, "id_number": String, "state": String, "problem": String}


def run(runtime: Runtime, work: Work) -> None:
    """Does an import's task, from where an earlier attempt has come to its end.

    Raises:
        Overtaken: another task has gone on with the import since this one failed.
    """
    record = _load(work)
    if record.state == PhotoImportState.WORKING and record.task_id != work.task_id:
        raise Overtaken
    path = zip_of(runtime.settings, record.id)
    if record.total and work.total is None:  # earlier work was cancelled or failed: this is about what it left
        with work.database.reading() as session:
            left = items_query(record.id, [PhotoState.WAITING, PhotoState.GOOD]).order_by(None).subquery()
            total = session.scalar(select(func.count()).select_from(left))
        work.progress(0, total=total)
    if record.state == PhotoImportState.WORKING:
        try:
            if record.total == 0:
                list_photos(work, record, path)
            look_at_photos(runtime, work, record, path)
        except RefusedArchive as error:
            with work.database.writing() as session:
                move(session, record.id, [PhotoImportState.WORKING], state=PhotoImportState.REFUSED, problem=str(error))
                work.keep(session, 0, 0)
    give_photos(runtime, work, record)
    with work.database.writing() as session:
        recount(session, record.id)
        move(session, record.id, [PhotoImportState.WORKING], state=PhotoImportState.DONE, finished_at=work.clock())
        work.keep(session, work.done, work.failed)
    path.unlink(missing_ok=True)


def list_photos(work: Work, record: PhotoImport, path: Path) -> None:
    """Writes down the photos of a zip, all of them in one transaction; those of nobody are refused unseen.

    Raises:
        RefusedArchive: what is wrong with the zip.
    """
    if not path.exists():
        raise RefusedArchive("上传的文件已不存在，请重新上传")
    entries = entries_apart(path, partial(_renew, work))
    with work.database.writing() as session:
        meant = _meant(session, work, entries)
        for first in range(0, len(entries), LISTED):
            rows = [_row(number, one, meant[one.index]) for number, one in enumerate(entries[first : first + LISTED], first + 1)]
            new = values_table(session, rows, _NEW)
            values = [literal(record.id), *(new.c[name] for name in _NEW)]
            session.execute(insert(ROWS).from_select(["import_id", *_NEW], select(*values), include_defaults=False))
        recount(session, record.id)
        work.keep(session, 0, sum(not one.somebodys for one in meant.values()), len(entries))


def _meant(session: Session, work: Work, entries: Sequence[Entry]) -> dict[int, Whose]:
    """Whose each entry is, by its place in the directory."""
    owners = owners_of(session, work.actor, [number for one in entries if one.problem is None for number in (one.number, *one.inside)])
    return {
        one.index: whose(owners, one.number, one.inside) if one.problem is None else Whose(one.number, one.problem, False)
        for one in entries
    }


def _row(number: int, entry: Entry, meant: Whose) -> dict[str, Any]:
    """A row; of one that waits its `problem` is what is wrong with its name."""
    state = PhotoState.WAITING if meant.somebodys else PhotoState.REFUSED
    about = {"id_number": meant.number, "state": state, "problem": meant.problem}
    return {"number": number, "place": entry.index, "name": entry.name, **about}


def look_at_photos(runtime: Runtime, work: Work, record: PhotoImport, path: Path, at_once: int = AT_ONCE) -> None:
    """Looks at the photos that nobody has looked at yet, and keeps the good ones and the crops that would mend others."""
    with work.database.reading() as session:
        waiting = select(ROWS.c.place, ROWS.c.number, ROWS.c.problem).where(
            ROWS.c.import_id == record.id, ROWS.c.state == PhotoState.WAITING
        )
        named: Named = {place: (number, problem) for place, number, problem in session.execute(waiting.order_by(ROWS.c.number))}
    if not named:
        return
    home = runtime.settings.home
    with _folder(home, work) as folder, ThreadPoolExecutor(1) as disk:
        looking = photos_apart(path, folder, list(named), record.ground, at_once, partial(_renew, work))
        with closing(cast("Any", looking)):
            keeping: tuple[list[tuple[int, Seen]], Future[dict[Path, str]]] | None = None
            while seen := list(islice(looking, LOOKED)):
                kept = disk.submit(_kept, home, seen)  # the next ones are looked at while the disk writes these
                if keeping is not None:
                    _note(work, record, named, *keeping)
                keeping = seen, kept
            if keeping is not None:
                _note(work, record, named, *keeping)


def _kept(home: Path, seen: Sequence[tuple[int, Seen]]) -> dict[Path, str]:
    files = [file for _, one in seen for file in (one.kept, one.preview, one.source) if file is not None]
    return dict(zip(files, take_photos(home, files), strict=True))


def _note(work: Work, record: PhotoImport, named: Named, seen: Sequence[tuple[int, Seen]], kept: Future[dict[Path, str]]) -> None:
    """Writes down what was seen, once its pictures are kept."""
    hashes = kept.result()
    rows = [_result(hashes, *named[place], one) for place, one in seen]
    with work.database.writing() as session:
        _write(session, record.id, rows)
        failed = sum(row["new_state"] != PhotoState.GOOD for row in rows)
        work.keep(session, work.done, work.failed + failed)


def _result(hashes: Mapping[Path, str], number: int, misnamed: str | None, seen: Seen) -> dict[str, Any]:
    """What a row says of a photo that was looked at, once its pictures are kept. `misnamed`: what is wrong with its name."""
    photo, preview, source = (None if file is None else hashes[file] for file in (seen.kept, seen.preview, seen.source))
    state = PhotoState.GOOD if seen.problem is None else PhotoState.MENDABLE
    if photo is None:
        state = PhotoState.REFUSED
    elif misnamed is not None:
        state = PhotoState.MISNAMED
    problem = "；".join(one for one in (misnamed, seen.problem) if one is not None) or None
    width, height = seen.size or (None, None)
    about = {"new_state": state, "new_problem": problem, "new_photo": photo, "new_preview": preview, "new_source": source}
    return {
        "row": number,
        **about,
        "new_box": None if seen.box is None else [*seen.box],
        "new_width": width,
        "new_height": height,
        "new_least": seen.least,
    }


def _write(session: Session, import_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    names = ("state", "problem", "photo", "preview", "box", "width", "height", "source", "least")
    one = update(ROWS).where(ROWS.c.import_id == import_id, ROWS.c.number == bindparam("row"))
    values = {name: bindparam(f"new_{name}", type_=JSON(none_as_null=True) if name == "box" else None) for name in names}
    session.connection().execute(one.values(values), [*rows])


def give_photos(runtime: Runtime, work: Work, record: PhotoImport) -> None:
    """Gives the good photos to their candidates, a few in a transaction."""
    while True:
        with work.database.writing() as session:
            # locked: of two tasks that give photos of one import, such as crops and replacements, each gives what the other does not
            items = session.scalars(items_query(record.id, [PhotoState.GOOD]).limit(work.chunk).with_for_update()).all()
            if not items:
                return
            jobs, given = give_items(runtime.engine, session, work.actor, items)
            work.keep(session, work.done + given, work.failed + len(items) - given)
        outbox.hand_out(runtime.settings.redis_url, jobs)
        work.give_way()


def give_items(engine: Engine, session: Session, actor: Actor, items: Sequence[PhotoItem]) -> tuple[list[str], int]:
    """Gives some photos, and writes down what became of each. Returns the jobs to hand out, and how many were given."""
    owners = locked_owners_of(session, actor, [item.id_number for item in items])
    # copied: a savepoint that fails expires the rows
    chosen = [(item.import_id, item.number, item.id_number, item.photo or "", item.earlier) for item in items]
    chosen.sort(key=lambda one: min((owner.instance_id or 0 for owner in owners.get(one[2], ())), default=0))
    jobs: list[str] = []
    given = 0
    for import_id, number, id_number, photo, agreed in chosen:
        its = owners.get(id_number, ())
        values, more = _given(engine, session, actor, its, id_number, photo, agreed)
        session.execute(update(ROWS).where(ROWS.c.import_id == import_id, ROWS.c.number == number).values(values))
        jobs += more
        if values["state"] == PhotoState.GIVEN:
            owners[id_number] = [replace(one, photo=photo) for one in its]  # another photo of theirs may follow
            given += 1
    return jobs, given


def _given(
    engine: Engine, session: Session, actor: Actor, its: Sequence[Owner], id_number: str, photo: str, agreed: str | None
) -> tuple[dict[str, Any], list[str]]:
    """Gives one photo, or asks where it would replace another one than the one that people have `agreed` to replace.

    Returns: what the row says afterwards, and the jobs to hand out.
    """
    if problem := owner_problem(its, id_number):  # they may have been deleted meanwhile
        return {"state": PhotoState.REFUSED, "problem": problem, "candidate_id": None}, []
    before = next((one.photo for one in its if one.photo is not None), None)
    others = other_photos(session, actor, its, photo, engine.clock())
    if others and others[0].photo != agreed:
        has, _, jobs = give(engine, session, actor, [one for one in its if one not in others], photo)
        about = {"problem": None, "earlier": others[0].photo, "candidate_id": has or others[0].id}
        return {"state": PhotoState.ASKING, **about}, jobs
    has, refusal, jobs = give(engine, session, actor, its, photo)
    state = PhotoState.REFUSED if has is None else PhotoState.GIVEN
    earlier = others[0].photo if others else before
    return {"state": state, "problem": refusal, "candidate_id": has, "earlier": None if has is None else earlier}, jobs


def _load(work: Work) -> PhotoImport:
    with work.database.reading() as session:
        return session.get_one(PhotoImport, work.params["import"])


def _renew(work: Work) -> None:
    """Renews the lease while a zip is read; ends the reading where the task was cancelled."""
    work.progress(work.done, work.failed)


@contextmanager
def _folder(home: Path, work: Work) -> Iterator[Path]:
    """Where confined processes put what they have decoded: of this attempt alone, on the disk where photos are kept."""
    folder = folder_of(home) / f"new-{work.task_id}-{work.attempt}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
