"""Looks at an uploaded table, and reads it, in a process of its own (`jobs.confinement`): what is in it may ask for all memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from jobs import confinement
from jobs.confinement import Json, Unfinished
from jobs.imports.columns import Column
from jobs.imports.guarding import BadFile, Kind, inspect
from jobs.imports.reading import FoundSheet, SeveralSheets, Table, open_table
from jobs.imports.text_files import Rows

TOO_MUCH = "文件有误或过于复杂，未能在限定的时间和内存内读完，请把数据复制到新建的表格中，另存为 .xlsx 后上传，或拆分为几个文件"
_PIECE_ROWS = 1000  # of a piece of the answer
_PIECE_TEXT = 500_000  # characters of it, about
_REFUSED, _SHEETS, _HEAD, _KIND, _UNNAMED, _HIDDEN = (
    "refused",
    "sheets",
    "head",
    "kind",
    "unnamed",
    "hidden",
)  # what a piece without rows tells


def glance(path: Path, name: str) -> bool:
    """Whether a file is known to be safe to open, as far as a few seconds of computing tell. False: `inspect_apart` has to decide.

    Raises:
        BadFile: what is wrong with the file.
        Busy: other files are being looked at.
    """
    try:
        _told(confinement.run("look at a table", {"path": str(path), "name": name}))
    except Unfinished:
        return False
    return True


def inspect_apart(path: Path, name: str, meanwhile: Callable[[], None] = lambda: None) -> Kind:
    """`guarding.inspect`, confined, with time for large files. `meanwhile` is called every few seconds of waiting.

    Raises:
        BadFile: what is wrong with the file; also that it could not be looked at within the bounds.
        Busy: other files are being looked at.
    """
    try:
        found = confinement.run("long look at a table", {"path": str(path), "name": name}, meanwhile)
    except Unfinished as error:
        raise BadFile(TOO_MUCH) from error
    return cast(Kind, _told(found)[_KIND])


@contextmanager
def open_table_apart(
    path: Path, columns: Sequence[Column], kind: Kind, sheet: str | None, meanwhile: Callable[[], None]
) -> Iterator[Table]:
    """`reading.open_table`, confined: the rows come in pieces while they are read. `meanwhile` is called every few seconds of waiting.

    Raises:
        BadFile, SeveralSheets: as `open_table`, also while the rows are read; also BadFile that they could not be read within the bounds.
        Busy: other files are being read.
    """
    asked: dict[str, Json] = {"path": str(path), "kind": kind, "sheet": sheet, "columns": [asdict(one) for one in columns]}
    with closing(confinement.stream("rows of a table", asked, meanwhile)) as pieces:
        head = _told(_next(pieces))
        if _SHEETS in head:
            raise SeveralSheets([FoundSheet(**one) for one in cast(list[Any], head[_SHEETS])])
        table = cast(dict[str, Any], head[_HEAD])
        others = tuple(FoundSheet(**one) for one in table.pop("others"))
        header, columns_hidden = tuple(table.pop("header")), tuple(table.pop("hidden_columns"))
        unnamed, hidden = set[int](), set[int]()
        rows = _rows(pieces, unnamed, hidden)
        known = {"header": header, "hidden_columns": columns_hidden, "others": others}
        yield Table(**{**table, **known}, rows=rows, unnamed=unnamed, hidden_rows=hidden)


def _rows(pieces: Iterator[Json], unnamed: set[int], hidden: set[int]) -> Rows:
    while isinstance(piece := _next(pieces), list):
        yield from ((number, cells) for number, cells in cast(list[tuple[int, list[str]]], piece))
    told = cast(dict[str, list[int]], _told(piece))
    unnamed.update(told[_UNNAMED])
    hidden.update(told[_HIDDEN])


def _next(pieces: Iterator[Json]) -> Json:
    """The next piece; None after the last."""
    try:
        return next(pieces, None)
    except Unfinished as error:
        raise BadFile(TOO_MUCH) from error


def _told(piece: Json) -> dict[str, Json]:
    if not isinstance(piece, dict):
        raise BadFile(TOO_MUCH)
    if _REFUSED in piece:
        raise BadFile(str(piece[_REFUSED]))
    return piece


def look(asked: Mapping[str, Json]) -> Json:
    """`inspect_apart`, inside."""
    try:
        return {_KIND: inspect(Path(str(asked["path"])), str(asked["name"]))}
    except BadFile as error:
        return {_REFUSED: str(error)}


def read(asked: Mapping[str, Json]) -> Iterator[Json]:
    """`open_table_apart`, inside: what the table is, then its rows."""
    columns = [Column(**one) for one in cast(list[Any], asked["columns"])]
    kind, sheet = cast(Kind, asked["kind"]), cast("str | None", asked["sheet"])
    try:
        with open_table(Path(str(asked["path"])), "", columns, kind, sheet) as table:
            about: dict[str, Json] = {"header": [*table.header], "places": dict(table.places), "sheet": table.sheet, "head": table.head}
            yield {_HEAD: {**about, "hidden_columns": [*table.hidden_columns], "others": [asdict(one) for one in table.others]}}
            yield from _cut(table.rows)
            yield {_UNNAMED: [*table.unnamed], _HIDDEN: [*table.hidden_rows]}
    except SeveralSheets as several:
        yield {_SHEETS: [asdict(one) for one in several.sheets]}
    except BadFile as error:
        yield {_REFUSED: str(error)}


def _cut(rows: Rows) -> Iterator[Json]:
    """Rows in pieces of about the same size, however long their texts are."""
    piece: list[Json] = []
    size = 0
    for number, cells in rows:
        piece.append([number, [*cells]])
        size += sum(map(len, cells))
        if len(piece) >= _PIECE_ROWS or size >= _PIECE_TEXT:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
