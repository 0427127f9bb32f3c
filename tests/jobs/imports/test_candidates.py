"""批量导入考生信息 from upload to records: of one kind, by the documents' own rules, and of two who import the same people one wins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from domain.exams.candidates import Candidate
from domain.platform.background import BackgroundTask, retry
from domain.platform.imports import ImportRecord
from jobs import background
from jobs.imports import IMPORTS
from jobs.imports.checking import row_check
from jobs.imports.deciding import resume
from jobs.imports.template import template_of
from processes import tables
from tests.conftest import World
from tests.domain.exams.pupils import pupil
from tests.jobs.imports.files import workbook
from tests.jobs.imports.flow import begin, problems, record, take, upload, work

pytestmark = pytest.mark.row("5.2.3.2")
HEADER = ("姓名", "姓名拼音", "证件类型", "证件号", "手机号", "就读专业", "专业层次", "入学年份")
FIELDS = ("name", "pinyin", "document", "id_number", "mobile", "major", "level", "entry_year")


def row(number: int, **changes: Any) -> list[Any]:
    """A good row; `changes` by heading."""
    answers = pupil(number)
    return list({**dict(zip(HEADER, (answers[name] for name in FIELDS), strict=True)), **changes}.values())


def upload_rows(world: World, path: Path, rows: Sequence[Sequence[Any]], kind: str = "candidates", account: str = "school1") -> int:
    import_id = upload(world, workbook(path, [HEADER, *rows]), account, "考生.xlsx", kind)
    work(world, import_id)
    return import_id


def kept(world: World) -> list[tuple[str, str, str]]:
    with world.runtime.database.reading() as session:
        return [(one.kind, one.name, one.status) for one in session.scalars(select(Candidate).order_by(Candidate.id))]


def test_good_rows_become_candidates_with_processes(world: World, tmp_path: Path) -> None:
    take(world, upload_rows(world, tmp_path / "a", [row(1), row(2)]))
    nothing = {"就读专业": None, "专业层次": None, "入学年份": None}
    take(world, upload_rows(world, tmp_path / "b", [row(1), row(3, **nothing)], "social-candidates"))
    pupils = [("院校考生", "王小二", "无照片"), ("院校考生", "王小三", "无照片")]
    assert kept(world) == [*pupils, ("社会考生", "王小二", "无照片"), ("社会考生", "王小四", "无照片")]
    with world.runtime.database.reading() as session:
        started = session.scalars(select(tables.instance.c.subject_id).where(tables.instance.c.key == "candidate")).all()
        assert sorted(started) == [1, 2, 3, 4]


def test_what_is_wrong_is_named_by_row_and_column(lite: World, tmp_path: Path) -> None:
    take(lite, upload_rows(lite, tmp_path / "a", [row(9)]))
    rows = [
        row(1),
        row(2, 证件号="110105194912310021"),
        row(3, 证件号="320101200701010000"),
        row(1),
        row(9),
        row(4, 就读专业=None, 入学年份="二〇二五"),
        row(5, 证件类型="护照"),
        row(6, 证件类型="护照", 证件号="E12345678"),
        row(7, 证件类型="台湾居民来往大陆通行证", 证件号="12345678"),
        row(8, 证件类型="学生证"),
        row(10, 证件号="320101700101001"),
    ]
    assert problems(lite, upload_rows(lite, tmp_path / "b", rows)) == {
        3: [("id_number", "身份证号校验位错误，请对照证件逐位核对")],
        4: [("id_number", "疑似被 Excel 截断（末三位为 000），请把此列设为“文本”格式后重新填写")],
        5: [("id_number", "与第 2 行重复")],
        6: [("id_number", "本校已有使用该证件的院校考生")],
        7: [("major", "必须填写"), ("entry_year", "应填写整数")],
        8: [("id_number", "护照号应为 5–17 位字母或数字，请对照证件填写")],
        11: [
            (
                "document",
                "应为：居民身份证、港澳居民来往内地通行证、台湾居民来往大陆通行证、港澳台居民居住证、外国人永久居留证、护照、军官证",
            )
        ],
        12: [("id_number", "身份证号应为 18 位：前 17 位为数字，末位为数字或 X，15 位的旧号码已停用，请对照证件填写")],
    }


def test_one_number_on_documents_of_two_kinds_is_no_repetition(lite: World, tmp_path: Path) -> None:
    rows = [row(1, 证件类型="护照", 证件号="12345678"), row(2, 证件类型="台胞证", 证件号="12345678")]
    assert problems(lite, upload_rows(lite, tmp_path / "a", rows)) == {}


def test_of_two_imports_of_the_same_people_one_wins(world: World, tmp_path: Path) -> None:
    first = upload_rows(world, tmp_path / "a", [row(1), row(2)])
    second = upload_rows(world, tmp_path / "b", [row(2), row(3)])
    begin(world, first)
    begin(world, second)
    for import_id in (second, first):
        assert background.run_task(world.runtime, record(world, import_id).task_id or 0)
    assert problems(world, first) == {3: [("id_number", "本校已有使用该证件的院校考生")]}
    assert (record(world, first).taken, record(world, second).taken) == (1, 2)
    assert sorted(name for _, name, _ in kept(world)) == ["王小三", "王小二", "王小四"]


@pytest.mark.parametrize(
    ("kind", "must"), [("candidates", {"就读专业", "专业层次", "入学年份"}), ("social-candidates", set())], ids=["pupils", "others"]
)
def test_the_template_asks_for_what_the_kind_needs(lite: World, tmp_path: Path, kind: str, must: set[str]) -> None:
    description = IMPORTS[kind]
    with lite.runtime.database.reading() as session:
        (tmp_path / "t.xlsx").write_bytes(template_of(description.noun, row_check(session, description).columns))
    heads = [str(cell.value) for cell in load_workbook(tmp_path / "t.xlsx").active[1]]  # type: ignore[index, union-attr]
    assert [head.lstrip("*") for head in heads] == list(HEADER)
    assert {head.lstrip("*") for head in heads if head.startswith("*")} & {"就读专业", "专业层次", "入学年份"} == must


@pytest.mark.row("7.1")
def test_an_older_task_that_is_tried_again_takes_nothing_in_beside_the_one_that_went_on(world: World, tmp_path: Path) -> None:
    import_id = upload_rows(world, tmp_path / "a", [row(1), row(2), row(3)])
    begin(world, import_id)
    older = record(world, import_id).task_id or 0
    with world.runtime.database.writing() as session:
        session.execute(update(BackgroundTask).where(BackgroundTask.id == older).values(state="failed", lease_until=None))
    with world.runtime.database.writing() as session:
        one = session.get_one(ImportRecord, import_id)
        resume(session, world.actor("school1"), IMPORTS[one.kind], one, world.clock())
    with world.runtime.database.writing() as session:
        assert retry(session, session.get_one(BackgroundTask, older), world.clock())
    assert background.run_task(world.runtime, older)
    with world.runtime.database.reading() as session:
        left = session.get_one(BackgroundTask, older)
        assert (left.state, left.done, left.error) == ("failed", 0, "这项工作已由之后的任务继续，请返回原页面查看结果。")
    assert kept(world) == []
    work(world, import_id)
    assert [status for _, _, status in kept(world)] == ["无照片"] * 3
