"""Files are looked at and read in a process of their own; what goes over its bounds is refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jobs import confinement
from jobs.imports.apart import TOO_MUCH
from jobs.imports.guarding import BadFile
from tests.conftest import World
from tests.jobs.imports.files import HEADER, teacher, with_sheet, workbook
from tests.jobs.imports.flow import record, upload, upload_rows, work

pytestmark = pytest.mark.row("7.1")
MEGABYTE = 1024 * 1024


def limit(monkeypatch: pytest.MonkeyPatch, name: str, **bounds: int) -> None:
    monkeypatch.setattr(confinement, "WORK", {**confinement.WORK, name: replace(confinement.WORK[name], **bounds)})


def test_a_file_that_asks_for_too_much_memory_is_refused_and_writes_nothing(
    lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = "".join(f'<c r="{at}1" t="str"><v>{heading}</v></c>' for at, heading in zip("ABCDEFG", HEADER, strict=True))
    path = with_sheet(tmp_path / "a", f'<row r="1">{first}</row><row r="50000"><c r="CV50000"><v>1</v></c></row>')
    limit(monkeypatch, "rows of a table", memory=200 * MEGABYTE)
    import_id = upload(lite, path)
    work(lite, import_id)
    found = record(lite, import_id)
    assert (found.state, found.problem, found.total) == ("refused", TOO_MUCH, 0)


def test_a_file_that_takes_too_long_is_refused(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a", [HEADER, teacher(1)])
    import_id = upload(lite, path)
    limit(monkeypatch, "rows of a table", seconds=0)
    work(lite, import_id)
    assert record(lite, import_id).problem == TOO_MUCH
    assert len(list((lite.runtime.settings.home / "imports").iterdir())) == 0


def test_what_an_upload_is_is_found_out_in_the_background_where_a_look_does_not_tell(
    lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, "look at a table", seconds=0)
    good = upload(lite, workbook(tmp_path / "a", [HEADER, teacher(1)]))
    work(lite, good)
    assert (record(lite, good).state, record(lite, good).good) == ("ready", 1)
    bad = upload(lite, with_sheet(tmp_path / "b", '<row r="1"><c r="A1"><f>1+1</f></c></row>'))
    work(lite, bad)
    assert record(lite, bad).state == "refused"
    assert "文件中的公式没有计算结果" in str(record(lite, bad).problem)
    limit(monkeypatch, "long look at a table", seconds=0)
    slow = upload(lite, workbook(tmp_path / "c", [HEADER, teacher(2)]))
    work(lite, slow)
    assert (record(lite, slow).state, record(lite, slow).problem) == ("refused", TOO_MUCH)


def test_what_a_look_has_told_is_not_looked_at_again(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadFile, match="公式没有计算结果"):
        upload(lite, with_sheet(tmp_path / "a", '<row r="1"><c r="A1"><f>1+1</f></c></row>'))
    import_id = upload(lite, workbook(tmp_path / "b", [HEADER, teacher(1)]))
    limit(monkeypatch, "long look at a table", seconds=0)
    work(lite, import_id)
    assert record(lite, import_id).state == "ready"


def test_what_shows_only_while_the_rows_are_read_takes_back_what_was_kept(
    lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.imports.working.CHECKED", 10)
    rows = [teacher(number) for number in range(1, 3000)]
    import_id = upload_rows(lite, tmp_path / "a", [*rows, teacher(9, 姓名="长" * 32_767), ["x" * 32_767] * 7])
    assert record(lite, import_id).state == "ready"
    bad = "姓名,手机号\n" + "张三,13900000001\n" * 2500 + "x" * 40_000 + ",1\n"
    (tmp_path / "b").write_text(bad, "utf-8")
    import_id = upload(lite, tmp_path / "b", name="教师.csv")
    work(lite, import_id)
    found = record(lite, import_id)
    assert (found.state, found.total, found.problem) == ("refused", 0, "第 2502 行有超过 32767 个字的单元格，请删减后重新上传")
