"""Plays the scenarios beside a diagram, and finds the sequence flows that none of them takes.

A scenario is one transaction, which is rolled back at its end: scenarios do not see each other, and leave nothing behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.demo import load_demo
from domain.demo.books import SIZES, load_books
from domain.exams.photos import keep_photo
from domain.ground.base import Base
from domain.ground.database import Database, open_database
from domain.ground.errors import DomainError
from domain.ground.handling import BusinessError, External, Params, Permanent, Transient
from domain.ground.parties import SYSTEM, Actor, actor_named
from domain.ground.rows import read_all, read_one
from domain.ground.settings import Settings, read_settings
from domain.subjects import SUBJECTS
from forms import read_forms
from forms.checking import check
from handlers import HANDLERS
from jobs.calls import Here, call
from jobs.runtime import BPMN_FOLDER
from jobs.sandbox import COMPARE_MODES, MODES, Outside, make_server
from jobs.scenarios.files import EXPECTED, ScenarioFailed, read_scenarios
from jobs.scenarios.records import MEANWHILE, new_record
from jobs.scenarios.reports import Report, Shown
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import forget
from processes.deployment.deploying import deploy
from processes.diagrams.decisions import read_folder
from processes.engine import Engine
from processes.errors import FormInvalid, ProcessError
from processes.outside import answers, messages
from processes.rights import access
from processes.rows import InstanceRow, JobRow, TaskRow
from processes.states import JobState, TaskRowState
from processes.steps import acting, completing, starting


@dataclass
class _Play:
    session: Session
    definition: Definition
    now: datetime
    outside: Outside
    settings: Settings
    instance_id: int = 0
    subject_id: int = 0
    lines: list[str] = field(default_factory=list)
    """What the steps did, a sentence each."""
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(HANDLERS, SUBJECTS, check, lambda: self.now)

    @property
    def row(self) -> InstanceRow:
        if not self.instance_id:
            raise ScenarioFailed("流程还没有开始，请先写一步 do: new")
        return read_one(self.session, select(tables.instance).where(tables.instance.c.id == self.instance_id), InstanceRow)


def run_file(path: Path, database: Database | None = None) -> Report:
    """Plays `<key>.scenarios.yaml`, on a new temporary SQLite database where none (with its schema) is given."""
    diagram = path.with_name(path.name.replace(".scenarios.yaml", ".bpmn"))
    return run_text(diagram.read_bytes(), path.read_text(encoding="utf-8"), database)


def run_text(diagram: bytes, text: str, database: Database | None = None) -> Report:
    """Plays scenarios, written as YAML, on a diagram. Of the outside they call a sandbox on this machine alone, and they leave nothing
    behind.

    Raises:
        ScenarioFailed: the text is not made of scenarios.
        processes.errors.DiagramInvalid: the diagram cannot be deployed.
    """
    scenarios = read_scenarios(text)
    if database is not None:
        return _run(diagram, scenarios, database)
    with TemporaryDirectory() as folder:
        own = open_database(f"sqlite:///{folder}/scenarios.sqlite3")
        try:
            Base.metadata.create_all(own.engine)
            return _run(diagram, scenarios, own)
        finally:
            with own.reading() as session:
                forget(session)
            own.engine.dispose()


def _run(diagram: bytes, scenarios: Sequence[Mapping[str, Any]], database: Database) -> Report:
    # committed, unlike all that follows: definitions are cached by their id, which another one must never get
    with database.writing() as session:
        definition = deploy(session, Engine(HANDLERS, SUBJECTS, check), diagram, read_forms(), "scenarios", read_folder(BPMN_FOLDER))
    shown: list[Shown] = []
    taken: set[str] = set()
    with _sandbox() as (outside, settings):
        for scenario in scenarios:
            with database.writes() as session:
                play = _Play(session, definition, scenario["at"], outside, settings)
                failure = None
                try:
                    _play(play, scenario)
                    taken |= set(play.row.path)
                except (ScenarioFailed, ProcessError, DomainError) as error:
                    failure = str(error)
                finally:
                    session.rollback()
                shown.append(Shown(scenario["name"], tuple(play.lines), failure))
    return Report(tuple(shown), frozenset(taken), tuple(f for f in definition.flows if f not in taken))


@contextmanager
def _sandbox() -> Iterator[tuple[Outside, Settings]]:
    """The outside systems for one run, and the settings that lead to them."""
    server = make_server(0)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        with TemporaryDirectory() as home:
            own = {"SMS_URL": address, "COMPARE_URL": address, "SECRET_KEY": "scenarios" * 4, "PILOT_HOME": home}
            yield server.outside, read_settings(own)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _play(play: _Play, scenario: Mapping[str, Any]) -> None:
    load_demo(play.session, play.now)
    load_books(play.session, play.now, SIZES["small"])
    for number, line in enumerate(scenario["steps"], 1):
        where = f"第 {number} 步"
        problem: str | None = None
        try:
            with play.session.begin_nested():
                _do(play, line)
                for message_id in messages.due(play.session, play.now):  # messages that the step has sent arrive before the next step
                    messages.deliver(play.engine, play.session, message_id)
        except FormInvalid as error:
            problem = "；".join(message for _, message in error.problems)
        except (ProcessError, DomainError) as error:
            problem = str(error)
        refused = line.get("refused")
        if problem is not None and (refused is None or refused not in problem):
            raise ScenarioFailed(f"{where}被拒绝：{problem}")
        if problem is None and refused is not None:
            raise ScenarioFailed(f"{where}应被拒绝（{refused}），却成功了")
        play.lines.append(_sentence(play, where, line, problem))
        _expect(play, line.get("expect", {}), where)


def _sentence(play: _Play, where: str, line: Mapping[str, Any], problem: str | None) -> str:
    """What a step did, as a sentence."""
    if "time" in line:
        act = f"到 {line['time']:%Y-%m-%d %H:%M:%S}"
    elif "outside" in line:
        act = "外部系统应答"
    elif "meanwhile" in line:
        act = line["meanwhile"]
    else:
        name = line.get("outcome") or _name(play, line.get("element")) or {"new": "新建", "save": "保存"}.get(line["do"], line["do"])
        act = f"{line['as']} {name}"
    if problem is not None:
        return f"{where} {act}：被拒绝（{problem}）"
    if not play.instance_id:
        return f"{where} {act}"
    tasks = "、".join(row.name for row in _open_tasks(play))
    return f"{where} {act} → {play.row.status}" + (f"，待办：{tasks}" if tasks else "，没有待办")


def _name(play: _Play, element: str | None) -> str:
    found = play.definition.elements.get(element or "")
    return found.name if found is not None else element or ""


def _do(play: _Play, line: Mapping[str, Any]) -> None:
    if "time" in line:
        play.now = line["time"]
        if play.row.due_at is not None and play.row.due_at <= play.now:
            acting.tick(play.engine, play.session, play.instance_id)
        return
    if "outside" in line:
        _outside(play, line["outside"])
        return
    if "meanwhile" in line:
        _meanwhile(play, line["meanwhile"])
        return
    actor, act = _actor(play.session, line["as"]), line["do"]
    if line.get("proved", True) and actor is not SYSTEM:
        actor = replace(actor, proved_at=play.now)
    if act == "new":
        subject = new_record(play.definition.subject, play.session, actor, play.now, line.get("form", {}))
        instance_id, _ = starting.start(play.engine, play.session, actor, play.definition.key, subject)
        play.instance_id, play.subject_id = instance_id, subject.id
    elif act == "save":
        acting.save(play.engine, play.session, actor, play.instance_id, line["form"])
    elif act == "put":
        acting.put(play.engine, play.session, actor, play.instance_id, line["field"], _value(play, line["field"], str(line["value"])))
    elif act == "complete":
        task_id = _task_id(play, actor, line.get("task"))
        completing.complete(play.engine, play.session, actor, task_id, line["outcome"], line.get("form"), line.get("comment"))
    elif act == "act":
        acting.send(play.engine, play.session, actor, play.instance_id, line["element"], line.get("comment"))
    else:
        raise ScenarioFailed(f"不认识的动作 {act!r}")


def _value(play: _Play, field: str, value: str) -> str:
    """What a `put` gives to a field. A photo is kept first, with the value for its content."""
    its = access.fields_of(play.definition.record_schema).get(field, {})
    return keep_photo(play.settings.home, value.encode()) if its.get("x-widget") == "photo" else value


def _meanwhile(play: _Play, name: str) -> None:
    if name not in MEANWHILE:
        raise ScenarioFailed(f"不认识“{name}”，meanwhile 可用：{'、'.join(MEANWHILE)}")
    MEANWHILE[name](play.engine.subjects[play.definition.subject].load(play.session, play.subject_id), play.now, play.settings)
    play.session.flush()


def _task_id(play: _Play, actor: Actor, element: str | None) -> str:
    """The id of an element's newest task; without an element, of the open task or else the newest. Of a 会签 it is the actor's own."""
    table = tables.task
    mine = select(table).where(table.c.instance_id == play.instance_id)
    rows = read_all(play.session, mine.order_by(table.c.created_at, table.c.closed_at), TaskRow)  # of one moment: the one closed last
    rows = [r for r in rows if element in (None, r.element)]
    if not rows:
        raise ScenarioFailed(f"没有任务 {element or ''}")
    free = [r.id for r in rows if r.state == TaskRowState.OPEN and (r.vote_id is None or r.assignee_id in (None, actor.person_id))]
    return next(iter(free), rows[-1].id)


def _outside(play: _Play, mode: str) -> None:
    """Sends every pending job with its real client to the sandbox, which answers as `mode` says (`ok`, `refuse`, `fail`, …)."""
    if mode not in COMPARE_MODES:
        raise ScenarioFailed(f"外部系统没有 {mode!r} 这种表现，可用：{'、'.join(COMPARE_MODES)}")
    play.outside.mode, play.outside.compare = mode if mode in MODES else "ok", mode
    table = tables.job
    pending = select(table).where(table.c.instance_id == play.instance_id, table.c.state == JobState.PENDING)
    for job in read_all(play.session, pending, JobRow):
        handler = play.engine.handlers[job.handler]
        subject = play.engine.subjects[play.definition.subject].load(play.session, play.subject_id)
        if not isinstance(handler, External) or subject is None:
            raise ScenarioFailed(f"任务“{job.element}”不能对外执行")
        attempt = job.attempt + 1
        running = {"state": JobState.RUNNING, "attempt": attempt, "tries": job.tries + 1}
        play.session.execute(update(table).where(table.c.id == job.id).values(running))
        _call(play, job, handler, partial(handler.prepare, play.session, subject, job.params), attempt)


def _call(play: _Play, job: JobRow, handler: External[Any], prepare: Callable[[], Params], attempt: int) -> None:
    job_id = job.id
    try:
        payload = prepare()
        play.session.execute(update(tables.job).where(tables.job.c.id == job_id).values(payload=payload))
        result = call(job.handler, handler, payload, job_id, Here(play.settings, lambda: nullcontext(play.session), play.now))
    except BusinessError as error:
        answers.refuse(play.engine, play.session, job_id, attempt, error)
    except Transient as error:  # tried again at the scenario's next `outside`
        answers.fail(play.engine, play.session, job_id, attempt, str(error), play.now)
    except Permanent as error:
        answers.fail(play.engine, play.session, job_id, attempt, str(error), None)
    else:
        answers.answer(play.engine, play.session, job_id, attempt, result)


def _expect(play: _Play, expected: Mapping[str, Any], where: str) -> None:
    found: dict[str, object] = {}
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
            raise ScenarioFailed(f"{where}之后，{EXPECTED[name]}应为{_words(wanted)}，实为{_words(value)}")


def _words(value: object) -> str:
    """What was expected or found, as people read it: “待审核”, 是, 无, or “甲”、“乙”; buttons by account."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        return "；".join(f"{account} 有{_words(names)}" for account, names in value.items())
    return "、".join(f"“{one}”" for one in value) or "无" if isinstance(value, list) else f"“{value}”"


def _open_tasks(play: _Play) -> Sequence[TaskRow]:
    table = tables.task
    mine = select(table).where(table.c.instance_id == play.instance_id, table.c.state == TaskRowState.OPEN)
    return read_all(play.session, mine, TaskRow)


def _buttons(play: _Play, actor: Actor) -> list[str]:
    """Names of the buttons that an actor may press: outcomes of tasks and messages, but not those that open or edit."""
    names: list[str] = []
    for row in _open_tasks(play):
        own = row.vote_id is None or row.assignee_id in (None, actor.person_id)
        if own and row.role in actor.roles and row.party_id == actor.party_id:
            names += [outcome.name for outcome in play.definition.elements[row.element].outcomes]
    for wait in play.row.waits:
        if wait["role"] in actor.roles and wait["party_id"] == actor.party_id:
            names.append(play.definition.elements[wait["element"]].name)
    return names


def _actor(session: Session, account: str) -> Actor:
    if account == "system":
        return SYSTEM
    actor = actor_named(session, account)
    if actor is None:
        raise ScenarioFailed(f"没有账号 {account}")
    return actor
