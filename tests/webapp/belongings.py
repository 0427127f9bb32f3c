"""A world in which 金陵职业技术学院 (school1) owns one of everything, and 华信培训评价中心 (organization1) a seal: what the walk over every
route tries to reach as others."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from domain.demo import DEMO_ACCOUNTS, PASSWORD
from domain.demo.seals import new_demo_seal
from domain.ground.parties import Person
from domain.ground.vault import open_vault
from domain.institutions.seals import OrganizationSeal, SchoolSeal
from domain.platform.passwords import hash_password
from jobs import background
from processes import tables
from processes.steps import starting
from tests.conftest import World
from tests.domain.exams.pupils import PUPIL
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.jobs.photos.samples import archive, jpeg, wide
from tests.webapp.clients import site, user
from tests.webapp.declarations.applications import FORM as DECLARATION
from tests.webapp.declarations.applications import PLAN
from tests.webapp.exams.applications import CERTIFICATE, apply
from tests.webapp.exams.people import add as add_invigilator
from tests.webapp.exams.plan_forms import publish
from tests.webapp.files.uploads import send
from tests.webapp.weekly.reports import FORM

SECRET = "只有金陵知道"  # stands in school1's report, its file, its teacher and its import
TEACHERS = {"teacher1": "13911110001", "teacher2": "13911110002"}  # of school1, of school2
ACCOUNTS = (*(account for account, _, _ in DEMO_ACCOUNTS), *TEACHERS)


@dataclass
class Belongings:
    """The app, what the table of routes may name in `{…}`, and the database as it was filled."""

    world: World
    app: Flask
    values: dict[str, str]
    cookies: dict[str, str]
    """Account → session cookie."""

    def __post_init__(self) -> None:
        self.path = self.world.runtime.settings.home / "pilot.sqlite3"
        self.live = sqlite3.connect(self.path, check_same_thread=False)
        self.kept = sqlite3.connect(":memory:", check_same_thread=False)
        self.live.backup(self.kept)
        self.seen = self._version()

    def changed(self) -> bool:
        """Whether anything was committed since the last look."""
        before, self.seen = self.seen, self._version()
        return before != self.seen

    def restore(self) -> None:
        """The database as it was filled."""
        with closing(sqlite3.connect(self.path)) as other:
            self.kept.backup(other)
        self.seen = self._version()

    def client(self, account: str) -> FlaskClient:
        """A browser in which this account has just logged in; nobody where there is no such account."""
        client = self.app.test_client()
        if account in self.cookies:
            client.set_cookie("pilot", self.cookies[account])
        return client

    def close(self) -> None:
        """Lets go of the database."""
        self.live.close()
        self.kept.close()
        self.world.runtime.database.engine.dispose()

    def _version(self) -> int:
        # moves when another connection commits a change; an empty transaction does not move it
        return int(self.live.execute("PRAGMA data_version").fetchone()[0])


def belongings(world: World, folder: Path) -> Belongings:
    """Fills a world that has the books, and logs everybody in."""
    with world.runtime.database.writing() as session:
        for account, kind, key in (("school1", SchoolSeal, "seal"), ("organization1", OrganizationSeal, "organization_seal")):
            seal = new_demo_seal(session, kind, world.actor(account), world.clock(), open_vault(world.runtime.settings))
            starting.start(world.runtime.engine, session, world.actor(account), key, seal)
    app = site(world)
    school, province = user(app, "school1"), user(app, "province1")
    _hand_in(school)
    for client, major, mobile in zip((school, user(app, "school2")), (SECRET, "软件技术"), TEACHERS.values(), strict=True):
        data = {"name": "周小舟", "mobile": mobile, "major": major, "act": "保存"}
        assert client.post("/teachers/new", data=data).status_code == 302
    assert apply(school) == 302
    assert add_invigilator(school, CERTIFICATE) == 302
    assert publish(user(app, "organization1")) == 302
    assert school.post("/candidates/new", data={**PUPIL, "name": SECRET, "act": "保存"}).status_code == 302
    _declare(school, province)
    _work_in_the_background(world, school, folder)
    _fail(world)
    values = _values(world)
    said = province.post(f"/records/{values['instance']}/comments", data={"comment": "@张文 请看"})
    copied = province.post(f"/copies/{values['instance']}/new", data={"copy_to": str(world.actor("school1").person_id)})
    kept = school.post("/inbox/filters", data={"name": "常看", "query": "q=x"})
    days = {"first": "2026-11-25", "last": "2026-12-02", "existing": "1", "keys": "declaration"}  # in one process, and in no other
    appointed = school.post("/substitutes/", data={**days, "person": str(_activate(world))})
    assert {said.status_code, copied.status_code, kept.status_code, appointed.status_code} == {302}
    return Belongings(world, app, values, {account: _cookie(app, TEACHERS.get(account, account)) for account in ACCOUNTS})


def _hand_in(school: FlaskClient) -> None:
    kept = send(school, f"{SECRET}.pdf").get_json()
    data = {**FORM, "summary": SECRET, "attachments": str(kept["id"]), "act": "提交"}
    assert school.post("/weekly/new", data=data).status_code == 302


def _declare(school: FlaskClient, province: FlaskClient) -> None:
    """A plan of the province, and a draft under it."""
    assert province.post("/declaration-plans/new", data={**PLAN, "act": "发布"}).status_code == 302
    assert school.post("/declarations/new", data={**DECLARATION, "contacts.0.name": SECRET, "for": "1", "act": "保存"}).status_code == 302


def _work_in_the_background(world: World, school: FlaskClient, folder: Path) -> None:
    """An import that waits for its decision, an export with its file, an import of photos; their tasks are 1, 2 and 3. A zip on its way."""
    rows = workbook(folder / "rows.xlsx", [HEADER, teacher(1, 姓名=SECRET), teacher(2, 手机号="1")]).read_bytes()
    upload = {"file": (BytesIO(rows), f"{SECRET}.xlsx")}
    assert school.post("/imports/teachers/", data=upload, content_type="multipart/form-data").status_code == 302
    assert school.post("/lists/weekly_report/export/begin", data={"ids": "1"}).status_code == 302
    zipped = archive(folder / "photos.zip", {f"{PUPIL['id_number']}.jpg": jpeg(wide().picture), f"{SECRET}.jpg": jpeg()}).read_bytes()
    assert school.post("/candidates/photos/", data={"file": (BytesIO(zipped), f"{SECRET}.zip")}).status_code == 302
    assert school.post("/candidates/photos/", data={"name": f"{SECRET}.zip", "size": "10"}).status_code == 200
    for task_id in background.sweep(world.runtime):
        assert background.run_task(world.runtime, task_id)


def _fail(world: World) -> None:
    """A message of school1's report that nobody took, and an SMS to its author that did not go out."""
    now, actor = world.clock(), world.actor("school1")
    with world.runtime.database.writing() as session:
        sender = session.scalars(select(tables.instance.c.id).where(tables.instance.c.key == "weekly_report")).one()
        message = {"name": "询问", "payload": {"what": SECRET}, "party_id": actor.party_id, "sender_id": sender, "element": "review"}
        session.execute(insert(tables.message), {**message, "sent_at": now, "state": "expired", "tries": 9})
        payload = {"messages": [{"to": "13900000001", "text": SECRET}]}
        text = {"id": str(uuid4()), "person_id": actor.person_id, "payload": payload, "state": "failed", "error": "空号"}
        session.execute(insert(tables.text), {**text, "attempt": 1, "tries": 1, "created_at": now})


def _values(world: World) -> dict[str, str]:
    """The parties by account; process and tasks of school1's report; somebody who may review it."""
    with world.runtime.database.reading() as session:
        report = tables.instance.c.key == "weekly_report"
        instance = session.scalars(select(tables.instance.c.id).where(report)).one()
        columns = tables.task.c
        message, text = (str(session.scalars(select(table.c.id)).one()) for table in (tables.message, tables.text))
        tasks = session.execute(select(columns.element, columns.id).where(columns.instance_id == instance)).all()
    parties = {account: str(actor.party_id) for account, actor in world.actors.items()}
    colleague = str(world.actor("province1b").person_id)
    own = {"instance": str(instance), "colleague": colleague, "message": message, "text": text}
    return {**parties, **{f"{element}_task": id for element, id in tasks}, **own}


def _activate(world: World) -> int:
    """Lets the teachers log in with the usual password. Returns the person of school1's."""
    with world.runtime.database.writing() as session:
        people = session.scalars(select(Person).where(Person.account.in_(TEACHERS.values())).order_by(Person.account)).all()
        for person in people:
            person.password_hash, person.first_nonce = hash_password(PASSWORD), None
        return people[0].id


def _cookie(app: Flask, account: str) -> str:
    cookie = user(app, account).get_cookie("pilot")
    assert cookie is not None
    return cookie.value
