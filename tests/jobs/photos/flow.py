"""Takes a zip through the steps of an import, as views and workers do; and the candidates whose photos are in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import begin_pilots
from domain.demo.numbers import id_number
from domain.exams.candidates import Candidate, new_candidate
from domain.platform.budgets import Kept
from domain.platform.photo_imports import PhotoImport, PhotoItem, items_query
from jobs import background, leases, outbox
from jobs.photos import arriving
from jobs.photos.arriving import Sent
from processes import tables
from processes.outside import answers
from processes.steps import acting, starting
from tests.conftest import World
from tests.domain.exams.pupils import PUPIL


def number(at: int) -> str:
    """The id number of a made-up pupil."""
    return id_number(f"32010220000101{at:03}")


def pupils(world: World, numbers: Iterable[str], account: str = "school1", **changes: str) -> list[int]:
    """Ids of new candidates of a school, whose processes run."""
    made = []
    with world.runtime.database.writing() as session:
        actor = world.actor(account)
        for one in numbers:
            candidate = new_candidate(session, actor, world.clock(), {**PUPIL, "id_number": one, **changes})
            starting.start(world.runtime.engine, session, actor, "candidate", candidate)
            made.append(candidate.id)
    return made


def send(world: World, path: Path, account: str = "school1", ground: str = "红") -> int:
    """Uploads a zip and begins the work on it. Returns the import's id."""
    runtime, actor, now = world.runtime, world.actor(account), world.clock()
    content = path.read_bytes()
    with runtime.database.writing() as session:
        sent = Sent("照片.zip", len(content), str(len(content)), ground)
        record = arriving.begin(session, runtime.settings, actor, sent, Kept(0, 0), now)
        arriving.write_piece(runtime.settings, record.id, 0, content)
        assert arriving.note_piece(session, record, 0, len(content)) == len(content)
        arriving.begin_work(session, actor, record, now)
        return record.id


def work(world: World, import_id: int) -> None:
    """Does what waits in the background."""
    assert background.run_task(world.runtime, record(world, import_id).task_id or 0)


def bring(world: World, path: Path, account: str = "school1", ground: str = "红") -> int:
    """Uploads a zip and takes it in. Returns the import's id."""
    import_id = send(world, path, account, ground)
    work(world, import_id)
    return import_id


def record(world: World, import_id: int) -> PhotoImport:
    with world.runtime.database.reading() as session:
        return session.get_one(PhotoImport, import_id)


def items(world: World, import_id: int) -> list[PhotoItem]:
    """All photos of an import, in the order of the zip."""
    with world.runtime.database.reading() as session:
        return list(session.scalars(items_query(import_id, list(PhotoItem.__table__.c.state.type.enum_class))))  # type: ignore[attr-defined]


def states(world: World, import_id: int) -> list[tuple[str, str | None]]:
    """(state, reason) of each photo."""
    return [(one.state.value, one.problem) for one in items(world, import_id)]


def candidates(world: World) -> dict[int, tuple[str, str | None]]:
    """Id → (status, photo) of all candidates."""
    with world.runtime.database.reading() as session:
        return {row.id: (row.status, row.photo) for row in session.scalars(select(Candidate))}


def accurate(world: World, candidate_id: int) -> None:
    """Takes a candidate with a photo through a comparison that finds the person."""
    with world.runtime.database.writing() as session:
        find = select(tables.instance.c.id).where(tables.instance.c.key == "candidate", tables.instance.c.subject_id == candidate_id)
        (job,) = acting.send(world.runtime.engine, session, world.actor("school1"), session.scalars(find).one(), "waiting")
        assert leases.claim(session, outbox.LEASED, job, world.clock(), outbox.LEASE)
    with world.runtime.database.writing() as session:
        answers.answer(world.runtime.engine, session, job, 1, {})


def ask_for_blue(world: World) -> None:
    """A certificate that school1 pilots asks for photos on blue."""
    with world.runtime.database.writing() as session:
        owner = world.actor("organization1").party_id
        certificate = Certificate(code="99991", name="蓝底证书", grade="初级", party_id=owner, description="", ground="蓝")
        session.add(certificate)
        session.flush()
        begin_pilots(session, world.actor("school1").party_id, [certificate.id], world.clock())
