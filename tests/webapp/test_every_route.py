"""Every address of the product, walked by every account and by nobody, with the ids of one school's (金陵, school1) belongings.

A new route needs one line: of a kind of record in `ROUTES` of the kind's test module, of any other page in `ROUTES` here. Its
sentence says what each account gets, the rest last: `"school1: 200; provinces: 403; 404"`. A `+` says that something may be written;
every other answer, a 404 to a POST above all, must leave the database as it was. Nobody is sent to the login page (a POST: 401) unless
the sentence names `anonymous` or the route is in `PUBLIC`. `data`, `query` and the parameters of the address may use `{…}` of
`Belongings.values`; whatever is not given is 1. Further lines for the same route carry a remark after its name.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.conftest import settings_in, world_of
from tests.webapp.belongings import ACCOUNTS, SECRET, Belongings, belongings
from tests.webapp.routes import Route, get, post

PUBLIC = (
    *("static", "health.healthz", "account.login", "account.log_in", "account.log_in_again", "account.logout"),
    *("results.index", "results.enter", "results.mine", "results.objecting", "results.object_to", "results.leave"),
    *("checking.index", "checking.check", "checking.scan", "checking.check_file"),
)
MAY_READ_THE_SECRET = ("school1", "province1", "province1b", "operator", "teacher1")  # 系统管理 reads all declarations


ROUTES = {
    "static": get("200"),
    "health.healthz": get("200"),
    "home.index": get("200"),
    "home.incomplete": get("200"),
    "account.login": get("anonymous: 200; 302"),
    "account.log_in": post("400+"),
    "account.log_in_again": post("400+", {"address": "/weekly/new", "kept": "[]"}),
    "account.logout": post("anonymous: 302; 302+"),
    "account.password": get("200"),
    "account.token": get("200"),
    "account.set_password": post("400+"),
    "inbox.index": get("200"),
    "inbox.claim_many": post("province1 province1b: 302+; 302", {"ids": "{review_task}"}),
    "inbox.release_many": post("302", {"ids": "{review_task}"}),
    "inbox.keep_filter": post("302+", {"name": "常看", "query": "q=x"}),
    "inbox.forget_filter": post("school1: 302+; 404"),
    "inbox.task": get("province1 province1b: 200; 404"),
    "inbox.task that is done": get("school1: 200; 404", task_id="{fill_task}"),
    "inbox.finish": post("province1 province1b: 302+; 404", {"outcome": "审核通过"}),
    "inbox.claim": post("province1 province1b: 302+; 404"),
    "inbox.release": post("province1 province1b: 409; 404"),
    "inbox.transfer": post("province1: 302+; province1b: 409; 404", {"to": "{colleague}", "reason": "请办理"}),
    "inbox.ask": post("province1: 302+; province1b: 409; 404", {"kind": "before", "person": "{colleague}", "note": "请看"}),
    "inbox.give": post("404", {"comment": "好"}),
    "inbox.recall": post("404"),
    "inbox.batch": post("province1 province1b: 200; 302", {"ids": "{review_task}"}),
    "inbox.finish_batch": post("province1 province1b: 302+; 302", {"ids": "{review_task}", "outcome": "审核通过"}),
    "institutions.organizations": get("200"),
    "institutions.organization": get("school2 designer supervisor organization2 teacher2: 404; 200"),
    "institutions.edit_organization": get("school2 designer supervisor organization2 teacher2: 404; organization1 operator: 200; 403"),
    "institutions.store_organization": post("school2 designer supervisor organization2 teacher2: 404; organization1 operator: 422; 403"),
    "institutions.new_organization_page": get("operator: 200; 403"),
    "institutions.create_organization": post("operator: 422; 403"),
    "institutions.schools": get("200"),
    "institutions.school": get("school1 operator organizations province1 province1b: 200; 404"),
    "institutions.edit_school": get("school1 operator: 200; organizations province1 province1b: 403; 404"),
    "institutions.store_school": post("school1 operator: 422; organizations province1 province1b: 403; 404"),
    "certificates.index": get("200"),
    "certificates.show": get("designer supervisor organization2: 404; 200"),
    "certificates.edit": get("organization1 operator: 200; designer supervisor organization2: 404; 403"),
    "certificates.store_certificate": post("organization1 operator: 422; designer supervisor organization2: 404; 403"),
    "certificates.new": get("operator: 200; 403"),
    "certificates.create_certificate": post("operator: 422; 403"),
    "records.finish": post("province1 province1b: 302; 404", {"outcome": "提交"}),
    "records.withdraw": post("404"),
    "records.withdraw of what was handed in": post("school1: 302+; 404", task_id="{fill_task}"),
    "records.returning_page": get("province1 province1b: 200; 404"),
    "records.send_back": post("province1 province1b: 409; 404", {"to": "fill", "comment": "看看"}),
    "records.send": post("school1: 302+; province1 province1b: 403; 404", {"name": "撤回"}),
    "records.blocked": post("404"),
    "records.comment": post("school1 province1 province1b: 302+; 404", {"comment": "好"}),
    "records.urge": post("school1: 302+; 404"),
    "records.diagram": get("school1 province1 province1b: 200; 404"),
    "records.diagram of a teacher": get("school1 teacher1: 200; 404", key="teacher"),
    "records.save_draft": post("school1 province1 province1b: 200+; 404", {"contact": "x"}, query="form=weekly_report/1"),
    "fields.check": post("school1 province1 province1b: 200; 404", {"path": "contact", "value": "x"}, query="form=weekly_report/1"),
    "fields.pinyin": post("200", {"name": "覃乐"}),
    "files.upload": post("school1 province1 province1b: 422; 404", query="form=weekly_report/1&field=attachments"),
    "files.download": get("school1: 200; 404"),
    "files.download of a report": get("school1 province1 province1b: 200; 404", query="key=weekly_report&record=1"),
    "background.index": get("200"),
    "background.show": get("school1 operator: 200; 404"),
    "background.progress": get("school1 operator: 200; 404"),
    "background.result": get("school1: 200; 404"),
    "background.failures": get("school1: 200; 404"),
    "background.forget": post("school1: 302+; 404"),
    "background.stop": post("school1 operator: 302; 404"),
    "background.again": post("school1 operator: 302; 404"),
    "bulk.export": post("school1 province1 province1b: 200; 302", {"ids": "1"}),
    "bulk.export of teachers": post("school1 teacher1: 200+; 302", {"ids": "1"}, name="teacher"),
    "bulk.begin_export": post("302+", {"ids": "1"}),
    "bulk.send": post("404", {"ids": "1", "element": "withdraw"}),
    "bulk.review": post("provinces: 200; 404", {"ids": "1", "element": "review"}),
    "bulk.finish": post("provinces: 302+; 404", {"ids": "1", "element": "review", "outcome": "审核通过"}),
    "imports.index": get("schools: 200; 403"),
    "imports.template": get("schools: 200; 403"),
    "imports.upload": post("schools: 422; 403"),
    "imports.show": get("school1: 200; school2 school3: 404; 403"),
    "imports.progress": get("school1: 200; school2 school3: 404; 403"),
    "imports.correct_rows": post("school1: 302; school2 school3: 404; 403"),
    "imports.take": post("school1: 302+; school2 school3: 404; 403"),
    "imports.go_on": post("school1: 302; school2 school3: 404; 403"),
    "imports.give_up": post("school1: 302+; school2 school3: 404; 403"),
    "imports.failed": get("school1: 200; school2 school3: 404; 403"),
    "imports.give_back": post("school1: 302+; school2 school3: 404; 403"),
    "imports.choose_sheets": post("school1: 422; school2 school3: 404; 403"),
    "photos.index": get("schools: 200; 403"),
    "photos.create": post("schools: 422; 403"),
    "photos.show": get("school1: 200; 404"),
    "photos.progress": get("school1: 200; 404"),
    "photos.add_piece": post("school1: 409; 404", query="at=5", import_id="2"),
    "photos.start": post("school1: 409; 404", import_id="2"),
    "photos.go_on": post("school1: 409; 404"),
    "photos.give_up": post("school1: 302+; 404", import_id="2"),
    "photos.crop": post("school1: 302+; 404"),
    "photos.photo": get("school1: 200; 404"),
    "photos.preview": get("school1: 200; 404"),
    "photos.earlier": get("404"),  # no candidate had a photo before
    "photos.source": get("school1: 200; 404"),
    "photos.frame": get("school1: 200; 404"),
    "photos.move_frame": post("school1: 422; 404"),
    "photos.take": post("school1: 409; 404", state="asking"),
    "photos.leave_out": post("school1: 409; 404", state="misnamed"),
    "photos.failed": get("school1: 200; 404"),
    "photos.of_candidate": get("404"),  # nobody has a photo yet
    "photos.one": get("school1: 200; 404"),
    "photos.give_one": post("school1: 422; 404"),
    "substitutes.index": get("200"),
    "substitutes.appoint": post("409"),
    "substitutes.end": post("school1: 302+; 404"),
    "copies.new": get("school1 province1 province1b: 200; 404"),
    "copies.send": post("school1 province1: 302+; province1b: 409; 404", {"copy_to": "{colleague}", "copy_note": "请阅"}),
    "copies.open_one": post("school1: 302+; 404"),
    "notices.index": get("200"),
    "notices.open_one": post("school1: 302+; 404"),
    "notices.read_all": post("school1: 302+; 302"),
    "notices.settings": get("200"),
    "notices.set_settings": post("302+", {"shown": "urge", "sms": "urge"}),
    "notices.send_again": post("404"),
    "designer.index": get("designer: 200; 403"),
    "designer.create": post("designer: 409; 403"),
    "designer.import_file": post("designer: 409; 403"),
    "designer.show": get("designer: 200; 403"),
    "designer.version": get("designer: 200; 403"),
    "designer.diagram": get("designer: 200; 403"),
    "designer.export": get("designer: 200; 403"),
    "designer.compare": get("designer: 200; 403"),
    "designer.edit": get("designer: 200; 403"),
    "designer.model": get("designer: 200; 403"),
    "designer.save": post("designer: 409; 403"),
    "designer.discard": post("designer: 302; 403"),
    "designer.check": post("designer: 200; 403"),
    "designer.try_out": post("designer: 200; 403"),
    "designer.running": get("designer: 200; 403"),
    "designer.migrate_all": post("designer: 404; 403", {"reason": "看看"}),
    "designer.deploy_version": post("designer: 409; 403"),
    "monitor.index": get("supervisor: 200; 403"),
    "monitor.instances": get("supervisor: 200; 403"),
    "monitor.process": get("supervisor: 200; 404"),
    "monitor.heat": get("supervisor: 200; 404"),
    "monitor.show": get("supervisor: 200; 404"),
    "monitor.diagram": get("supervisor: 200; 404"),
    "monitor.do": post("supervisor: 302+; 404", {"reason": "看看"}, act="suspend"),
    "monitor.reassign": post("supervisor: 302+; 404", {"to": "{colleague}", "reason": "看看"}),
    "monitor.migrating_page": get("supervisor: 200; 404"),
    "monitor.migrate": post("supervisor: 302; 404", {"version": "1", "seen": "1", "reason": "看看"}),
    "monitor.moving_page": get("supervisor: 200; 404"),
    "monitor.move": post("supervisor: 302+; 404", {"token": "{review_task}", "to": "fill", "reason": "看看"}),
    "monitor.messages": get("supervisor: 200; 403"),
    "monitor.texts": get("supervisor: 200; 403"),
    "monitor.retry_message": post("supervisor: 302+; 404", message_id="{message}"),
    "monitor.resend": post("supervisor: 302+; 404", text_id="{text}"),
    "monitor.ask": post("supervisor: 200; 404", {"ids": "1"}, what="instances", act="suspend"),
    "monitor.ask about SMS": post("supervisor: 200; 404", {"ids": "{text}"}, what="texts", act="retry"),
    "monitor.begin_act": post("supervisor: 302+; 404", {"ids": "1", "reason": "看看"}, what="instances", act="suspend"),
    "monitor.begin_act on messages": post("supervisor: 302+; 404", {"ids": "{message}", "reason": "看看"}, what="messages", act="retry"),
    "bulk.export of instances": post("supervisor: 200; 302", {"ids": "{instance}"}, name="monitor"),
    "bulk.export of messages": post("supervisor: 200; 302", {"ids": "{message}"}, name="monitor_messages"),
    "bulk.export of SMS": post("supervisor: 200; 302", {"ids": "{text}"}, name="monitor_texts"),
}  # fmt: skip
for path in sorted(Path(__file__).parent.glob("*/test_*.py")):  # no line can be forgotten: `test_every_route_is_in_the_table`
    ROUTES |= getattr(import_module(f"tests.webapp.{path.parent.name}.{path.stem}"), "ROUTES", {})
PARAMETERS = {
    "name": "weekly_report",
    "key": "weekly_report",
    "kind": "teachers",
    "element": "withdraw",
    "filename": "js/lists.js",
    "task_id": "{review_task}",
    "background.task_id": "2",
    "organization_id": "{organization1}",
    "school_id": "{school1}",
    "instance_id": "{instance}",
}


@pytest.fixture(scope="module")
def found(books_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Belongings]:
    home = tmp_path_factory.mktemp("every_route")
    shutil.copy(books_sqlite, home)
    made = belongings(world_of(settings_in(home)), home)
    yield made
    made.close()


def test_every_route_is_in_the_table(found: Belongings) -> None:
    rules = {rule.endpoint: rule for rule in found.app.url_map.iter_rules()}
    known = {name.split()[0]: route.method for name, route in ROUTES.items()}
    assert {name: next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"})) for name, rule in rules.items()} == known
    assert all(len((rule.methods or set()) - {"HEAD", "OPTIONS"}) == 1 for rule in rules.values())


@pytest.mark.row("1.1", "2.2.1", "3.1", "3.2", "4.1", "6.1", "7.1", "8.1", "8.3", "8.4")
@pytest.mark.parametrize("account", ["anonymous", *ACCOUNTS])
def test_what_an_account_gets_everywhere(found: Belongings, account: str) -> None:
    rules = {rule.endpoint: rule for rule in found.app.url_map.iter_rules()}
    faults = [fault for name, route in ROUTES.items() for fault in _faults(found, rules[name.split()[0]], name, account)]
    assert not faults, "\n".join(faults)


def _faults(found: Belongings, rule: Rule, name: str, account: str) -> Iterator[str]:
    """What is wrong with one answer."""
    route = ROUTES[name]
    address, expected = _address(found, rule, route), _expected(name, route, account)
    data = {key: value.format_map(found.values) for key, value in route.data.items()}
    with found.client(account).open(address, method=route.method, data=data) as answer:
        if answer.status_code != int(expected.rstrip("+")):
            yield f"{name}: {account} gets {answer.status_code} instead of {expected} from {address}"
        watching = name.startswith("monitor.") or route.parameters.get("name", "").startswith("monitor")
        watched = account == "supervisor" and watching  # who watches over all processes sees all parties
        if SECRET in _text(answer) and account not in MAY_READ_THE_SECRET and not watched:
            yield f"{name}: {account} reads at {address} what is {SECRET}"
    if found.changed():
        if not expected.endswith("+"):
            yield f"{name}: {account} changes the database through {address}"
        found.restore()


def _expected(name: str, route: Route, account: str) -> str:
    if account == "anonymous" and "anonymous" not in route.sentence and name not in PUBLIC:
        return "302" if route.method == "GET" else "401"
    return route.answers(account)


def _address(found: Belongings, rule: Rule, route: Route) -> str:
    def value(place: re.Match[str]) -> str:
        blueprint, name = rule.endpoint.split(".")[0], place[1]
        given = route.parameters.get(name) or PARAMETERS.get(f"{blueprint}.{name}") or PARAMETERS.get(name, "1")
        return given.format_map(found.values)

    path = re.sub(r"<(?:\w+:)?(\w+)>", value, rule.rule)
    return f"{path}?{route.query}" if route.query else path


def _text(answer: TestResponse) -> str:
    """What a person could read in an answer, workbooks included."""
    content = answer.get_data()
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with ZipFile(BytesIO(content)) as book:
        return "".join(book.read(part).decode(errors="replace") for part in book.namelist())
