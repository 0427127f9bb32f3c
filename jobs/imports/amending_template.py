"""The template of an import that changes records: an .xlsx filled with today's data of the chosen ones.

Numbers are texts, choices are drop-downs, and cells that may not be changed where their record stands are grey.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from forms.requirements import required_now, sometimes_required
from jobs.imports import import_kept
from jobs.imports.amending import Forms, Standing, number_of, standings
from jobs.imports.checking import row_check
from jobs.imports.columns import RECORD, Column
from jobs.imports.description import Import
from jobs.imports.guarding import MAX_ROWS
from jobs.imports.template import rule_of, width_of
from jobs.lists.exports import count, note_export
from jobs.lists.sheets import Progress, Target
from jobs.lists.visibility import visible_to
from jobs.runtime import Runtime
from jobs.work import Work
from processes.definitions.store import latest
from processes.rights import access

AT_ONCE = 1_000  # records of a template that is made while the person waits
_PAGE = 500  # records in memory at a time
RULES = (
    "只改需要修改的单元格，其余保持原样；没有改动的行不会有任何变化，可以保留，也可以删除整行。",
    "“编号”由系统填写，请勿修改；行的次序可以调整，但请整行移动；除编号、姓名、证件号外，不修改的列可以删去。",
    "灰色的单元格目前不能修改（例如信息准确后的姓名、证件类型和证件号），改了也会保持原值，同一行的其他修改仍然有效。",
    "黄色的单元格是缺少的资料，请补上。",
    "清空一个单元格，就是清空该项。改了姓名而没有改姓名拼音时，原来按姓名生成的拼音随之更新。",
    "下载模板后，如果其他人改过同一项，上传时会提示，不会覆盖。",
    "证件号、手机号等列已设为文本格式。从别处复制时请选择“只粘贴值”，以免 Excel 把长数字截断。",
)


def chosen(session: Session, actor: Actor, description: Import, values: Mapping[str, str], ids: Sequence[int]) -> Select[Any]:
    """The records that are to be changed: the ticked ones, or with none ticked all under the filters."""
    assert description.amends is not None  # noqa: S101  # only such imports have a template of this kind
    return visible_to(session, actor, description.amends.listing).picked(actor, values, ids)


def write(session: Session, description: Import, query: Select[Any], target: Target, progress: Progress | None = None) -> int:
    """Writes the template of some records to `target`, and returns how many. `progress` hears from time to time how many are written."""
    columns = row_check(session, description).columns
    with Workbook(target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(description.noun)
        text, lacking = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bg_color": "#FFF1B8"})
        fixed = book.add_format({"num_format": "@", "bg_color": "#E3E6EA", "font_color": "#51606F"})
        _head(book, sheet, columns, text)
        written = 0
        for subject, standing, seen in _records(session, description, query):
            written += 1
            answers = {**subject.answers(), RECORD: number_of(subject.id, standing.seq)}
            must = required_now(seen, answers)
            for at, column in enumerate(columns):
                value = answers.get(column.name)
                look = fixed if not access.writes(seen, column.name) else lacking if value in (None, "") and column.name in must else text
                sheet.write_string(written, at, "" if value is None else str(value), look)
            if progress is not None and written % _PAGE == 0:
                progress(written)
        _choices(sheet, columns, written)
        _rules(book, description, columns, latest(session, description.process or "").record_schema)
    return written


def _records(session: Session, description: Import, query: Select[Any]) -> Iterator[tuple[Any, Standing, Mapping[str, Any]]]:
    """Each record with where it stands and its form there; an empty one where nothing may be changed."""
    forms = Forms(session)
    for page in session.scalars(query.execution_options(yield_per=_PAGE)).partitions():
        stand = standings(session, description.process or "", [subject.id for subject in page])
        for subject in page:
            if (standing := stand.get(subject.id)) is None:  # an import is about to start its process
                continue
            form = forms.at(standing)
            yield subject, standing, {} if form is None else form.seen


def _head(book: Workbook, sheet: Worksheet, columns: Sequence[Column], text: Format) -> None:
    head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1, "align": "center"})
    for at, column in enumerate(columns):
        sheet.set_column(at, at, width_of(column), text)
        sheet.write_string(0, at, column.title, head)
    sheet.freeze_panes(1, 1)


def _choices(sheet: Worksheet, columns: Sequence[Column], rows: int) -> None:
    for at, column in enumerate(columns):
        if "enum" in column.schema and rows:
            choices = {"validate": "list", "source": list(map(str, column.schema["enum"])), "error_title": "请从下拉列表中选择"}
            sheet.data_validation(1, at, rows, at, {**choices, "error_message": f"{column.title}应从下拉列表中选择"})


def _rules(book: Workbook, description: Import, columns: Sequence[Column], schema: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet("填写说明")
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 70, wrap)
    lines = [(f"{description.title}填写说明",), *((f"{at}. {rule}",) for at, rule in enumerate(RULES, 1)), (), ("列", "是否必填", "要求")]
    also, required = sometimes_required(schema), schema.get("required", ())
    for column in columns:
        must = "必填" if column.name in required else "、".join(said for case in also.get(column.name, {}).values() for said in case)
        lines.append((column.title, must if must in ("", "必填") else f"{must}必填", rule_of(column.schema)))
    for row, texts in enumerate(lines):
        for at, text in enumerate(texts):
            sheet.write_string(row, at, text, bold if texts[0] in ("列", lines[0][0]) else None)


def note(session: Session, actor: Actor, description: Import, query: Select[Any], now: datetime) -> None:
    """Writes down who took a template of what pages show masked."""
    if description.amends is not None:
        note_export(session, actor, description.amends.listing, query, now, "批量修改")


def file_name(description: Import) -> str:
    """What the download is called."""
    return f"{description.title}.xlsx"


def run(runtime: Runtime, work: Work) -> None:
    """The background task: `kind` (of import), `values` (the filters in force) and `ids` (the ticked records).

    Raises:
        DomainError: more records than one import may have rows.
    """
    description = import_kept(work.params["kind"])
    with runtime.database.reading() as session:
        query = chosen(session, work.actor, description, work.params["values"], work.params["ids"])
        check_count(total := count(session, query))
        work.progress(0, total=total)
        with work.database.writing() as writing:
            note(writing, work.actor, description, query, work.clock())
        path = work.file(file_name(description))
        written = write(session, description, query, str(path), work.progress)
    work.progress(written, total=written)


def check_count(total: int) -> None:
    """Raises DomainError where a template would have more rows than may be uploaded."""
    if total > MAX_ROWS:
        raise DomainError(f"共 {total} 条，超过一次能修改的 {MAX_ROWS} 条，请用查询条件缩小范围后分次修改")
