"""Runs the scenarios that lie beside a diagram, and says which sequence flows none of them takes.

A scenario is one transaction that is rolled back at the end: scenarios do not see each other, and nothing stays behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.base import SHANGHAI, Base
from domain.database import Database, open_database
from domain.demo import load_demo
from domain.demo.books import SIZES, load_books
from domain.errors import DomainError
from domain.handling import BusinessError, External, Permanent, Transient
from domain.parties import Actor, Person, actor_of
from domain.reports import new_report
from domain.settings import Settings, read_settings
from domain.site_standards import new_site_standard
from domain.skill_standards import new_skill_standard
from domain.subjects import SUBJECTS
from forms import read_forms
from forms.checking import check
from handlers import HANDLERS
from jobs.sandbox import MODES, Outside, make_server
from processes import answers, steps, tables
from processes.definitions import Definition, deploy
from processes.engine import Engine
from processes.errors import FormInvalid, ProcessError

CREATE: dict[str, Callable[[Session, Actor, datetime], Any]] = {  # how `do: new` makes a record of each type
    "weekly_report": new_report,
    "skill_standard": new_skill_standard,
    "site_standard": new_site_standard,
}


class ScenarioFailed(Exception):
    """A scenario did not go as written; the message says at which step."""


@dataclass(frozen=True)
class Report:
    """What a scenario file showed."""

    passed: tuple[str, ...]
    failures: tuple[str, ...]
    flows_not_taken: tuple[str, ...]


@dataclass
class _Play:
    session: Session
    definition: Definition
    now: datetime
    outside: Outside
    settings: Settings
    instance_id: int = 0
    subject_id: int = 0
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(HANDLERS, SUBJECTS, check, lambda: self.now)

    @property
    def row(self) -> Any:
        return self.session.execute(select(tables.instance).where(tables.instance.c.id == self.instance_id)).one()


def run_file(path: Path, database: Database | None = None) -> Report:
    """Runs `<key>.scenarios.yaml`; on a fresh temporary SQLite where no database (with its schema) is given."""
    if database is not None:
        return _run(path, database)
    with TemporaryDirectory() as folder:
        own = open_database(f"sqlite:///{folder}/scenarios.sqlite3")
        try:
            Base.metadata.create_all(own.engine)
            return _run(path, own)
        finally:
            own.engine.dispose()


def _run(path: Path, database: Database) -> Report:
    diagram = path.with_name(path.name.replace(".scenarios.yaml", ".bpmn"))
    scenarios = yaml.safe_load(path.read_text(encoding="utf-8"))
    # committed, unlike all that follows: definitions are cached by their id, which must not be given out twice
    with database.writing() as session:
        definition = deploy(session, Engine(HANDLERS, SUBJECTS, check), diagram.read_bytes(), read_forms(), "scenarios")
    passed: list[str] = []
    failures: list[str] = []
    taken: set[str] = set()
    with _sandbox() as (outside, settings):
        for scenario in scenarios:
            with database.writes() as session:
                try:
                    taken |= _play(_Play(session, definition, _moment(scenario["at"]), outside, settings), scenario)
                except (ScenarioFailed, ProcessError, DomainError) as error:
                    failures.append(f"{scenario['name']}：{error}")
                else:
                    passed.append(scenario["name"])
                finally:
                    session.rollback()
    return Report(tuple(passed), tuple(failures), tuple(f for f in definition.flows if f not in taken))


@contextmanager
def _sandbox() -> Iterator[tuple[Outside, Settings]]:
    """The outside systems for one run, and the settings that lead to them."""
    server = make_server(0)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        settings = read_settings({"SMS_URL": f"http://127.0.0.1:{server.server_address[1]}", "SECRET_KEY": "scenarios" * 4})
        yield server.outside, settings
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _play(play: _Play, scenario: Mapping[str, Any]) -> set[str]:
    load_demo(play.session, play.now)
    load_books(play.session, play.now, SIZES["small"])
    for number, line in enumerate(scenario["steps"], 1):
        where = f"第 {number} 步"
        problem: str | None = None
        try:
            with play.session.begin_nested():
                _do(play, line)
        except FormInvalid as error:
            problem = "；".join(message for _, message in error.problems)
        except (ProcessError, DomainError) as error:
            problem = str(error)
        refused = line.get("refused")
        if problem is not None and (refused is None or refused not in problem):
            raise ScenarioFailed(f"{where}被拒绝：{problem}")
        if problem is None and refused is not None:
            raise ScenarioFailed(f"{where}应被拒绝（{refused}），却成功了")
        _expect(play, line.get("expect", {}), where)
    return set(play.row.path)


def _do(play: _Play, line: Mapping[str, Any]) -> None:
    if "time" in line:
        play.now = _moment(line["time"])
        if play.row.due_at is not None and play.row.due_at <= play.now:
            steps.tick(play.engine, play.session, play.instance_id)
        return
    if "outside" in line:
        _outside(play, line["outside"])
        return
    actor, act = _actor(play.session, line["as"]), line["do"]
    if act == "new":
        subject = CREATE[play.definition.subject](play.session, actor, play.now)
        instance_id, _ = steps.start(play.engine, play.session, actor, play.definition.key, subject)
        play.instance_id, play.subject_id = instance_id, subject.id
    elif act == "save":
        steps.save(play.engine, play.session, actor, play.instance_id, line["form"])
    elif act == "complete":
        task_id = _task_id(play, line.get("task"))
        steps.complete(play.engine, play.session, actor, task_id, line["outcome"], line.get("form"), line.get("comment"))
    elif act == "act":
        steps.send(play.engine, play.session, actor, play.instance_id, line["element"], line.get("comment"))
    else:
        raise ScenarioFailed(f"不认识的动作 {act!r}")


def _task_id(play: _Play, element: str | None) -> str:
    """The newest task of an element, open or not; without an element the open one, else the newest."""
    table = tables.task
    rows = play.session.execute(select(table).where(table.c.instance_id == play.instance_id).order_by(table.c.created_at)).all()
    rows = [r for r in rows if element in (None, r.element)]
    if not rows:
        raise ScenarioFailed(f"没有任务 {element or ''}")
    found: str = next((r.id for r in rows if r.state == "open"), rows[-1].id)
    return found


def _outside(play: _Play, mode: str) -> None:
    """Sends every pending job with its real client to the sandbox, which answers as `mode` says (`ok`, `refuse`, `fail`)."""
    if mode not in MODES:
        raise ScenarioFailed(f"外部系统没有 {mode!r} 这种表现，可用：{'、'.join(MODES)}")
    play.outside.mode = mode
    table = tables.job
    pending = select(table).where(table.c.instance_id == play.instance_id, table.c.state == "pending")
    for job in play.session.execute(pending).all():
        handler = play.engine.handlers[job.handler]
        subject = play.engine.subjects[play.definition.subject].load(play.session, play.subject_id)
        if not isinstance(handler, External) or subject is None:
            raise ScenarioFailed(f"任务“{job.element}”不能对外执行")
        payload = handler.prepare(play.session, subject, job.params)
        attempt = job.attempt + 1
        running = {"state": "running", "attempt": attempt, "tries": job.tries + 1, "payload": payload}
        play.session.execute(update(table).where(table.c.id == job.id).values(running))
        _call(play, handler, payload, job.id, attempt)


def _call(play: _Play, handler: External, payload: dict[str, Any], job_id: str, attempt: int) -> None:
    try:
        result = handler.call(payload, job_id, play.settings)
    except BusinessError as error:
        answers.refuse(play.engine, play.session, job_id, attempt, error)
    except Transient as error:  # tried again at the scenario's next `outside`
        answers.fail(play.engine, play.session, job_id, attempt, str(error), play.now)
    except Permanent as error:
        answers.fail(play.engine, play.session, job_id, attempt, str(error), None)
    else:
        answers.answer(play.engine, play.session, job_id, attempt, result)


def _expect(play: _Play, expected: Mapping[str, Any], where: str) -> None:
    found: dict[str, Any] = {}
    if "status" in expected:
        found["status"] = play.row.status
    if "tone" in expected:
        found["tone"] = play.row.tone
    if "ended" in expected:
        found["ended"] = play.row.ended_at is not None
    if "tasks" in expected:
        found["tasks"] = sorted(row.name for row in _open_tasks(play))
    if "buttons" in expected:
        found["buttons"] = {account: sorted(_buttons(play, _actor(play.session, account))) for account in expected["buttons"]}
    for name, value in found.items():
        wanted = expected[name]
        if name == "tasks":
            wanted = sorted(wanted)
        if name == "buttons":
            wanted = {account: sorted(names) for account, names in wanted.items()}
        if value != wanted:
            raise ScenarioFailed(f"{where}之后 {name} 应为 {wanted}，实为 {value}")


def _open_tasks(play: _Play) -> list[Any]:
    table = tables.task
    return list(play.session.execute(select(table).where(table.c.instance_id == play.instance_id, table.c.state == "open")).all())


def _buttons(play: _Play, actor: Actor) -> list[str]:
    """The outcomes and messages that an actor may choose; opening and editing are not among them."""
    names: list[str] = []
    for row in _open_tasks(play):
        if row.role in actor.roles and row.party_id == actor.party_id:
            names += [outcome.name for outcome in play.definition.elements[row.element].outcomes]
    for wait in play.row.waits:
        if wait["role"] in actor.roles and wait["party_id"] == actor.party_id:
            names.append(play.definition.elements[wait["element"]].name)
    return names


def _actor(session: Session, account: str) -> Actor:
    person_id = session.scalars(select(Person.id).where(Person.account == account)).one()
    actor = actor_of(session, person_id)
    if actor is None:
        raise ScenarioFailed(f"没有账号 {account}")
    return actor


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment
