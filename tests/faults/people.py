"""People at work while parts of the product are killed: what they were told, so that it can be held against the books afterwards."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field

import httpx
from sqlalchemy import create_engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from domain.demo import PASSWORD
from processes import tables
from tests.webapp.weekly.reports import FORM

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
DELETE, WITHDRAW = "删除", "撤回"


@dataclass
class Told:
    """What people were told: of each kind of act how often it was done, and how often nobody knows (no answer came, or a fault)."""

    done: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    teachers: set[str] = field(default_factory=set)
    """Mobile numbers of the teachers who were said to be added."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, done: bool | None) -> None:
        """`done`: True as said, False refused, None unknown."""
        with self.lock:
            if done is None:
                self.unknown[what] += 1
            elif done:
                self.done[what] += 1


class Person:
    """Somebody with a browser, who logs in again whenever that is needed."""

    def __init__(self, address: str, account: str, told: Told) -> None:
        self.account, self.told = account, told
        self.client = httpx.Client(base_url=address, timeout=60, trust_env=False, follow_redirects=True)
        self.token = ""

    def log_in(self) -> bool:
        """Whether it worked; a product that is being started anew is waited for by the client."""
        try:
            self.token = found[1] if (found := TOKEN.search(self.client.get("/login").text)) else ""
            data = {"account": self.account, "password": PASSWORD, "csrf_token": self.token}
            page = self.client.post("/login", data=data).text
        except httpx.TransportError:
            return False
        self.token = found[1] if (found := TOKEN.search(page)) else self.token
        return "/logout" in page

    def do(self, what: str, address: str, data: dict[str, str], says: str) -> bool | None:
        """Posts; done is what the page says to be done."""
        done: bool | None = None
        try:
            answer = self.client.post(address, data={**data, "csrf_token": self.token})
            done = None if answer.status_code >= 500 else says in answer.text
        except httpx.TransportError:
            pass
        self.told.note(what, done)
        if done is not True and "/logout" not in (answer.text if done is not None else ""):
            self.log_in()
        return done


class Workforce:
    """Schools that report, correct, withdraw, delete and add teachers, and a province that reviews."""

    def __init__(self, address: str, database_url: str, seed: int) -> None:
        self.told, self.chance = Told(), random.Random(seed)
        self.people = {account: Person(address, account, self.told) for account in ("school1", "school2", "province1")}
        self.engine = create_engine(database_url, poolclass=NullPool)
        self.number = 0

    def log_in(self) -> None:
        """Everybody, until it works."""
        for person in self.people.values():
            while not person.log_in():
                pass

    def close(self) -> None:
        """Closes the browsers."""
        for person in self.people.values():
            person.client.close()
        self.engine.dispose()

    def act(self) -> None:
        """One act of somebody."""
        school = self.chance.choice(("school1", "school2"))
        if self.chance.random() < 0.3:
            self._add_teacher(school)
        else:
            self._report(school)

    def _add_teacher(self, school: str) -> None:
        with self.told.lock:
            self.number += 1
            mobile = f"138{self.number:08d}"
        if self.people[school].do("teacher", "/teachers/new", {"name": "王小明", "mobile": mobile, "act": "保存"}, "已保存"):
            self.told.teachers.add(mobile)

    def _report(self, school: str) -> None:
        """Whatever can be done next to the school's report."""
        try:
            found = self._stands(school)
        except DBAPIError:  # the database is being ended under us, too
            return
        person = self.people[school]
        if found is None:
            person.do("start", "/weekly/new", {**FORM, "act": "提交"}, "已提交")
            return
        instance_id, record_id, task_id, role, waits = found
        if role == "省级" and self.chance.random() < 0.7:
            outcome = "审核退回"
            data = {"outcome": outcome, "comment": "请补充"}
            self.people["province1"].do("review", f"/inbox/tasks/{task_id}", data, "已办理")
        elif role == "省级" or (waits and self.chance.random() < 0.5):
            names = [name for name in (DELETE, WITHDRAW) if name in waits]
            if names:
                address = f"/records/{instance_id}/messages/{waits[names[0]]}"
                person.do(names[0], address, {"name": names[0], "back": "/weekly/"}, f"已{names[0]}")
        else:
            person.do("again", f"/weekly/{record_id}/edit", {**FORM, "act": "提交"}, "已提交")

    def _stands(self, school: str) -> tuple[int, int, str, str, dict[str, str]] | None:
        """Instance, record, open task, its role, and the buttons (name → element) of the school's report; None where it has none."""
        instance, task = tables.instance.c, tables.task.c
        party = {"school1": "金陵", "school2": "太湖"}[school]
        running = instance.ended_at.is_(None), instance.key == "weekly_report", instance.title.startswith(party)
        query = select(instance.id, instance.subject_id, instance.waits, task.id, task.role).join(
            tables.task, task.instance_id == instance.id
        )
        with self.engine.connect() as connection:
            row = connection.execute(query.where(*running, task.state == "open").limit(1)).first()
        if row is None:
            return None
        elements = {wait["element"]: wait["element"] for wait in row.waits}
        named = {DELETE: next((e for e in elements if "delete" in e), ""), WITHDRAW: next((e for e in elements if "withdraw" in e), "")}
        return row[0], row[1], row[3], row[4], {name: element for name, element in named.items() if element}
