"""批量修改考生信息: a template filled with today's data, and what becomes of the cells that were changed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from redis import Redis
from sqlalchemy import select, update

from domain.exams.candidates import Candidate
from domain.exams.photos import keep_photo
from domain.platform.imports import ImportRow
from jobs.imports import IMPORTS, amending_template
from processes import tables
from processes.history import events_of
from processes.monitor.verify import verify
from processes.outside import answers
from processes.steps import acting
from tests.conftest import World
from tests.domain.exams.pupils import pupil
from tests.jobs.conftest import Live
from tests.jobs.imports.flow import begin, problems, record, take, upload, work
from tests.jobs.imports.test_candidates import row, upload_rows
from tests.jobs.imports.test_killed import go_on, kill_at

pytestmark = pytest.mark.row("5.2.3.4")
CHANGES = IMPORTS["candidate-changes"]


def registered(world: World, path: Path, numbers: Sequence[int] = (1, 2, 3)) -> None:
    """Candidates 1, 2, … of school1, without photos."""
    take(world, upload_rows(world, path, [row(number) for number in numbers]))


def template(world: World, path: Path, ids: Sequence[int] = (), values: Mapping[str, str] | None = None, account: str = "school1") -> Path:
    """The template of some candidates, or of all under the filters."""
    with world.runtime.database.reading() as session:
        query = amending_template.chosen(session, world.actor(account), CHANGES, values or {}, ids)
        amending_template.write(session, CHANGES, query.order_by(None).order_by(Candidate.id), str(path))
    return path


def change(path: Path, cells: Mapping[tuple[int, str], Any]) -> Path:
    """Writes values into cells (line of the sheet, heading)."""
    book = load_workbook(path)
    sheet = book["考生"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for (line, heading), value in cells.items():
        sheet.cell(line, at[heading]).value = value
    book.save(path)
    return path


def sent(world: World, path: Path, account: str = "school1") -> int:
    """Id of the checked upload."""
    import_id = upload(world, path, account, "修改.xlsx", "candidate-changes")
    work(world, import_id)
    return import_id


def changes(world: World, import_id: int) -> dict[int, list[list[Any]]]:
    with world.runtime.database.reading() as session:
        query = select(ImportRow.number, ImportRow.changes).where(ImportRow.import_id == import_id).order_by(ImportRow.number)
        return {number: [list(one) for one in found or ()] for number, found in session.execute(query)}


def states(world: World, import_id: int) -> list[str]:
    with world.runtime.database.reading() as session:
        return list(session.scalars(select(ImportRow.state).where(ImportRow.import_id == import_id).order_by(ImportRow.number)))


def told(world: World, candidate_id: int) -> dict[str, Any]:
    with world.runtime.database.reading() as session:
        return session.get_one(Candidate, candidate_id).answers()


def edit(world: World, candidate_id: int, **values: Any) -> None:
    with world.runtime.database.writing() as session:
        instance = session.scalars(
            select(tables.instance.c.id).where(tables.instance.c.key == "candidate", tables.instance.c.subject_id == candidate_id)
        ).one()
        filled = {**session.get_one(Candidate, candidate_id).answers(), **values}
        filled.pop("photo", None)
        acting.save(world.runtime.engine, session, world.actor("school1"), instance, filled)


def make_accurate(world: World, candidate_id: int) -> None:
    """Gives a candidate a photo and lets the comparison succeed."""
    engine, school, job = world.runtime.engine, world.actor("school1"), tables.job.c
    photo = keep_photo(world.runtime.settings.home, f"photo{candidate_id}".encode())
    with world.runtime.database.writing() as session:
        instance = session.scalars(
            select(tables.instance.c.id).where(tables.instance.c.key == "candidate", tables.instance.c.subject_id == candidate_id)
        ).one()
        acting.put(engine, session, school, instance, "photo", photo)
        (sent,) = acting.send(engine, session, school, instance, "waiting")
        session.execute(update(tables.job).where(job.id == sent).values(state="running", attempt=1))
        answers.answer(engine, session, sent, 1, {})


def test_only_changed_cells_are_changed(world: World, tmp_path: Path) -> None:
    registered(world, tmp_path / "a")
    path = template(world, tmp_path / "t.xlsx")
    import_id = sent(world, change(path, {(2, "手机号"): "13922220000", (2, "入学年份"): 2024, (4, "就读专业"): "护理"}))
    assert states(world, import_id) == ["good", "same", "good"]
    assert changes(world, import_id) == {
        2: [["mobile", "13911110000", "13922220000", None], ["entry_year", "2025", "2024", None]],
        3: [],
        4: [["major", "软件技术", "护理", None]],
    }
    assert told(world, 1)["mobile"] == "13911110000"  # nothing is changed before somebody has seen it
    take(world, import_id)
    found = record(world, import_id)
    assert (found.state, found.total, found.taken, found.same, found.bad, found.status) == ("done", 3, 2, 1, 0, "已导入")
    assert told(world, 1) == {**pupil(1), "mobile": "13922220000", "entry_year": 2024}
    assert told(world, 2) == pupil(2)
    assert told(world, 3) == {**pupil(3), "major": "护理"}
    with world.runtime.database.reading() as session:
        instance = session.scalars(
            select(tables.instance.c.id).where(tables.instance.c.key == "candidate", tables.instance.c.subject_id == 1)
        ).one()
        last = events_of(session, instance)[-1]
        assert (last.kind, last.data) == ("edit", {"entry_year": [2025, 2024], "mobile": ["13911110000", "13922220000"]})
        assert verify(world.runtime.engine, session) == []


def test_the_template_keeps_numbers_as_text_and_shows_what_may_not_be_changed(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a")
    book = load_workbook(template(lite, tmp_path / "t.xlsx", [2]))
    sheet = book["考生"]
    head, only = ([cell.value for cell in line] for line in sheet.iter_rows())
    assert head == ["编号", "考生类型", "姓名", "姓名拼音", "证件类型", "证件号", "手机号", "就读专业", "专业层次", "入学年份"]
    assert only[1:] == [str(value) for value in pupil(2).values()]
    assert {cell.number_format for cell in sheet[2]} == {"@"}
    assert [cell.fill.fgColor.rgb == "FFE3E6EA" for cell in sheet[2]] == [True, *[False] * 9]
    assert {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}["B2"] == '"院校考生,社会考生"'
    assert "编号" in [cell.value for cell in book["填写说明"]["A"]]


def test_pinyin_follows_a_corrected_name_unless_somebody_wrote_it(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a", (1, 2))
    edit(lite, 2, pinyin="WANG XIAO SAN")
    path = template(lite, tmp_path / "t.xlsx")
    import_id = sent(lite, change(path, {(2, "姓名"): "曾小明", (3, "姓名"): "曾小红"}))
    assert changes(lite, import_id) == {
        2: [["name", "王小二", "曾小明", None]],  # its pinyin was never that of the name
        3: [["name", "王小三", "曾小红", None]],
    }
    edit(lite, 1, pinyin="WANG XIAOER")
    path = template(lite, tmp_path / "t2.xlsx", [1])
    import_id = sent(lite, change(path, {(2, "姓名"): "曾小明"}))
    assert changes(lite, import_id)[2] == [["name", "王小二", "曾小明", None], ["pinyin", "WANG XIAOER", "ZENG XIAOMING", None]]
    import_id = sent(lite, change(template(lite, tmp_path / "t3.xlsx", [2]), {(2, "姓名拼音"): None}))
    assert changes(lite, import_id)[2] == [["pinyin", "WANG XIAO SAN", "WANG XIAOSAN", None]]


def test_pinyin_that_was_emptied_is_that_of_the_name_again_also_where_it_was_so_before(world: World, tmp_path: Path) -> None:
    registered(world, tmp_path / "a", (1, 2))
    edit(world, 1, pinyin="WANG XIAOER")
    edit(world, 2, pinyin="WANG XIAOSAN")
    make_accurate(world, 2)
    cells = {(2, "姓名拼音"): None, (3, "姓名拼音"): None, (3, "手机号"): "13922220000"}
    import_id = sent(world, change(template(world, tmp_path / "t.xlsx"), cells))
    assert problems(world, import_id) == {}
    assert changes(world, import_id) == {2: [], 3: [["mobile", "13911110000", "13922220000", None]]}
    assert states(world, import_id) == ["same", "good"]
    take(world, import_id)
    assert [told(world, number)["pinyin"] for number in (1, 2)] == ["WANG XIAOER", "WANG XIAOSAN"]


def test_what_somebody_else_changed_meanwhile_is_told(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a")
    path = template(lite, tmp_path / "t.xlsx")
    edit(lite, 1, mobile="13933330000")
    edit(lite, 2, mobile="13933330000")
    edit(lite, 3, mobile="13933330000")
    import_id = sent(lite, change(path, {(2, "手机号"): "13922220000", (3, "就读专业"): "护理", (4, "手机号"): "13933330000"}))
    assert states(lite, import_id) == ["bad", "good", "same"]
    ((name, reason),) = problems(lite, import_id)[2]
    assert name == "mobile"
    assert "改为“13933330000”；仍要修改的，请重新下载模板" in reason
    assert reason.startswith("下载模板后，张文（金陵职业技术学院）已于 ")
    take(lite, import_id)
    assert [told(lite, number)["mobile"] for number in (1, 2, 3)] == ["13933330000"] * 3
    assert told(lite, 2)["major"] == "护理"


def test_an_edit_between_check_and_change_is_told(world: World, tmp_path: Path) -> None:
    registered(world, tmp_path / "a", (1, 2))
    path = template(world, tmp_path / "t.xlsx")
    import_id = sent(world, change(path, {(2, "手机号"): "13922220000", (3, "手机号"): "13922220000"}))
    begin(world, import_id)
    edit(world, 1, mobile="13933330000")
    work(world, import_id)
    assert states(world, import_id) == ["bad", "taken"]
    assert "改为“13933330000”" in problems(world, import_id)[2][0][1]
    assert [told(world, number)["mobile"] for number in (1, 2)] == ["13933330000", "13922220000"]


def test_rows_are_found_by_their_number_or_their_document(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a")
    first, second = template(lite, tmp_path / "t.xlsx"), tmp_path / "u.xlsx"
    new_number = pupil(9)["id_number"]
    import_id = sent(lite, change(first, {(2, "证件号"): new_number, (3, "编号"): None, (3, "手机号"): "13922220000"}))
    assert changes(lite, import_id)[2] == [["id_number", pupil(1)["id_number"], new_number, None]]
    assert changes(lite, import_id)[3] == [["mobile", "13911110000", "13922220000", None]]
    take(lite, import_id)
    assert (told(lite, 1)["id_number"], told(lite, 2)["mobile"]) == (new_number, "13922220000")
    # lines that slipped, a candidate twice, one that is nobody's, a number that somebody else has
    path = change(template(lite, second), {(2, "编号"): "3-1", (4, "证件号"): new_number})
    book = load_workbook(path)
    sheet = book["考生"]
    sheet.append([sheet["A3"].value, *[cell.value for cell in sheet[3]][1:]])
    sheet.append(["99-1", *[cell.value for cell in sheet[3]][1:]])
    book.save(path)
    assert problems(lite, sent(lite, path)) == {
        2: [("record", "编号与本行的姓名、证件号都不相符，请核对是否错行")],
        4: [("record", "与第 2 行重复")],
        5: [("record", "与第 3 行重复")],
        6: [("record", "考生不存在，或不属于本单位，请重新下载模板")],
    }


def test_another_school_changes_nothing(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a", (1,))
    path = change(template(lite, tmp_path / "t.xlsx"), {(2, "手机号"): "13922220000"})
    assert problems(lite, sent(lite, path, "school2")) == {2: [("record", "考生不存在，或不属于本单位，请重新下载模板")]}
    change(path, {(2, "编号"): None})
    ((name, reason),) = problems(lite, sent(lite, path, "school2"))[2]
    assert (name, reason[:5]) == ("record", "没有编号，")
    assert load_workbook(template(lite, tmp_path / "u.xlsx", [1], account="school2"))["考生"].max_row == 1


def test_what_is_wrong_is_named_by_its_cell(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a")
    path = template(lite, tmp_path / "t.xlsx")
    cells = {(2, "手机号"): "1", (3, "就读专业"): None, (4, "姓名"): "王1"}
    assert problems(lite, sent(lite, change(path, cells))) == {
        2: [("mobile", "手机号应为 11 位数字，以 13–19 开头")],
        3: [("major", "必须填写")],
        4: [("name", "姓名中不能有数字，请按证件填写")],
    }


@pytest.mark.row("5.2.3.5")
def test_accurate_information_keeps_what_may_not_change_and_the_rest_counts(world: World, tmp_path: Path) -> None:
    registered(world, tmp_path / "a", (1, 2))
    make_accurate(world, 1)
    make_accurate(world, 2)
    path = template(world, tmp_path / "t.xlsx")
    grey = [cell.fill.fgColor.rgb == "FFE3E6EA" for cell in load_workbook(path)["考生"][2]]
    assert [at for at, fixed in enumerate(grey) if fixed] == [0, 2, 4, 5]  # 编号, 姓名, 证件类型, 证件号
    import_id = sent(world, change(path, {(2, "姓名"): "曾小明", (2, "手机号"): "13922220000", (3, "证件类型"): "护照"}))
    kept = "当前状态为“信息准确”，不能修改此项"
    assert states(world, import_id) == ["good", "same"]
    assert changes(world, import_id) == {
        2: [["mobile", "13911110000", "13922220000", None], ["name", "王小二", "曾小明", kept]],
        3: [["document", "居民身份证", "护照", kept]],
    }
    # the second row counts as one without changes: what is not taken is said above all rows, before anybody confirms
    where = "第 2 行“姓名”、第 3 行“证件类型”"
    assert record(world, import_id).remarks == [f"有 2 个单元格的改动不会被采纳，保持原值（{kept}）：{where}。"]
    take(world, import_id)
    assert (told(world, 1)["name"], told(world, 1)["mobile"], told(world, 2)["document"]) == ("王小二", "13922220000", "居民身份证")
    with world.runtime.database.reading() as session:
        assert {one.status for one in session.scalars(select(Candidate))} == {"信息准确"}


@pytest.mark.row("5.2.3.6")
def test_a_changed_name_goes_back_to_be_compared_by_the_diagram(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a", (1,))
    photo = keep_photo(lite.runtime.settings.home, b"photo")
    with lite.runtime.database.writing() as session:
        instance = session.scalars(select(tables.instance.c.id)).one()
        acting.put(lite.runtime.engine, session, lite.actor("school1"), instance, "photo", photo)
        acting.send(lite.runtime.engine, session, lite.actor("school1"), instance, "waiting")
    take(lite, sent(lite, change(template(lite, tmp_path / "t.xlsx"), {(2, "姓名"): "曾小明"})))
    with lite.runtime.database.reading() as session:
        position = session.scalars(select(tables.instance.c.position)).one()
        assert (session.get_one(Candidate, 1).status, position) == ("信息待认证", "waiting")


def test_a_record_deleted_meanwhile_and_one_of_a_suspended_process(lite: World, tmp_path: Path) -> None:
    registered(lite, tmp_path / "a", (1, 2))
    path = change(template(lite, tmp_path / "t.xlsx"), {(2, "手机号"): "13922220000", (3, "手机号"): "13922220000"})
    import_id = sent(lite, path)
    begin(lite, import_id)
    with lite.runtime.database.writing() as session:
        first, second = session.scalars(select(tables.instance.c.id).order_by(tables.instance.c.id)).all()
        acting.send(lite.runtime.engine, session, lite.actor("school1"), first, "delete_early")
        instance = tables.instance
        session.execute(update(instance).where(instance.c.id == second).values(suspended_at=lite.clock()))
    work(lite, import_id)
    assert problems(lite, import_id) == {
        2: [("record", "考生不存在，或不属于本单位，请重新下载模板")],
        3: [("record", "流程已挂起，不能修改")],
    }
    assert record(lite, import_id).status == "未导入"


def test_a_worker_killed_while_changing_changes_nothing_twice(
    live: Live, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = live.world
    registered(world, tmp_path / "a", range(20))
    path = template(world, tmp_path / "t.xlsx")
    import_id = sent(world, change(path, {(line, "手机号"): "13922220000" for line in range(2, 22)}))
    begin(world, import_id)
    kill_at(live, redis, import_id, 3, monkeypatch)  # the first keeps the total; in the middle of the second ten
    assert sorted(states(world, import_id)) == ["good"] * 10 + ["taken"] * 10
    go_on(live, import_id)
    assert states(world, import_id) == ["taken"] * 20
    with world.runtime.database.reading() as session:
        assert {one.mobile for one in session.scalars(select(Candidate))} == {"13922220000"}
        edits = session.scalars(select(tables.event.c.instance_id).where(tables.event.c.kind == "edit")).all()
        assert len(edits) == len(set(edits)) == 20
        assert verify(world.runtime.engine, session) == []
