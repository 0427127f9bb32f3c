"""Makes the home that is kept of a release: its demonstration, made small, with instances at interesting places.

It runs with the release's own code and interpreter, from the release's folder, so it finds what it needs by the names under which
releases have had it. README.md beside it says how.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
import sys
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path.cwd()))
sys.path.append(str(Path(__file__).parent))

import drawing  # beside this file; the product is the release's
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

NOON = datetime.fromisoformat("2026-11-25T12:00:00+08:00")  # a Wednesday; its week ends on 2026-11-30 00:00
WEEK = timedelta(weeks=1)
PROOF_KEY = "cHJvb2ZzIG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgISE="  # of the tests (tests/conftest.py), where the proofs of a kept home must hold
ANSWERS: dict[str, Any] = {
    "contact": "张文",
    "mobile": "13900000000",
    "summary": "本周完成培训",
    "lines": [{"certificate": "Web前端开发", "trained": 30}],
}


def named(name: str, *modules: str) -> Any:
    """What a release calls `name`, in the first of the modules that has it.

    Raises:
        LookupError: none has.
    """
    for module in modules:
        try:
            found = import_module(module)
        except ModuleNotFoundError:
            continue
        if hasattr(found, name):
            return getattr(found, name)
    raise LookupError(f"{name} is in none of {', '.join(modules)}")


start = named("start", "processes.steps.starting", "processes.steps")
complete = named("complete", "processes.steps.completing", "processes.steps")
send = named("send", "processes.steps.acting", "processes.steps")
save = named("save", "processes.steps.acting", "processes.steps")
tick = named("tick", "processes.steps.acting", "processes.steps")
verify = named("verify", "processes.monitor.verify", "processes.verify")
tables = import_module("processes.tables")
runtimes = import_module("jobs.runtime")
outbox = import_module("jobs.outbox")
Engine = named("Engine", "processes.engine")
Transient = named("Transient", "domain.ground.handling", "domain.handling")
Permanent = named("Permanent", "domain.ground.handling", "domain.handling")
actor_of = named("actor_of", "domain.ground.parties", "domain.parties")
Person = named("Person", "domain.ground.parties", "domain.parties")
Settings = named("Settings", "domain.ground.settings", "domain.settings")
ReportingPeriod = named("ReportingPeriod", "domain.weekly.periods", "domain.reports")
WeeklyReport = named("WeeklyReport", "domain.weekly.reports", "domain.reports")
new_report = named("new_report", "domain.weekly.reports", "domain.reports")


class Killed(BaseException):
    """As near to the kill of a worker as one process comes."""


@dataclass
class Outside:
    """The SMS gateway, as each job finds it."""

    mood: str = "ok"

    def call(self, payload: dict[str, Any], key: str, settings: Any) -> dict[str, Any]:
        """Answers, or fails, as the mood says."""
        if self.mood == "away":
            raise Transient("短信平台没有应答")
        if self.mood == "refuses":
            raise Permanent("短信平台拒绝发送（400）")
        if self.mood == "kills":
            raise Killed
        return {}


class Home:
    """A release at work, with a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.outside = Outside()
        nowhere = "127.0.0.1:1"
        (folder / "proof_keys").touch(0o600)  # where releases since schema 0030 look for it
        (folder / "proof_keys").write_text(PROOF_KEY)
        settings = Settings(folder, f"sqlite:///{folder}/pilot.sqlite3", f"redis://{nowhere}/0", f"http://{nowhere}", "x" * 32, False, 8000)
        self.runtime = runtimes.build(settings, lambda: self.now)
        old = self.runtime.engine
        handlers = {**old.handlers, "sms.notify": replace(old.handlers["sms.notify"], call=self.outside.call)}
        self.engine = Engine(handlers, old.subjects, old.check, old.clock)
        self.runtime = replace(self.runtime, engine=self.engine)
        self.situations: dict[str, int] = {}
        self.periods = 0

    def prepare(self) -> None:
        """Schema, the release's diagrams, its demonstration made small."""
        runtimes.migrate(self.runtime)
        runtimes.deploy_all(self.runtime)
        _small_demonstration(self.runtime, self.now)
        with self.runtime.database.reading() as session:
            people = session.execute(select(Person.account, Person.id)).all()
            self.actors = {account: actor_of(session, id) for account, id in people}

    def draw(self, schema: str, folder: Path) -> set[str]:
        """Deploys the small diagrams that a release with this schema can run. Returns their keys."""
        known = {key: one for key, one in drawing.DRAWINGS.items() if one.since <= schema}
        for key, one in known.items():
            (folder / f"{key}.bpmn").write_text(one.xml, encoding="utf-8")
            for name, xml in one.decisions.items():
                (folder / name).write_text(xml, encoding="utf-8")
        for key in known:
            runtimes.deploy_file(self.runtime, folder / f"{key}.bpmn", "郑工")
        return set(known)

    def do(self, step: Callable[..., Any], account: str, *arguments: Any, **more: Any) -> Any:
        """One step of a person, in a transaction of its own."""
        with self.runtime.database.writing() as session:
            return step(self.engine, session, self.actors[account], *arguments, **more)

    def begin(self, situation: str, key: str, account: str = "school1") -> int:
        """Starts a small diagram about a report of a week of its own, long before the others."""
        with self.runtime.database.writing() as session:
            actor = self.actors[account]
            self.periods += 1
            ends = NOON.replace(hour=0) - timedelta(days=NOON.weekday()) - (4 + self.periods) * WEEK
            year, week, _ = (ends - WEEK).isocalendar()
            period = ReportingPeriod(
                province_id=actor.province_id,
                cycle="周",
                label=f"{year}年第{week}周",
                starts_at=ends - WEEK,
                ends_at=ends,
                reminder_hours=24,
            )
            session.add(period)
            session.flush()
            report = WeeklyReport(
                period_id=period.id, party_id=actor.party_id, author_id=actor.person_id, data=ANSWERS, created_at=self.now
            )
            session.add(report)
            session.flush()
            report = WeeklyReport.load(session, report.id)
            self.situations[situation] = start(self.engine, session, actor, key, report)[0]
        return self.situations[situation]

    def report(self, situation: str, account: str, weeks: int = 0) -> int:
        """Starts the product's own weekly report, so many weeks ago."""
        self.now = NOON - weeks * WEEK
        with self.runtime.database.writing() as session:
            report = new_report(session, self.actors[account], self.now)
            self.situations[situation] = start(self.engine, session, self.actors[account], "weekly_report", report)[0]
        return self.situations[situation]

    def tasks(self, instance: int, element: str | None = None, state: str = "open") -> list[Any]:
        """Task rows, the oldest first."""
        table = tables.task
        query = select(table).where(table.c.instance_id == instance, table.c.state == state).order_by(table.c.created_at, table.c.element)
        with self.runtime.database.reading() as session:
            return [row for row in session.execute(query) if element in (None, row.element)]

    def act(self, account: str, instance: int, outcome: str = "提交", element: str | None = None, **more: Any) -> None:
        """Completes the first open task of an instance that the person may have."""
        actor = self.actors[account]
        mine = [t for t in self.tasks(instance, element) if t.party_id == actor.party_id and t.assignee_id in (None, actor.person_id)]
        self.do(complete, account, mine[0].id, outcome, more.get("answers"), more.get("comment"))

    def typed(self, account: str, instance: int, answers: dict[str, Any]) -> None:
        """Keeps what a person has typed into the form of a weekly report and not saved."""
        save_draft = named("save_draft", "processes.tasks.drafts", "processes.drafts", "processes.inbox")
        folder = "weekly_report" if find_spec("forms.lists") else "weekly"  # so the first release named its forms
        with self.runtime.database.writing() as session:
            record = session.scalar(select(tables.instance.c.subject_id).where(tables.instance.c.id == instance))
            save_draft(session, self.actors[account], f"{folder}/{record}", answers, self.now)

    def work(self, instance: int, mood: str) -> None:
        """A worker takes the first job of an instance that is to be handed out, and finds the gateway in some mood."""
        self.outside.mood = mood
        table = tables.job
        with self.runtime.database.reading() as session:
            query = select(table.c.id).where(table.c.instance_id == instance, table.c.state == "pending").order_by(table.c.id)
            job_id = session.scalars(query).first()
        try:
            outbox.run_job(self.runtime, job_id)
        except Killed:
            return

    def pass_time(self, instance: int, **length: float) -> None:
        """Lets time pass for one instance, and its timers act."""
        self.now += timedelta(**length)
        with self.runtime.database.writing() as session:
            tick(self.engine, session, instance)


def _small_demonstration(runtime: Any, now: datetime) -> None:
    """The release's own demonstration with few schools, certificates and weeks, and without the reports that are made here."""
    people = import_module("domain.demo")
    set_periods = people.set_periods
    people.set_periods = lambda session, actor, cycle, first, last, hours: set_periods(
        session, actor, cycle, first, (now + WEEK).date(), hours
    )
    try:
        sizes, size = named("SIZES", "domain.demo.books"), named("Size", "domain.demo.books")
    except LookupError:
        with runtime.database.writing() as session:
            people.load_demo(session, now)
        return
    loading = import_module(named("load", "jobs.demo.loading", "jobs.demo").__module__)
    loading.PLAYED = 1  # schools with a seal
    with suppress(LookupError):  # the first releases show no work under way
        work = import_module(named("play", "jobs.demo.work", "jobs.demo_work").__module__)
        work.REPORTS, work.TEACHERS = (), (("school1", 2),)
    sizes["small"] = size(2, 2, 6, 4)
    loading.load(runtime, "small")


def weekly(home: Home) -> None:
    """The product's own weekly report, everywhere it can stand."""
    one = home.report("ended", "school1", 4)
    home.act("school1", one, answers=ANSWERS)
    home.work(one, "ok")
    home.act("province1", one, "审核通过")
    one = home.report("overdue", "school2", 4)
    home.act("school2", one, answers=ANSWERS)
    home.act("province1", one, "审核退回", comment="请补充")
    home.pass_time(one, days=14)
    one = home.report("incident", "school3", 4)
    home.act("school3", one, answers=ANSWERS)
    home.work(one, "refuses")
    one = home.report("deleted", "school1", 3)
    home.do(send, "school1", one, "delete_draft")
    one = home.report("expired", "school2", 3)
    home.do(save, "school2", one, ANSWERS)
    home.pass_time(one, days=7)
    one = home.report("returned", "school1", 1)
    home.act("school1", one, answers=ANSWERS)
    home.now = NOON - timedelta(days=1)
    home.act("province1", one, "审核退回", comment="人数不对")
    one = home.report("draft", "school1")
    home.do(save, "school1", one, {**ANSWERS, "summary": "草稿"})
    home.typed("school1", one, {**ANSWERS, "summary": "没有保存的草稿"})
    one = home.report("reviewing", "school2")
    home.act("school2", one, answers=ANSWERS)
    one = home.report("sending", "school3")
    home.act("school3", one, answers=ANSWERS)
    home.work(one, "kills")
    one = home.report("withdrawn", "school3", 1)
    home.act("school3", one, answers=ANSWERS)
    home.do(send, "school3", one, "withdraw")
    home.now = NOON


def core(home: Home) -> None:
    """Joins, timers and jobs on the main path."""
    one = home.begin("joining", "kept_parallel")
    home.act("school1", one, element="a")
    one = home.begin("timer", "kept_timer")
    home.act("school1", one)
    one = home.begin("timer not begun", "kept_timer", "school2")
    one = home.begin("job waiting", "kept_asking")
    home.act("school1", one)
    one = home.begin("job retrying", "kept_asking", "school2")
    home.act("school2", one)
    home.work(one, "away")
    one = home.begin("job failed", "kept_asking", "school3")
    home.act("school3", one)
    home.work(one, "refuses")


def events(home: Home) -> None:
    """Subprocesses, called diagrams, event gateways, timers that repeat."""
    one = home.begin("subprocess", "kept_subprocess")
    home.act("province1", one, element="a")
    one = home.begin("subprocess over", "kept_subprocess", "school2")
    home.act("province1", one, element="a")
    home.pass_time(one, days=5)
    home.now = NOON
    one = home.begin("event subprocess waiting", "kept_event_subprocess")
    one = home.begin("event subprocess", "kept_event_subprocess", "school2")
    home.do(send, "school2", one, "s")
    one = home.begin("called diagram", "kept_calling")
    home.act("province1", one)
    one = home.begin("inclusive", "kept_choosing")
    home.act("school1", one, "全部")
    home.act("province1", one, element="x")
    one = home.begin("event gateway", "kept_choosing", "school2")
    home.act("school2", one, "一个")
    home.act("province1", one, element="y")
    home.now = NOON - timedelta(days=1)
    one = home.begin("timer repeating", "kept_reminding")
    home.pass_time(one, days=1)
    home.now = NOON


def handing_over(home: Home) -> None:
    """加签, 委派, 转办, 退回, 撤回."""
    ask = named("ask", "processes.tasks.opinions", "processes.opinions")
    transfer = named("transfer", "processes.tasks.assigning", "processes.assigning")
    other = home.actors["province1b"].person_id
    for situation, kind in (("opinion before", "before"), ("delegated", "delegate"), ("opinion after", "after")):
        one = home.begin(situation, "kept_steps")
        home.act("school1", one)
        home.do(ask, "province1", home.tasks(one)[0].id, kind, other, "请看")
    home.act("province1", one, element="b")  # it has an outcome, and waits to be confirmed
    one = home.begin("transferred", "kept_steps")
    home.act("school1", one)
    home.do(transfer, "province1", home.tasks(one)[0].id, other, "出差")
    one = home.begin("sent back", "kept_steps")
    home.act("school1", one)
    send_back = named("send_back", "processes.tasks.returning", "processes.returning")
    home.do(send_back, "province1", home.tasks(one)[0].id, "a", "请补充")
    one = home.begin("taken back", "kept_steps")
    home.act("school1", one)
    withdraw = named("withdraw", "processes.tasks.withdrawing", "processes.withdrawing", "processes.returning")
    home.do(withdraw, "school1", home.tasks(one, "a", "done")[0].id)


def many(home: Home) -> None:
    """会签, services and messages for many, decision tables."""
    one = home.begin("vote", "kept_vote")
    home.act("school1", one)
    home.act("province1", one, "同意", element="b")
    one = home.begin("vote in turn", "kept_sequential")
    home.act("school1", one)
    home.act("province1", one, "同意", element="b")
    one = home.begin("several jobs", "kept_several")
    home.act("school1", one)
    home.work(one, "ok")
    one = home.begin("deciding", "kept_deciding")
    home.act("school1", one, "高")
    home.begin("message awaited", "kept_waiter")
    one = home.begin("message sent", "kept_sender")
    home.act("school1", one)


def managed(home: Home, folder: Path) -> None:
    """挂起, and 迁移 to another version; 抄送."""
    suspend = named("suspend", "processes.monitor.managing", "processes.managing")
    one = home.begin("suspended", "kept_timer")
    home.act("school1", one)
    home.do(suspend, "supervisor", one, "有人举报")
    one = home.begin("suspended with a job", "kept_asking")
    home.act("school1", one)
    home.do(suspend, "supervisor", one, "有人举报")
    one = home.begin("suspended and answered", "kept_asking", "school2")
    home.act("school2", one)
    home.outside.call = _suspending(home, suspend, one)  # type: ignore[method-assign]
    home.engine.handlers["sms.notify"] = replace(home.engine.handlers["sms.notify"], call=home.outside.call)
    home.work(one, "ok")
    copy = named("send", "processes.notices.copies", "processes.copies")
    home.do(copy, "school1", home.situations["vote"], [home.actors["province1"].person_id], "请阅")
    migrate = named("migrate", "processes.monitor.migrating", "processes.migrating")
    one = home.begin("migrated", "kept_steps")
    home.act("school1", one)
    (folder / "kept_steps.bpmn").write_text(drawing.SECOND, encoding="utf-8")
    second = runtimes.deploy_file(home.runtime, folder / "kept_steps.bpmn", "郑工")
    home.do(migrate, "supervisor", one, second.id, "新规定")


def _suspending(home: Home, suspend: Callable[..., Any], instance: int) -> Callable[[Mapping[str, Any], str, Any], dict[str, Any]]:
    """A gateway that is asked while somebody suspends the instance."""

    def call(payload: Mapping[str, Any], key: str, settings: Any) -> dict[str, Any]:
        home.do(suspend, "supervisor", instance, "有人举报")
        return {}

    return call


def make(target: Path, release: str) -> dict[str, int]:
    """Makes the home, and keeps its database as SQL and what stands where as JSON. Returns situation → instance id.

    Raises:
        SystemExit: the release itself finds the home inconsistent.
    """
    schema = ScriptDirectory(str(Path(import_module("domain").__file__ or "").parent / "migrations")).get_current_head()
    with TemporaryDirectory() as name:
        folder = Path(name)
        home = Home(folder)
        home.prepare()
        home.draw(str(schema), folder)
        weekly(home)
        core(home)
        if str(schema) >= "0009":
            events(home)
            handing_over(home)
        if str(schema) >= "0016":
            many(home)
            managed(home, folder)
        with home.runtime.database.reading() as session:
            faults = verify(home.engine, session)
            count = session.scalar(select(func.count()).select_from(tables.instance))
        if faults:
            sys.exit("\n".join(faults))
        home.runtime.database.engine.dispose()
        about = {"release": release, "schema": schema, "instances": count, "situations": home.situations}
        _keep(folder / "pilot.sqlite3", target, about)
    return home.situations


def _keep(database: Path, target: Path, about: Mapping[str, Any]) -> None:
    connection = sqlite3.connect(database)
    for table in ("process_instance", "process_migration"):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        if columns and "proof" not in columns:  # else the proof is of these very bytes
            for rowid, state in connection.execute(f"SELECT rowid, state FROM {table} WHERE state IS NOT NULL").fetchall():
                # as text: so much alike, they take a tenth of the room; whoever loads the home compresses them again
                connection.execute(f"UPDATE {table} SET state = ? WHERE rowid = ?", (zlib.decompress(state).decode(), rowid))
    text = "\n".join(connection.iterdump()) + "\n"
    connection.close()
    name = str(about["schema"])
    (target / f"{name}.sql.xz").write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    (target / f"{name}.json").write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    release, folder = sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
    print(f"{len(make(folder, release))} situations")
