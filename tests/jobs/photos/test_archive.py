"""Zips: names as people and programs write them, what systems add, and what is made to do harm."""

from __future__ import annotations

import stat
import struct
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo
from zlib import crc32

import pytest

from jobs.photos import apart, archive
from jobs.photos.apart import RefusedArchive, entries_apart, photos_apart
from jobs.photos.archive import Entry
from jobs.photos.looking import MOST_READ
from tests.jobs.photos import samples
from tests.jobs.photos.samples import good, jpeg, png

pytestmark = pytest.mark.row("5.2.3.3")
ONE, OTHER = "11010519491231002X", "320102200001010018"


def listed(path: Path) -> list[Entry]:
    return archive.entries_of(path)


def problem_of(path: Path) -> str:
    with pytest.raises(archive.BadArchive) as error:
        archive.entries_of(path)
    return str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        f"{ONE}.jpg",
        f"{ONE.lower()}.JPG",
        f"{ONE} .jpg",
        f" {ONE}.png",
        "１１０１０５１９４９１２３１００２Ｘ.jpg",
        f"软件 1 班/照片/{ONE}.jpeg",
        f"软件 1 班\\{ONE}.jpg",
        f"../../etc/{ONE}.jpg",
        f"/tmp/{ONE}.jpg",
        f"C:\\照片\\{ONE}.jpg",
        ONE,
    ],
)
def test_the_file_name_says_whose_photo_it_is(tmp_path: Path, name: str) -> None:
    (found,) = listed(samples.archive(tmp_path / "a.zip", {name: b"x"}))
    assert (found.number, found.problem) == (ONE, None)


def test_other_numbers_than_those_of_residents_are_names_too(tmp_path: Path) -> None:
    names = ["H12345678.jpg", "e12345678.jpg", "8888123456(B).jpg", "军字第1234567号.jpg"]
    found = listed(samples.archive(tmp_path / "a.zip", dict.fromkeys(names, b"x")))
    assert [one.number for one in found] == ["H12345678", "E12345678", "8888123456(B)", "军字第1234567号"]


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        (f"{ONE}(1).jpg", [ONE]),
        (f"{ONE.lower()} (2).jpg", [ONE]),
        (f"{ONE} 副本.jpg", [ONE]),
        (f"{ONE} - 副本.png", [ONE]),
        (f"王小明+{ONE}.jpg", [ONE]),
        (f"软件班/{OTHER}-王小明.jpg", [OTHER]),
        (f"王小明{OTHER}.jpg", [OTHER]),
        (f"王小明（{OTHER}）.jpg", [OTHER]),
        (f"wang{OTHER}.jpg", [OTHER]),
        ("护照 e12345678.jpg", ["E12345678"]),
        (f"{ONE}_{OTHER}.jpg", [ONE, OTHER]),
        (f"{ONE}.jpg", []),
        (f"1{OTHER}.jpg", []),
        ("王小明.jpg", []),
        ("合影 3.jpg", []),
    ],
)
def test_the_numbers_inside_a_longer_file_name_are_found(tmp_path: Path, name: str, inside: list[str]) -> None:
    (found,) = listed(samples.archive(tmp_path / "a.zip", {name: b"x"}))
    assert found.inside == inside


def test_names_in_the_encodings_of_programs(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    plain = samples.archive(path, {"AAAAAAA/1.jpg": b"x", "BBBBBBBBB/2.jpg": b"x", "CCCCC/3.jpg": b"x"})
    samples.renamed(plain, b"AAAAAAA", "软件班".encode("gb18030") + b"1")
    samples.renamed(plain, b"BBBBBBBBB", "软件班".encode())
    samples.renamed(plain, b"CCCCC", b"\x87\xfe\xfe\xff\xff")  # neither UTF-8 nor GB 18030
    first, second, third = (one.name for one in listed(plain))
    assert (first, second) == ("软件班1/1.jpg", "软件班/2.jpg")
    assert third.endswith("/3.jpg")


def test_the_field_of_infozip_counts_before_the_name_that_it_belongs_to(tmp_path: Path) -> None:
    info = ZipInfo("old.jpg")
    given = "新名字.jpg".encode()
    body = b"\1" + struct.pack("<I", crc32(b"old.jpg")) + given
    info.extra = struct.pack("<HH", 0x7075, len(body)) + body
    stale = ZipInfo("other.jpg")
    stale.extra = info.extra  # of another name: it was renamed by a program that does not know the field
    assert [one.name for one in listed(samples.archive(tmp_path / "a.zip", [(info, b"x"), (stale, b"x")]))] == ["新名字.jpg", "other.jpg"]


def test_what_nobody_sees_in_a_name_is_neither_stored_nor_shown(tmp_path: Path) -> None:
    path = samples.archive(tmp_path / "a.zip", {"ab#cd.jpg": b"x", "a\u202eb.jpg": b"y", "张三\u3000 c.jpg": b"z"})
    path.write_bytes(path.read_bytes().replace(b"ab#cd", b"ab\0cd"))
    assert [(one.name, one.number) for one in listed(path)] == [("ab?cd.jpg", "AB?CD"), ("a?b.jpg", "A?B"), ("张三? c.jpg", "张三C")]


def test_what_systems_add_is_left_out(tmp_path: Path) -> None:
    names = ["__MACOSX/._1.jpg", "照片/._1.jpg", ".DS_Store", "照片/Thumbs.db", "desktop.ini", "照片/", "1.jpg"]
    assert [one.name for one in listed(samples.archive(tmp_path / "a.zip", dict.fromkeys(names, b"x")))] == ["1.jpg"]


def test_names_that_are_devices_are_names_like_others(tmp_path: Path) -> None:
    found = listed(samples.archive(tmp_path / "a.zip", {"CON.jpg": b"x", "nul": b"x", "COM1.png": b"x"}))
    assert [one.number for one in found] == ["CON", "NUL", "COM1"]


def test_what_is_no_photo_is_told_unopened(tmp_path: Path) -> None:
    link = ZipInfo(f"{ONE}.jpg")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    inner = samples.archive(tmp_path / "inner.zip", {"x.jpg": b"x"}).read_bytes()
    path = samples.archive(tmp_path / "a.zip", [(link, b"/etc/passwd"), ("a/inner.zip", inner), ("empty.jpg", b""), ("1.jpg", b"x")])
    linked, packed, empty, fine = listed(path)
    assert (linked.problem or "").startswith("是指向别处的链接")
    assert (packed.problem or "").startswith("是压缩包，不是照片")
    assert (empty.problem or "").startswith("照片文件是空的")
    assert fine.problem is None


def test_of_different_photos_of_one_person_none_is_taken(tmp_path: Path) -> None:
    files = {f"a/{ONE}.jpg": b"one", f"b/{ONE.lower()}.png": b"two", f"{OTHER}.jpg": b"x"}
    first, second, other = listed(samples.archive(tmp_path / "a.zip", files))
    assert first.problem == f"同一证件号有 2 张不同的照片（另见“b/{ONE.lower()}.png”），请只保留一张"
    assert second.problem == f"同一证件号有 2 张不同的照片（另见“a/{ONE}.jpg”），请只保留一张"
    assert other.problem is None


def test_copies_of_one_photo_are_one(tmp_path: Path) -> None:
    first, second = listed(samples.archive(tmp_path / "a.zip", {f"a/{ONE}.jpg": b"one", f"b/{ONE}.jpg": b"one"}))
    assert first.problem is None
    assert second.problem == f"与“a/{ONE}.jpg”是同一张照片，只导入一次"


def test_two_entries_of_one_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = samples.archive(tmp_path / "a.zip", [(f"{ONE}.jpg", b"one"), (f"{ONE}.jpg", b"two")])
    assert all("2 张不同的照片" in (one.problem or "") for one in listed(path))


def test_passwords(tmp_path: Path) -> None:
    path = samples.archive(tmp_path / "a.zip", {"1.jpg": b"x", "2.jpg": b"y"})
    whole = path.read_bytes()
    flags = [at for at in range(len(whole)) if whole[at : at + 4] == b"PK\1\2"]
    part = bytearray(whole)
    part[flags[0] + 8] |= 1
    path.write_bytes(part)
    first, second = listed(path)
    assert first.problem == "设有密码，不能读取，请取消密码后重新压缩"
    assert second.problem is None
    part[flags[1] + 8] |= 1
    path.write_bytes(part)
    assert problem_of(path) == "压缩包设有密码，请取消密码后重新压缩上传"


def test_what_is_no_zip_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    archives = ((b"Rar!\x1a\7\0", "文件是 RAR 压缩包"), (b"7z\xbc\xaf\x27\x1c", "文件是 7z 压缩包"))
    cases = (*archives, (jpeg(), "文件不是 .zip 压缩包"), (b"", "文件不是"))
    for content, told in cases:
        path.write_bytes(content)
        assert problem_of(path).startswith(told)
    samples.archive(path, {"1.jpg": b"x" * 5000})
    path.write_bytes(path.read_bytes()[:3000])
    assert problem_of(path).startswith("压缩包已损坏或没有上传完整")
    samples.archive(path, {"照片/": b""})
    assert problem_of(path).startswith("压缩包中没有照片")
    monkeypatch.setattr(archive, "MOST_ENTRIES", 2)
    samples.archive(path, dict.fromkeys(["1", "2", "3"], b"x"))
    assert problem_of(path) == "压缩包中有 3 个文件，最多 2 个，请分成几个压缩包"


def test_ten_thousand_photos_are_listed(tmp_path: Path) -> None:
    path = samples.archive(tmp_path / "a.zip", {f"{number:018}.jpg": b"x" for number in range(10_000)})
    assert len(entries_apart(path)) == 10_000


def test_a_photo_that_swells_is_read_no_further_than_photos_may_be(tmp_path: Path) -> None:
    path = samples.archive(tmp_path / "a.zip", {"1.jpg": b"\0" * (MOST_READ + 10), "2.jpg": b"\0" * (MOST_READ + 10)}, ZIP_DEFLATED)
    assert all(one.problem == "照片大小为 20.1 MB，应在 5 MB 以内" for one in listed(path))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(struct.pack("<I", MOST_READ + 10), struct.pack("<I", 1000)))  # the zip says that they are small
    assert listed(path)[0].problem is None
    with ZipFile(path) as opened, pytest.raises(archive.BadPhoto):
        archive.read(opened, 0)


def test_a_damaged_photo_fails_alone(tmp_path: Path) -> None:
    first = jpeg(good(1))
    path = samples.archive(tmp_path / "a.zip", {"1.jpg": first, "2.jpg": jpeg(good(2))})
    whole = bytearray(path.read_bytes())
    whole[whole.index(first) + 900] ^= 0xFF  # the checksum no longer fits
    path.write_bytes(whole)
    found = dict(photos_apart(path, tmp_path, [0, 1], "红"))
    assert found[0].problem == "照片在压缩包中已损坏，不能解压，请重新压缩后上传"
    assert found[1].problem is None


def test_the_zips_of_zips_and_other_tricks_end_in_sentences(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x05\x06" + b"\0" * 18)
    with pytest.raises(RefusedArchive, match="压缩包中没有照片"):
        entries_apart(path)
    path.write_bytes(b"PK\x03\x04" + b"\xff" * 400)
    with pytest.raises(RefusedArchive, match="已损坏"):
        entries_apart(path)


@pytest.mark.parametrize("at_once", [1, 2])
def test_photos_come_back_as_files_of_the_folder_that_was_given(tmp_path: Path, at_once: int) -> None:
    files = {f"../{number}.jpg": png(good(number)) if number % 2 else jpeg(good(number)) for number in range(5)}
    folder = tmp_path / "out"
    folder.mkdir()
    path = samples.archive(tmp_path / "a.zip", files)
    found = dict(photos_apart(path, folder, range(5), "红", at_once))
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert all(one.kept is not None and one.kept.parent == folder for one in found.values())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.zip", "out"]  # nothing went where the zip said


def test_a_photo_that_ends_its_process_is_refused_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "A_TURN", 3)
    path = samples.archive(tmp_path / "a.zip", {f"{number}.jpg": jpeg(good(number)) for number in range(4)})
    found = dict(photos_apart(path, tmp_path, [0, 99, 1, 2, 3], "红", 1))  # there is no entry 99: the process breaks
    assert found[99].problem == apart.UNREADABLE
    assert all(found[number].problem is None for number in range(4))


def test_what_was_seen_before_a_photo_that_ends_its_process_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "TOGETHER", 4)
    path = samples.archive(tmp_path / "a.zip", {f"{number}.jpg": jpeg(good(number)) for number in range(14)})
    asked = [0, 1, 2, 3, 4, 5, 97, 6, 98, 7, 8, 9, 10, 11, 12, 13, 99]  # within what is answered together, soon after, and the last
    answers = list(photos_apart(path, tmp_path, asked, "红", 1))
    assert [index for index, _ in answers] == asked
    assert {index: one.problem for index, one in answers if one.problem is not None} == dict.fromkeys((97, 98, 99), apart.UNREADABLE)
    assert all(one.kept is not None and one.kept.stat().st_size for _, one in answers if one.problem is None)


def test_after_many_that_end_their_process_the_others_are_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MOST_DEATHS", 2)
    path = samples.archive(tmp_path / "a.zip", {"1.jpg": jpeg()})
    found = dict(photos_apart(path, tmp_path, [97, 98, 0], "红", 1))
    assert [found[at].problem for at in (97, 98, 0)] == [apart.UNREADABLE, apart.UNREADABLE, apart.GIVEN_UP]
