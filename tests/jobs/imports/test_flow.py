"""An import from upload to records: checked, corrected, taken in once, the failed rows given back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from domain.institutions.teachers import Teacher
from domain.platform.imports import ImportRecord, ImportRow, import_of
from jobs import background
from jobs.imports import IMPORTS, working
from jobs.imports.correcting import CellTooLong, RowClosed, correct
from jobs.imports.deciding import AlreadyDecided, NothingToTake, drop, resume
from jobs.imports.failures import write_failures
from jobs.imports.guarding import MAX_CELL
from jobs.imports.originals import file_of
from jobs.imports.receiving import AlreadyImported
from processes import tables
from processes.steps import acting
from tests.conftest import World
from tests.jobs.imports.files import HEADER, id_number, teacher, workbook
from tests.jobs.imports.flow import TEACHERS, begin, counts, problems, record, take, upload, upload_rows, work

pytestmark = pytest.mark.row("7.1")


def test_good_rows_become_teachers_with_accounts_and_processes(world: World, tmp_path: Path) -> None:
    import_id = upload_rows(world, tmp_path / "a", [teacher(n) for n in range(5)])
    found = record(world, import_id)
    assert (found.state, found.total, found.good, found.bad, found.taken) == ("ready", 5, 5, 0, 0)
    assert file_of(world.runtime.settings, found).exists()  # rows that are refused later come back in it
    assert counts(world) == (0, 0, 0)
    take(world, import_id)
    found = record(world, import_id)
    assert not file_of(world.runtime.settings, found).exists()  # its rows are kept instead
    assert (found.state, found.good, found.bad, found.taken) == ("done", 0, 0, 5)
    assert counts(world) == (5, 5, 5)
    with world.runtime.database.reading() as session:
        one = session.scalars(select(Teacher).order_by(Teacher.id)).first()
        assert one is not None
        assert (one.person.name, one.person.account, one.id_number, one.rank) == ("教师〇〇〇〇〇", "13900000000", id_number(0), "讲师")
        assert (one.status, one.tone) == ("未激活", "waiting")


def test_what_is_wrong_is_named_by_row_and_column(lite: World, tmp_path: Path) -> None:
    taken = upload_rows(lite, tmp_path / "a", [teacher(90)])
    take(lite, taken)
    rows = [
        teacher(1),
        teacher(2, 姓名=None, 手机号="12345"),
        teacher(3, 证件号="110105199001010018"),
        teacher(4, 证件号=110105194912310026),
        teacher(5, 性别="男性"),
        teacher(6, 手机号="13900000001"),
        teacher(7, 手机号="13900000090"),
        teacher(8, 证件号=id_number(90)),
        teacher(9, 手机号="１３９ 0000 0009", 邮箱="x"),
    ]
    import_id = upload_rows(lite, tmp_path / "b", rows)
    assert problems(lite, import_id) == {
        3: [("name", "必须填写"), ("mobile", "手机号应为 11 位数字，以 13–19 开头")],
        4: [("id_number", "身份证号校验位错误，请对照证件逐位核对")],
        5: [("id_number", "疑似被 Excel 截断（末三位为 000），请把此列设为“文本”格式后重新填写")],
        6: [("sex", "应为：男、女")],
        7: [("mobile", "与第 2 行重复")],
        8: [("mobile", "本校已有使用该手机号的账号")],
        9: [("id_number", "本校已有使用该证件号的教师")],
        10: [("email", "填写有误，请核对，例如：wang@example.com")],
    }


def test_another_schools_account_is_not_told_about(lite: World, tmp_path: Path) -> None:
    take(lite, upload_rows(lite, tmp_path / "a", [teacher(1)]))
    import_id = upload_rows(lite, tmp_path / "b", [teacher(2), teacher(1)], "school2")
    assert problems(lite, import_id) == {3: [("mobile", "该手机号已有账号")]}


def test_the_same_file_again_changes_nothing_and_says_so(lite: World, tmp_path: Path) -> None:
    import_id = upload_rows(lite, tmp_path / "a", [teacher(1)])
    take(lite, import_id)
    with pytest.raises(AlreadyImported, match=r"张文.*没有重复导入") as caught:
        upload(lite, tmp_path / "a", name="改了名.xlsx")
    assert caught.value.import_id == import_id
    assert counts(lite) == (1, 1, 1)
    assert [path.name for path in (lite.runtime.settings.home / "imports").iterdir()] == []
    other = upload(lite, tmp_path / "a", "school2")  # another school's file is its own
    assert other != import_id


def test_of_two_who_take_an_import_in_at_once_one_wins(world: World, tmp_path: Path) -> None:
    import_id = upload_rows(world, tmp_path / "a", [teacher(1)])
    begin(world, import_id)
    with pytest.raises(AlreadyDecided):
        begin(world, import_id)
    work(world, import_id)
    assert counts(world) == (1, 1, 1)
    with pytest.raises(AlreadyDecided):
        begin(world, import_id)
    other = upload_rows(world, tmp_path / "b", [teacher(2, 手机号="1")])
    with pytest.raises(NothingToTake):  # which tells of rows with problems: there are some
        begin(world, other)


def test_bad_cells_are_corrected_and_only_these_rows_checked_again(world: World, tmp_path: Path) -> None:
    rows = [teacher(1), teacher(2, 手机号="1"), teacher(3, 手机号="2"), teacher(4, 姓名="")]
    import_id = upload_rows(world, tmp_path / "a", rows)
    runtime, actor = world.runtime, world.actor("school1")
    changes = {3: {"mobile": "13900000001"}, 4: {"mobile": "１３９００００００３３"}, 5: {"nothing": "x"}}
    with runtime.database.writing() as session:
        one = import_of(session, actor, "teachers", import_id)
        assert one is not None
        assert correct(session, actor, TEACHERS, one, changes) == 1
    assert problems(world, import_id) == {3: [("mobile", "与第 2 行重复")], 5: [("name", "必须填写")]}
    assert (record(world, import_id).good, record(world, import_id).bad) == (2, 2)
    take(world, import_id)
    assert counts(world)[0] == 2
    with runtime.database.writing() as session:  # what is left may still be mended, what is taken in may not
        one = import_of(session, actor, "teachers", import_id)
        assert one is not None
        with pytest.raises(RowClosed):
            correct(session, actor, TEACHERS, one, {2: {"name": "改名"}})
        assert correct(session, actor, TEACHERS, one, {5: {"name": "李四"}}) == 1
    take(world, import_id)
    assert counts(world) == (3, 3, 3)
    assert record(world, import_id).state == "done"


def test_a_row_that_an_unquoted_comma_has_shifted_is_bad_until_somebody_has_put_it_right(lite: World, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("姓名,专业,手机号\n张三,软件,网络,13900000001\n李四,软件,13900000002\n", "utf-8")
    import_id = upload(lite, tmp_path / "a", name="教师.csv")
    work(lite, import_id)
    said = dict(problems(lite, import_id)[2])
    assert said["name"].startswith("这一行比表头多出 1 格（“13900000001”）")
    assert (record(lite, import_id).good, record(lite, import_id).bad) == (1, 1)
    for changes, good in (({"name": "张三", "major": "软件"}, 0), ({"major": "软件,网络", "mobile": "13900000001"}, 1)):
        with lite.runtime.database.writing() as session:
            one = session.get_one(ImportRecord, import_id)
            assert correct(session, lite.actor("school1"), TEACHERS, one, {2: changes}) == good
    take(lite, import_id)
    with lite.runtime.database.reading() as session:
        assert session.scalars(select(Teacher.major).order_by(Teacher.id)).all() == ["软件,网络", "软件"]


def test_a_long_text_is_corrected_whole_or_not_at_all(world: World, tmp_path: Path) -> None:
    import_id = upload_rows(world, tmp_path / "a", [teacher(1, 手机号="1")])
    runtime, actor = world.runtime, world.actor("school1")
    long = "长" * MAX_CELL
    with runtime.database.writing() as session:
        one = import_of(session, actor, "teachers", import_id)
        assert one is not None
        correct(session, actor, TEACHERS, one, {2: {"name": long}})
        row = session.get_one(ImportRow, (import_id, 2))
        assert row.cells[one.places["name"]] == long
        with pytest.raises(CellTooLong, match="删减"):
            correct(session, actor, TEACHERS, one, {2: {"name": long + "长"}})
        assert row.cells[one.places["name"]] == long


def test_what_was_taken_meanwhile_becomes_a_bad_row(world: World, tmp_path: Path) -> None:
    first = upload_rows(world, tmp_path / "a", [teacher(1), teacher(2)])
    second = upload_rows(world, tmp_path / "b", [teacher(2), teacher(3)])
    take(world, first)
    take(world, second)
    assert problems(world, second) == {2: [("mobile", "本校已有使用该手机号的账号")]}
    assert (record(world, second).taken, record(world, second).bad) == (1, 1)
    assert counts(world) == (3, 3, 3)


def test_the_failed_rows_come_back_with_reasons_and_can_be_uploaded(lite: World, tmp_path: Path) -> None:
    import_id = upload_rows(lite, tmp_path / "a", [teacher(1), teacher(2, 手机号="1", 性别="?", 专业="+1+1")])
    path = tmp_path / "failed.xlsx"
    with lite.runtime.database.reading() as session:
        write_failures(session, TEACHERS, session.get_one(ImportRecord, import_id), path)
    sheet = load_workbook(path).active
    assert sheet is not None
    head, row = ([cell.value for cell in line] for line in sheet.iter_rows())
    assert head == ["行号", "错误列", "原因", "当前值", *HEADER]
    assert row[:4] == ["3", "手机号；性别", "手机号应为 11 位数字，以 13–19 开头；应为：男、女", "1；?"]
    assert row[8] == "+1+1"
    assert sheet["I2"].data_type == "s"  # text, not a formula
    sheet["F2"], sheet["H2"] = "13900000002", "女"
    book = sheet.parent
    assert book is not None
    book.save(path)
    again = upload(lite, path)
    work(lite, again)
    assert (record(lite, again).total, record(lite, again).bad) == (1, 0)


@pytest.mark.parametrize(
    ("rows", "said"),
    [([HEADER], "只有表头，没有数据行"), ([["甲"], ["乙"]], "没有找到表头"), ([["姓名"], ["乙"]], "缺少“手机号”列")],
)
def test_a_file_that_cannot_be_imported_may_come_again(lite: World, tmp_path: Path, rows: list[list[str]], said: str) -> None:
    path = workbook(tmp_path / "a", rows)
    import_id = upload(lite, path)
    work(lite, import_id)
    found = record(lite, import_id)
    assert found.state == "refused"
    assert said in (found.problem or "")
    assert not file_of(lite.runtime.settings, found).exists()
    assert upload(lite, path) != import_id


def test_a_dropped_import_leaves_nothing_and_may_come_again(lite: World, tmp_path: Path) -> None:
    import_id = upload_rows(lite, tmp_path / "a", [teacher(1)])
    with lite.runtime.database.writing() as session:
        drop(session, session.get_one(ImportRecord, import_id))
    with lite.runtime.database.writing() as session, pytest.raises(AlreadyDecided):
        drop(session, session.get_one(ImportRecord, import_id))
    assert record(lite, import_id).state == "dropped"
    assert upload(lite, tmp_path / "a") != import_id


def test_cancelled_work_goes_on_where_it_stopped(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "TAKEN", 2)
    import_id = upload_rows(lite, tmp_path / "a", [teacher(n) for n in range(5)])
    begin(lite, import_id)
    task_id = record(lite, import_id).task_id
    whole = working._take_chunk

    def cancelled(*args: object) -> bool:
        with lite.runtime.database.writing() as session:
            session.execute(update(background.BackgroundTask).where(background.BackgroundTask.id == task_id).values(state="cancelled"))
        return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(working, "_take_chunk", lambda *args: whole(*args) and cancelled(*args))
    assert not background.run_task(lite.runtime, task_id or 0)
    assert counts(lite) == (2, 2, 0)
    monkeypatch.setattr(working, "_take_chunk", whole)
    with lite.runtime.database.writing() as session:
        resume(session, lite.actor("school1"), TEACHERS, session.get_one(ImportRecord, import_id), lite.clock())
    work(lite, import_id)
    assert counts(lite) == (5, 5, 5)
    assert record(lite, import_id).state == "done"


def test_a_check_that_was_killed_begins_anew(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CHECKED", 2)
    path = workbook(tmp_path / "a", [HEADER, *(teacher(n) for n in range(5))])
    import_id = upload(lite, path)
    whole, seen = working._checked, []

    def killed(*args: object) -> object:
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt  # as near to a kill as one process comes
        return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(working, "_checked", killed)
    task_id = record(lite, import_id).task_id or 0
    with pytest.raises(KeyboardInterrupt):
        background.run_task(lite.runtime, task_id)
    lite.clock.now += background.LEASE * 2
    assert background.sweep(lite.runtime) == [task_id]
    assert background.run_task(lite.runtime, task_id)
    assert (record(lite, import_id).state, record(lite, import_id).total) == ("ready", 5)
    with lite.runtime.database.reading() as session:
        assert len(session.scalars(select(ImportRow.number)).all()) == 5


def test_one_kind_of_import_is_a_description(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process, and with two lines of rules of its own: nothing else is needed."""
    made: list[str] = []

    def store(session: object, actor: object, rows: object, now: object) -> list[int]:
        made.extend(row["name"] for row in rows)  # type: ignore[attr-defined]
        return list(range(len(made)))

    plain = replace(TEACHERS, key="plain", process=None, form="teacher.json", unique=(), known=lambda *args: {}, store=store)
    monkeypatch.setitem(IMPORTS, "plain", plain)
    import_id = upload_rows(lite, tmp_path / "a", [teacher(1), teacher(1)], kind="plain")
    take(lite, import_id)
    assert made == ["教师〇〇〇〇一"] * 2
    assert record(lite, import_id).state == "done"


def test_starting_is_left_to_the_engine(lite: World, tmp_path: Path) -> None:
    take(lite, upload_rows(lite, tmp_path / "a", [teacher(1)]))
    with lite.runtime.database.reading() as session:
        row = session.execute(select(tables.instance)).one()
        assert (row.key, row.started_by, row.status) == ("teacher", lite.actor("school1").person_id, "未激活")
        assert session.execute(select(tables.job.c.handler, tables.job.c.payload)).one() == ("account.first_password", None)
    assert acting.tick(lite.runtime.engine, session, row.id) == []


def test_rows_that_were_refused_at_the_take_are_not_called_imported(lite: World, tmp_path: Path) -> None:
    first = upload_rows(lite, tmp_path / "a", [teacher(1), teacher(2)])
    second = upload_rows(lite, tmp_path / "b", [teacher(1), teacher(2), teacher(3)])
    third = upload_rows(lite, tmp_path / "c", [teacher(2), teacher(1)])
    for import_id in (first, second, third):
        take(lite, import_id)
    assert [record(lite, one).status for one in (first, second, third)] == ["已导入", "部分导入", "未导入"]
    assert [(record(lite, one).taken, record(lite, one).bad) for one in (first, second, third)] == [(2, 0), (1, 2), (0, 2)]
