"""Whatever is wrong with a diagram, a form or a table, the checks answer in sentences; what they let through runs and can be shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy.orm import Session

from domain.ground.parties import SYSTEM
from domain.subjects import SUBJECTS
from forms import read_forms
from forms.fields import describe, parse
from handlers import HANDLERS
from jobs.outline import outline
from jobs.runtime import BPMN_FOLDER
from jobs.scenarios.records import new_record
from processes.checks import problems, schemas
from processes.definitions.definition import Definition
from processes.deployment import deploying
from processes.deployment.differences import differences
from processes.diagrams import decisions
from processes.errors import NotAllowed
from processes.history import events_of, instance_by_id
from processes.monitor import verify
from processes.rights import access
from processes.steps import starting
from processes.tasks.actions import actions_for
from tests.conftest import World
from tests.processes.bpmn.test_decisions import decided, table
from tests.processes.checks.mutations import mutated_json, mutated_xml
from tests.webapp.clients import site, user

CHANGES = 110  # of each file
DIAGRAMS = {path.stem: path.read_bytes() for path in sorted(BPMN_FOLDER.glob("*.bpmn"))}
FORMS = read_forms()
CERTIFICATE, PERIOD = "Web前端开发与调试（中级）", {"starts_at": "2026-12-01 09:00", "ends_at": "2026-12-31 18:00"}
WINDOWS = {
    **{"registration_from": "2026-12-01 09:00", "registration_to": "2026-12-10 18:00", "arranging_from": "2026-12-11 09:00"},
    **{"arranging_to": "2026-12-15 18:00", "exam_from": "2027-01-05 08:00", "exam_to": "2027-01-06 18:00"},
    **{"scoring_from": "2027-01-07 09:00", "scoring_to": "2027-01-10 18:00"},
    **{"publicity_from": "2027-01-11 09:00", "publicity_to": "2027-01-15 18:00"},
}
BEGUN: dict[str, tuple[str, dict[str, Any]]] = {  # who begins a record of each kind, and what they fill in
    "weekly_report": ("school1", {}),
    "reporting_period": ("province1", {}),
    "exam_site": (
        "school1",
        {"certificate": CERTIFICATE, "address": "龙眠大道 1 号", "head": "张文", "mobile": "13900000000", "places": 6},
    ),
    "candidate": (
        "school1",
        {
            "kind": "社会考生",
            "name": "王小明",
            "pinyin": "WANG XIAOMING",
            "document": "护照",
            "id_number": "E12345678",
            "mobile": "13911110000",
        },
    ),
    "exam_subject": (
        "organization1",
        {
            **{"certificate": CERTIFICATE, "name": "理论知识", "method": "理论", "room_type": "实训室"},
            **{"audience": "高职", "full_mark": 100, "pass_mark": 60},
        },
    ),
    "exam_plan": (
        "organization1",
        {
            **{"name": "十二月考试", "year": 2027, "mode": "按证书", **WINDOWS, "schools": ["金陵职业技术学院（4132000001）"]},
            **{"certificates": [{"certificate": CERTIFICATE}]},
            "sittings": [{"subject": f"{CERTIFICATE} 理论知识", "starts_at": "2027-01-05 09:00", "ends_at": "2027-01-05 10:30"}],
        },
    ),
    "invigilator_certificate": (
        "school1",
        {"name": "王小明", "id_number": "11010519491231002X", "mobile": "13911110000", "certificates": [CERTIFICATE]},
    ),
    "payment_slip": ("school1", {}),
    "registration_correction": ("school1", {"pinyin": "WANG MING", "mobile": "13900000001", "reason": "拼音录错"}),
    "score_objection": ("school1", {"reason": "第三大题有一小题没有计分"}),
    "issuance": ("school1", {}),
    "certificate_withdrawal": ("organization1", {"reason": "该批成绩登记有误，考生实际未通过"}),
    "teacher": ("school1", {"name": "王小明", "mobile": "13911110000"}),
    "seal": ("school1", {}),
    "organization_seal": ("organization1", {}),
    "skill_standard": ("organization1", {}),
    "site_standard": ("organization1", {}),
    "declaration": ("school1", {}),
    "declaration_plan": ("province1", {"name": "试点申报", "year": 2027, "certificates": [CERTIFICATE], **PERIOD}),
}
_NO_SENTENCE = re.compile(r"\w(Error|Exception|Fault)\b|Traceback| object at 0x|<class |: 'NoneType'|：'\w*'$|[\n\r]|“”")


def is_sentence(line: str) -> bool:
    """Whether a line is for people: in Chinese, on one line, without what only a programmer reads, and no empty quotes."""
    return len(re.findall(r"[\u4e00-\u9fff]", line)) > 3 and not _NO_SENTENCE.search(line) and len(line) < 1000


def run(world: World, session: Session, key: str, xml: bytes, forms: dict[str, Any], tables: dict[str, str] | None = None) -> None:
    """Deploys a diagram, begins a record of it, and reads all that its pages show."""
    definition = deploying.deploy(session, world.runtime.engine, xml, forms, "试", tables)
    shown(definition)
    account, form = BEGUN[definition.subject]
    actor = world.actor(account)
    subject = new_record(definition.subject, session, actor, world.clock(), form)
    who = SYSTEM if definition.start.lane == "系统" else actor
    try:
        instance, _ = starting.start(world.runtime.engine, session, who, definition.key, subject)
    except NotAllowed:  # another role begins it now
        return
    row = instance_by_id(session, instance)
    assert row is not None
    assert list(verify.faults(world.runtime.engine, session, row)) == []
    for one in (world.actor("school1"), world.actor("province1")):
        actions_for(session, one, definition.key, [subject.id], world.clock())
        access.hidden_from(definition, subject, one)
    events_of(session, instance)


def shown(definition: Definition) -> None:
    """What pages show of a version, whatever its instances are."""
    outline(definition.xml)
    assert differences(definition.xml, DIAGRAMS.get(definition.key, definition.xml.encode()).decode()) is not None
    _ = definition.statuses, definition.record_schema, definition.late_message
    for name, schema in definition.forms.items():
        for element in definition.elements.values():
            if name in (element.form, element.edit_form):
                seen = access.form_at(schema, element)
                describe(seen, {})
                parse(seen, {})


def told(world: World, key: str, xml: bytes, forms: dict[str, Any], tables: dict[str, str] | None = None) -> list[str]:
    """The problems, which are sentences; where there are none, it is run, and nothing of that is kept."""
    lines = problems(xml, key, HANDLERS, SUBJECTS, forms, tables=tables)
    assert [line for line in lines if not is_sentence(line)] == []
    if not lines:
        with world.runtime.database.writes() as session:
            try:
                run(world, session, key, xml, forms, tables)
            finally:
                session.rollback()
    return lines


@pytest.mark.parametrize("key", DIAGRAMS)
def test_diagrams(lite_books: World, key: str) -> None:
    lines = [told(lite_books, key, mutated_xml(DIAGRAMS[key], seed), FORMS) for seed in range(CHANGES)]
    assert {bool(found) for found in lines} == {True, False}  # both are looked at: what is refused, and what runs


@pytest.mark.parametrize("name", [name for name in FORMS if any(name.encode() in xml for xml in DIAGRAMS.values())])
def test_forms(lite_books: World, name: str) -> None:
    key = next(key for key, xml in DIAGRAMS.items() if name.encode() in xml)
    refused = 0
    for seed in range(CHANGES):
        form = mutated_json(FORMS[name], seed)
        if lines := [f"表单“{name}”{line}" for line in schemas.problems(form)]:
            assert [line for line in lines if not is_sentence(line)] == []
            refused += 1
        else:
            told(lite_books, key, DIAGRAMS[key], {**FORMS, name: form})
    assert 0 < refused < CHANGES


TABLE = table(("'高', '中'", "1"), ("!= '低'", "2"), ("? == '低' or ? == '高'", "3"), ("-", "None"), policy="FIRST")


def test_tables(lite_books: World) -> None:
    xml = decided("level==1")
    refused = 0
    for seed in range(3 * CHANGES):
        changed = mutated_xml(TABLE.encode(), seed)
        lines = decisions.problems(changed)
        assert [line for line in lines if not is_sentence(line)] == []
        refused += bool(lines)
        told(lite_books, "tiny", xml, FORMS, {"grade": changed.decode()})
    assert 0 < refused < 3 * CHANGES


@pytest.mark.row("8.3")
@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_pages_of_what_passes(lite_books: World, seed: int) -> None:
    """The whole way: the designer's check, the version's page, and the record's pages for both sides."""
    xml = mutated_xml(DIAGRAMS["weekly_report"], seed)
    if problems(xml, "weekly_report", HANDLERS, SUBJECTS, FORMS, drawn=True):
        return
    with lite_books.runtime.database.writing() as session:
        definition = deploying.deploy(session, lite_books.runtime.engine, xml, FORMS, "试")
        actor = lite_books.actor("school1")
        report = new_record("weekly_report", session, actor, lite_books.clock(), {})
        if definition.start.lane != "试点院校" or definition.subject != "weekly_report":
            return
        starting.start(lite_books.runtime.engine, session, actor, "weekly_report", report)
        number = report.id
    app = site(lite_books)
    for account, addresses in {
        "school1": ("/weekly/", f"/weekly/{number}", f"/weekly/{number}/edit", "/inbox/"),
        "province1": ("/weekly/", f"/weekly/{number}"),
        "designer": (f"/designer/weekly_report/{definition.version}/", "/designer/weekly_report/compare"),
    }.items():
        client = user(app, account)
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code < 500, (address, answer.get_data(as_text=True))


def test_what_is_no_sentence() -> None:
    for line in ("流程图不能运行：'name'", "EngineFault('流程图不能运行')", "KeyError: 'name'", "流程图\n不能运行这个", "no such element"):
        assert not is_sentence(line), line
    assert is_sentence("用户任务“审核”(t)：没有写明办理角色")
