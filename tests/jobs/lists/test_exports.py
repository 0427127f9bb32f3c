"""Exports: what Excel reads, that no cell becomes a formula, that no query is made for a row, and through a task."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from sqlalchemy import event, select

from domain.platform import background as records
from domain.platform.background import BackgroundTask
from forms.listing import Column
from jobs import background
from jobs.lists import exports
from jobs.lists.registry import LISTS
from jobs.lists.sheets import MAX_TEXT, write_sheet
from processes import tables
from processes.definitions.store import load
from tests.conftest import World
from tests.jobs.lists.many import hand_in_many


def read(columns: list[Column], *rows: list[Any]) -> Any:
    file = BytesIO()
    write_sheet(columns, rows, file)
    return openpyxl.load_workbook(file).active


@pytest.mark.row("2.1.3")
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://127.0.0.1")', "https://127.0.0.1/x"])
def test_no_text_becomes_a_formula_or_a_link(text: str) -> None:
    cell = read([Column("名称", str)], [text])["A2"]
    assert cell.data_type in ("s", "inlineStr")
    assert unescape(cell.value) == text
    assert cell.number_format == "@"
    assert cell.hyperlink is None
    assert cell.quotePrefix is (text[0] in "=+-@\t\r")


@pytest.mark.row("2.1.3")
def test_cells_keep_their_kinds() -> None:
    labels = ["身份证号", "手机", "人数", "日期", "时间", "状态", "是否"]
    kinds = ["text", "text", "number", "date", "moment", "badge", "text"]
    columns = [Column(label, str, kind) for label, kind in zip(labels, kinds, strict=True)]
    row = ["320102199003070014", "013900000000", 30, date(2026, 11, 23), datetime(2026, 11, 23, 16, 5, tzinfo=UTC), "待审核", True]
    sheet = read(columns, row, ["", None, "无", None, None, "", False])
    assert [cell.value for cell in sheet[2]] == [
        "320102199003070014", "013900000000", 30, datetime(2026, 11, 23), datetime(2026, 11, 24, 0, 5), "待审核", "是",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[3]] == [None, None, "无", None, None, None, "否"]
    assert [cell.value for cell in sheet[1]] == labels
    assert sheet["D2"].number_format == "yyyy-mm-dd"
    assert sheet["E2"].number_format == "yyyy-mm-dd hh:mm"
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].width >= 18


def test_what_a_cell_cannot_hold_is_cut_and_control_characters_do_no_harm() -> None:
    sheet = read([Column("说明", str)], ["长" * 40_000], ["a\x00b\x1fc"])
    assert len(sheet["A2"].value) == MAX_TEXT
    assert sheet["A3"].value.startswith("a")


@pytest.mark.row("2.1.3")
def test_every_list_exports_without_a_query_a_row(world_books: World) -> None:
    world = world_books
    hand_in_many(world, 5)
    statements: list[str] = []
    event.listen(world.runtime.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with world.runtime.database.reading() as session:  # a version's diagram is read once in the life of a process
        for definition_id in session.scalars(select(tables.definition.c.id)):
            load(session, definition_id)
    for listing in LISTS.values():
        for actor in world.actors.values():
            with world.runtime.database.reading() as session:
                statements.clear()
                exports.write(session, exports.chosen(listing, actor, {}, []), listing.columns, BytesIO())
                # the rows, and at most what a collection of theirs takes for all of them
                assert len([one for one in statements if one != "BEGIN"]) <= 2, (listing.name, statements)


@pytest.mark.row("2.1.3")
@pytest.mark.parametrize(("values", "ticked", "expected"), [({}, 0, 5), ({}, 2, 2), ({"status": "待审核"}, 0, 5), ({"school": "无"}, 0, 0)])
def test_the_task_exports_ticked_rows_or_all_under_the_filters(world: World, values: dict[str, str], ticked: int, expected: int) -> None:
    ids = hand_in_many(world, 5)
    runtime = world.runtime
    params = {"listing": "weekly_report", "values": values, "ids": ids[:ticked]}
    for account, rows in (("province1", expected), ("province2", 0)):
        with runtime.database.writing() as session:
            task_id = records.begin(session, world.actor(account), "export", "导出", params, runtime.engine.clock()).id
        assert background.run_task(runtime, task_id)
        with runtime.database.reading() as session:
            task = session.get_one(BackgroundTask, task_id)
        assert (task.state, task.done, task.total) == ("done", rows, rows)
        path = background.result_file(runtime.settings, task)
        assert path is not None
        sheet = openpyxl.load_workbook(path).active
        assert sheet.max_row == rows + 1
        assert "周报管理2026" in task.result["name"]


def test_more_rows_than_a_sheet_holds_is_a_failure_with_advice(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in_many(lite, 3)
    monkeypatch.setattr(exports, "MAX_ROWS", 2)
    runtime = lite.runtime
    params = {"listing": "weekly_report", "values": {}, "ids": []}
    with runtime.database.writing() as session:
        task_id = records.begin(session, lite.actor("school1"), "export", "导出", params, runtime.engine.clock()).id
    background.run_task(runtime, task_id)
    with runtime.database.reading() as session:
        assert "请用查询条件缩小范围" in (session.get_one(BackgroundTask, task_id).error or "")
