"""The import of 监考人员: several certificates in a cell, whose certifications start together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from domain.demo.numbers import in_characters
from domain.exams.invigilators import Invigilator, InvigilatorCertificate, new_invigilator
from domain.platform.imports import ImportRecord
from jobs.imports import IMPORTS, template
from jobs.imports.checking import row_check
from jobs.imports.deciding import begin_taking
from jobs.imports.receiving import receive, uploaded
from processes import tables
from processes.monitor.verify import verify
from tests.conftest import World
from tests.jobs.imports.files import id_number, workbook
from tests.jobs.imports.flow import problems, record, work

pytestmark = pytest.mark.row("5.2.11.3")
HEADER = ("姓名", "身份证号", "手机号", "单位", "证书")
WEB, SHOP = "Web前端开发与调试（中级）", "网店运营（中级）"  # piloted by school1, not by school2


def name(number: int) -> str:
    return f"监考{in_characters(number)}"


def person(number: int, certificates: str = "", **changes: str) -> list[str]:
    row = {"name": name(number), "id_number": id_number(number), "mobile": f"139{number:08}", "unit": "教务处", **changes}
    return [*row.values(), certificates]


def upload(world: World, path: Path, rows: Sequence[Sequence[Any]], account: str = "school1") -> int:
    """Uploads rows and lets them be checked; returns the import's id."""
    runtime, description = world.runtime, IMPORTS["invigilators"]
    with (
        workbook(path, [HEADER, *rows]).open("rb") as stream,
        uploaded(runtime.settings, "监考.xlsx", stream) as found,
        runtime.database.writing() as session,
    ):
        import_id = receive(session, runtime.settings, world.actor(account), description, found, world.clock()).id
    work(world, import_id)
    return import_id


def take(world: World, import_id: int, account: str = "school1") -> None:
    with world.runtime.database.writing() as session:
        begin_taking(session, world.actor(account), IMPORTS["invigilators"], session.get_one(ImportRecord, import_id), world.clock())
    work(world, import_id)


def test_good_rows_become_invigilators_whose_certificates_wait(world_books: World, tmp_path: Path) -> None:
    halves = WEB.replace("（", "(").replace("）", ")")  # as people type it
    rows = [person(1, f"{WEB}、{SHOP}"), person(2, f"{halves}；{halves}"), person(3), *(person(n, SHOP) for n in range(4, 120))]
    import_id = upload(world_books, tmp_path / "a.xlsx", rows)
    assert problems(world_books, import_id) == {}
    take(world_books, import_id)
    found = record(world_books, import_id)
    assert (found.state, found.taken, found.bad) == ("done", 119, 0)
    with world_books.runtime.database.reading() as session:
        people = session.scalars(select(Invigilator).order_by(Invigilator.id)).all()
        held = {one.name: [(c.certificate.label, c.status) for c in one.certificates] for one in people}
        assert held[name(1)] == [(WEB, "待认证"), (SHOP, "待认证")]
        assert held[name(2)] == [(WEB, "待认证")]
        assert held[name(3)] == []
        assert held[name(119)] == [(SHOP, "待认证")]
        started = session.scalars(select(tables.instance.c.id).where(tables.instance.c.key == "invigilator_certificate")).all()
        assert len(started) == 2 + 1 + 116 == len(session.scalars(select(InvigilatorCertificate)).all())
        assert verify(world_books.runtime.engine, session) == []


def test_what_is_wrong_is_named_by_row_and_column(lite_books: World, tmp_path: Path) -> None:
    with lite_books.runtime.database.writing() as session:
        known = {"name": "王小明", "id_number": id_number(90), "mobile": "13900000000"}
        new_invigilator(session, lite_books.actor("school1"), lite_books.clock(), known)
    rows = [
        person(1, WEB),
        person(2, f"{WEB}、没有的证书（高级）"),
        person(90, WEB),
        person(1),
        person(3, mobile="123"),
        person(4, WEB.partition("（")[0].lower()),
        person(5, f"{WEB} {SHOP}"),
        person(6, f"{WEB}/{SHOP}"),
    ]
    import_id = upload(lite_books, tmp_path / "a.xlsx", rows)
    assert problems(lite_books, import_id) == {
        3: [("certificates", "证书“没有的证书（高级）”不存在，或本校未参与试点")],
        4: [("id_number", "本校已有使用该证件号的监考人员，要增加证书请在列表中编辑")],
        5: [("id_number", "与第 2 行重复")],
        6: [("mobile", "手机号应为 11 位数字，以 13–19 开头")],
        7: [("certificates", f"证书“{WEB.partition('（')[0].lower()}”没有写等级，应填写“{WEB}”或“{WEB.replace('中', '高')}”")],
        8: [("certificates", f"“{WEB} {SHOP}”中有不止一个证书，请用“、”分隔")],
        9: [("certificates", f"“{WEB}/{SHOP}”中有不止一个证书，请用“、”分隔")],
    }
    take(lite_books, import_id)
    assert record(lite_books, import_id).taken == 1
    other = upload(lite_books, tmp_path / "b.xlsx", [person(90, WEB)], "school2")  # another school: its own people, its own certificates
    assert problems(lite_books, other) == {2: [("certificates", f"证书“{WEB}”不存在，或本校未参与试点")]}


def test_the_template_says_how_several_certificates_are_written(lite_books: World, tmp_path: Path) -> None:
    with lite_books.runtime.database.reading() as session:
        columns = row_check(session, IMPORTS["invigilators"]).columns
    (tmp_path / "t.xlsx").write_bytes(template.template_of("监考人员", columns))
    book = load_workbook(tmp_path / "t.xlsx")
    head, example = list(book.worksheets[0].iter_rows(values_only=True))[:2]
    assert head == ("*姓名", "*证件号", "*手机号", "单位", "职称", "证书")
    assert example[-1] == f"{WEB}、{SHOP}"
    rules = {row[0]: row[2] for row in book.worksheets[1].iter_rows(values_only=True)}
    assert "多个证书用“、”分隔" in rules["证书"]
