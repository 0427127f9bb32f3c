"""A zip of photos from its upload to the candidates: each photo fails alone, and the diagram decides what follows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.demo.portraits import BLUE, draw
from domain.exams.photos import photo_path, read_photo
from domain.ground.errors import DomainError
from domain.platform.background import BackgroundTask, cancel, retry
from domain.platform.budgets import Kept, UsedUp
from domain.platform.photo_imports import PhotoImport, PhotoState
from jobs import background, files, verifying
from jobs.photos import arriving, working
from jobs.photos.arriving import OutOfPlace, Sent
from jobs.photos.mending import NothingLeft, TooOld, leave, take_at_once, take_later
from processes import tables
from processes.monitor.verify import verify
from tests.conftest import World
from tests.jobs.photos import samples
from tests.jobs.photos.flow import accurate, ask_for_blue, bring, candidates, items, number, pupils, record, send, states, work
from tests.jobs.photos.samples import blue, good, jpeg, wide

pytestmark = pytest.mark.row("5.2.3.3")


def named(at: int) -> str:
    return f"软件 1 班/{number(at)}.jpg"


def consistent(world: World) -> bool:
    with world.runtime.database.reading() as session:
        return verify(world.runtime.engine, session) == []


def test_good_photos_are_given_and_the_diagram_moves(world: World, tmp_path: Path) -> None:
    first, second = pupils(world, [number(1), number(2)])
    import_id = bring(world, samples.archive(tmp_path / "a.zip", {named(1): jpeg(good(1)), f"{number(2)}.PNG": samples.png(good(2))}))
    assert states(world, import_id) == [("given", None), ("given", None)]
    found = candidates(world)
    assert (found[first][0], found[second][0]) == ("信息待认证", "信息待认证")
    assert read_photo(world.runtime.settings.home, found[first][1] or "") is not None
    assert (record(world, import_id).status, record(world, import_id).given) == ("已导入", 2)
    assert not arriving.zip_of(world.runtime.settings, import_id).exists()
    assert [path.name for path in (world.runtime.settings.home / "photos").glob("new-*")] == []
    assert consistent(world)


def test_each_photo_fails_alone_and_says_why(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(at) for at in range(1, 6)])
    pupils(lite, [number(9)], account="school2")
    contents = {1: jpeg(good(1)), 2: jpeg(blue()), 3: b"text", 4: jpeg(wide().picture), 5: jpeg()[:3000], 8: jpeg(), 9: jpeg()}
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {named(at): content for at, content in contents.items()}))
    told = states(lite, import_id)
    nobody = "照片无对应考生：本校没有证件号为“{}”的考生，文件名应为考生的证件号"
    assert told[0] == ("given", None)
    assert told[1][0] == "refused"
    assert (told[1][1] or "").startswith("照片底色不是红色（底色偏蓝：检测到 #")
    assert told[2] == ("refused", "照片不是 JPG、PNG 格式，请另存为 JPG 后上传")
    assert told[3] == ("mendable", "照片像素 800×900，应为 295×413")
    assert told[4] == ("refused", "照片已损坏或不完整，不能打开，请重新导出后上传")
    assert told[5] == ("refused", nobody.format(number(8)))
    assert told[6] == ("refused", nobody.format(number(9)))  # another school's
    one = record(lite, import_id)
    assert (one.total, one.given, one.mendable, one.refused, one.status) == (7, 1, 1, 5, "部分导入")
    assert [status for status, _ in candidates(lite).values()] == ["信息待认证", *["无照片"] * 5]
    with lite.runtime.database.reading() as session:
        task = session.get_one(BackgroundTask, one.task_id or 0)
        assert (task.total, task.done, task.failed) == (7, 1, 6)


@pytest.mark.parametrize(("content", "status"), [(jpeg(good(1)), "已导入"), (b"text", "未导入"), (jpeg(wide().picture), "部分导入")])
def test_a_zip_of_which_nothing_was_taken_is_not_called_partly_taken(lite: World, tmp_path: Path, content: bytes, status: str) -> None:
    pupils(lite, [number(1)])
    one = record(lite, bring(lite, samples.archive(tmp_path / "a.zip", {named(1): content})))
    assert (one.status, one.tone == "failed") == (status, status == "未导入")  # what a crop mends can still be taken


def test_somebody_in_both_kinds_gets_the_photo_twice(lite: World, tmp_path: Path) -> None:
    one = pupils(lite, [number(1)])[0]
    other = pupils(lite, [number(1)], kind="社会考生")[0]
    bring(lite, samples.archive(tmp_path / "a.zip", {named(1): jpeg()}))
    found = candidates(lite)
    assert found[one] == found[other]
    assert found[one][0] == "信息待认证"


def test_one_number_of_two_kinds_of_documents_is_nobodys(lite: World, tmp_path: Path) -> None:
    pupils(lite, ["12345678"], document="台湾居民来往大陆通行证")
    pupils(lite, ["12345678"], document="护照")
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {"12345678.jpg": jpeg()}))
    assert (states(lite, import_id)[0][1] or "").startswith("证件号“12345678”对应证件类型不同的考生")


def test_the_same_photo_again_changes_nothing(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(1)])
    path = samples.archive(tmp_path / "a.zip", {named(1): jpeg()})
    bring(lite, path)
    before = candidates(lite), lines_of_history(lite)
    import_id = bring(lite, path)
    assert states(lite, import_id) == [("given", None)]
    assert (candidates(lite), lines_of_history(lite)) == before


def lines_of_history(world: World) -> int:
    with world.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(tables.event)) or 0


def test_another_ground_is_asked_for(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(1), number(2)])
    path = samples.archive(tmp_path / "a.zip", {named(1): jpeg(draw(1, BLUE).picture), named(2): jpeg()})
    assert states(lite, bring(lite, path, ground="蓝"))[1] == ("given", None)  # no certificate that the school pilots asks for it: red
    ask_for_blue(lite)
    import_id = bring(lite, path, ground="蓝")
    assert states(lite, import_id)[0] == ("given", None)
    assert (states(lite, import_id)[1][1] or "").startswith("照片底色不是蓝色（底色偏红")


def test_verify_tells_photos_that_somebody_has_changed_on_the_disk(lite: World, tmp_path: Path) -> None:
    first, second = pupils(lite, [number(1), number(2)])
    bring(lite, samples.archive(tmp_path / "a.zip", {named(at): jpeg(good(at)) for at in (1, 2)}))
    assert verifying.verify(lite.runtime) == []
    paths = [photo_path(lite.runtime.settings.home, candidates(lite)[one][1] or "") for one in (first, second)]
    paths[0].write_bytes(jpeg(good(9)))
    paths[1].unlink()
    assert verifying.verify(lite.runtime) == [f"考生 {first} 的照片：内容被改动过", f"考生 {second} 的照片：内容已不在服务器上"]


def test_a_crop_is_taken_with_one_click(lite: World, tmp_path: Path) -> None:
    (only,) = pupils(lite, [number(1)])
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {named(1): jpeg(wide().picture)}))
    assert candidates(lite)[only] == ("无照片", None)
    with lite.runtime.database.writing() as session:
        one = session.get_one(PhotoImport, import_id)
        assert take_at_once(lite.runtime.engine, session, lite.actor("school1"), one, PhotoState.MENDABLE, 1)[1].problem is None
    assert states(lite, import_id) == [("given", None)]
    assert candidates(lite)[only] == ("信息待认证", items(lite, import_id)[0].photo)
    assert record(lite, import_id).given == 1
    with lite.runtime.database.writing() as session:
        one = session.get_one(PhotoImport, import_id)
        with pytest.raises(NothingLeft):
            take_at_once(lite.runtime.engine, session, lite.actor("school1"), one, PhotoState.MENDABLE, 1)


def test_crops_are_kept_for_a_month(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(1)])
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {named(1): jpeg(wide().picture)}))
    lite.clock.now += timedelta(days=30)
    with lite.runtime.database.writing() as session:
        one = session.get_one(PhotoImport, import_id)
        with pytest.raises(TooOld):
            take_at_once(lite.runtime.engine, session, lite.actor("school1"), one, PhotoState.MENDABLE, 1)
        with pytest.raises(TooOld):
            take_later(session, lite.actor("school1"), one, PhotoState.MENDABLE, lite.clock())
    assert states(lite, import_id)[0][0] == "mendable"


def test_all_that_only_need_a_crop_are_taken_at_once(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(at) for at in range(4)])
    files = {named(at): jpeg(wide(at).picture) for at in range(3)} | {named(3): jpeg(blue())}
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", files))
    with lite.runtime.database.writing() as session:
        task_id = take_later(session, lite.actor("school1"), session.get_one(PhotoImport, import_id), PhotoState.MENDABLE, lite.clock())
    assert background.run_task(lite.runtime, task_id)
    assert [state for state, _ in states(lite, import_id)] == ["given", "given", "given", "refused"]
    one = record(lite, import_id)
    assert (one.given, one.mendable, one.refused) == (3, 0, 1)


def test_at_accurate_information_a_photo_is_refused_in_words(lite: World, tmp_path: Path) -> None:
    (only,) = pupils(lite, [number(1)])
    bring(lite, samples.archive(tmp_path / "a.zip", {named(1): jpeg(good(1))}))
    accurate(lite, only)
    import_id = bring(lite, samples.archive(tmp_path / "b.zip", {named(1): jpeg(good(2))}))
    assert states(lite, import_id) == [("refused", "当前状态为“信息准确”，不能修改“照片”")]
    assert candidates(lite)[only][0] == "信息准确"


def test_a_zip_that_cannot_be_taken_is_refused_as_a_whole(lite: World, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"no zip at all")
    import_id = bring(lite, path)
    one = record(lite, import_id)
    assert (one.status, one.problem) == ("不能导入", "文件不是 .zip 压缩包，请把照片压缩成 .zip 后上传")
    assert not arriving.zip_of(lite.runtime.settings, import_id).exists()


def test_a_null_character_in_a_name_costs_that_photo_alone(world: World, tmp_path: Path) -> None:
    pupils(world, [number(0)])
    path = samples.archive(tmp_path / "a.zip", {named(0): jpeg(), "ab#cd.jpg": jpeg()})
    path.write_bytes(path.read_bytes().replace(b"ab#cd", b"ab\0cd"))
    one = record(world, bring(world, path))
    assert (one.status, one.given, one.refused) == ("部分导入", 1, 1)


def test_work_that_stopped_before_anything_came_of_it_can_be_given_up(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(working, "list_photos", broken)
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {named(0): jpeg()}))
    monkeypatch.undo()
    with lite.runtime.database.writing() as session:
        arriving.drop(session, lite.runtime.settings, session.get_one(PhotoImport, import_id))
    assert record(lite, import_id).status == "已放弃"
    assert not arriving.zip_of(lite.runtime.settings, import_id).exists()
    done = bring(lite, samples.archive(tmp_path / "b.zip", {named(0): jpeg(), named(1): jpeg()}))
    with lite.runtime.database.writing() as session, pytest.raises(DomainError, match="不能放弃"):
        arriving.drop(session, lite.runtime.settings, session.get_one(PhotoImport, done))


def test_work_that_was_cancelled_goes_on_where_it_stopped(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "LOOKED", 2)
    pupils(lite, [number(at) for at in range(6)])
    import_id = send(lite, samples.archive(tmp_path / "a.zip", {named(at): jpeg(good(at)) for at in range(6)}))
    write = working._write

    def write_and_cancel(*given: object) -> None:
        write(*given)  # type: ignore[arg-type]
        monkeypatch.setattr(working, "_write", write)
        session = given[0]
        cancel(session, session.get_one(BackgroundTask, record(lite, import_id).task_id), lite.clock())  # type: ignore[attr-defined]

    monkeypatch.setattr(working, "_write", write_and_cancel)
    assert not background.run_task(lite.runtime, record(lite, import_id).task_id or 0)
    assert {state for state, _ in states(lite, import_id)} == {"waiting"}
    with lite.runtime.database.writing() as session:
        one = session.get_one(PhotoImport, import_id)
        cancel(session, session.get_one(BackgroundTask, one.task_id or 0), lite.clock())
        arriving.again(session, lite.actor("school1"), one, lite.clock())
    work(lite, import_id)
    assert states(lite, import_id) == [("given", None)] * 6
    assert record(lite, import_id).status == "已导入"


def test_a_full_disk_refuses_no_photo_and_the_import_goes_on_once_there_is_room(
    lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupils(lite, [number(at) for at in range(3)])
    import_id = send(lite, samples.archive(tmp_path / "a.zip", {named(at): jpeg(good(at)) for at in range(3)}))
    whole = working._folder

    @contextmanager
    def full(*given: Any) -> Iterator[Path]:
        with whole(*given) as folder:
            (folder / "1.kept").symlink_to("/dev/full")  # where the second one is about to be written
            yield folder

    monkeypatch.setattr(working, "_folder", full)
    work(lite, import_id)
    first = task(lite, import_id)
    assert (first.state, first.error) == ("failed", "结果文件未能写入，请检查磁盘空间后重试")
    assert {state for state, _ in states(lite, import_id)} == {"waiting"}
    monkeypatch.undo()
    with lite.runtime.database.writing() as session:
        arriving.again(session, lite.actor("school1"), session.get_one(PhotoImport, import_id), lite.clock())
    with lite.runtime.database.writing() as session:
        retry(session, session.get_one(BackgroundTask, first.id), lite.clock())
    assert background.run_task(lite.runtime, first.id)  # 重试 beside 继续: one of the two does the work
    with lite.runtime.database.reading() as session:
        again = session.get_one(BackgroundTask, first.id)
        assert (again.state, again.error) == ("failed", "这项工作已由之后的任务继续，请返回原页面查看结果。")
    work(lite, import_id)
    assert states(lite, import_id) == [("given", None)] * 3


def task(world: World, import_id: int) -> BackgroundTask:
    """The background task that last worked on an import."""
    with world.runtime.database.reading() as session:
        return session.get_one(BackgroundTask, record(world, import_id).task_id)


def test_a_zip_whose_file_is_gone_begins_anew_when_it_is_chosen_again(lite: World) -> None:
    who, settings, now = lite.actor("school1"), lite.runtime.settings, lite.clock()
    sent = Sent("照片.zip", 100)

    def begin() -> PhotoImport:
        with lite.runtime.database.writing() as session:
            return arriving.begin(session, settings, who, sent, Kept(0, 0), now)

    def arrive(at: int, content: bytes) -> int:
        arriving.write_piece(settings, one.id, at, content)
        with lite.runtime.database.writing() as session:
            return arriving.note_piece(session, session.get_one(PhotoImport, one.id), at, len(content))

    one = begin()
    assert arrive(0, b"x" * 60) == 60
    arriving.zip_of(settings, one.id).unlink()
    with pytest.raises(OutOfPlace):
        arrive(60, b"y" * 40)
    again = begin()
    assert (again.id, again.received) == (one.id, 0)
    assert arrive(0, b"x" * 60) == 60
    assert arrive(60, b"y" * 40) == 100
    assert arriving.zip_of(settings, one.id).read_bytes() == b"x" * 60 + b"y" * 40


def test_pieces_follow_on_each_other(lite: World) -> None:
    who, settings, now = lite.actor("school1"), lite.runtime.settings, lite.clock()
    with lite.runtime.database.writing() as session:
        one = arriving.begin(session, settings, who, Sent("a.zip", 10, "1"), Kept(0, 0), now)
        arriving.write_piece(settings, one.id, 0, b"abcde")
        assert arriving.note_piece(session, one, 0, 5) == 5
        assert arriving.note_piece(session, one, 0, 5) == 5  # the same piece again
        with pytest.raises(OutOfPlace):
            arriving.write_piece(settings, one.id, 8, b"ij")
        with pytest.raises(DomainError, match="还没有上传完整"), session.begin_nested():
            arriving.begin_work(session, who, one, now)
        assert arriving.begin(session, settings, who, Sent("a.zip", 10, "1"), Kept(0, 0), now).id == one.id  # goes on
        assert arriving.begin(session, settings, who, Sent("a.zip", 10, "2"), Kept(0, 0), now).id != one.id  # another file
        assert arriving.begin(session, settings, lite.actor("school2"), Sent("a.zip", 10, "1"), Kept(0, 0), now).id != one.id
        arriving.write_piece(settings, one.id, 5, b"fghij")
        assert arriving.note_piece(session, one, 5, 6) == 5  # more than the file has
        assert arriving.note_piece(session, one, 5, 5) == 10
        assert arriving.zip_of(settings, one.id).read_bytes() == b"abcdefghij"
        arriving.begin_work(session, who, one, now)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (Sent("a.rar", 10), "请选择 .zip 压缩包"),
        (Sent("a.zip", 0), "文件是空的"),
        (Sent("a.zip", 501 * 1024 * 1024), "压缩包为 501 MB，最多 500 MB"),
        (Sent("a.zip", 500 * 1024 * 1024 + 1), "压缩包为 501 MB，最多 500 MB"),
    ],
)
def test_what_is_not_begun(lite: World, sent: Sent, told: str) -> None:
    with lite.runtime.database.writing() as session, pytest.raises(DomainError, match=told):
        arriving.begin(session, lite.runtime.settings, lite.actor("school1"), sent, Kept(0, 0), lite.clock())


def test_zips_that_wait_are_within_budgets(lite: World) -> None:
    who, settings, now = lite.actor("school1"), lite.runtime.settings, lite.clock()
    with lite.runtime.database.writing() as session:
        with pytest.raises(UsedUp, match="500 MB"):
            arriving.begin(session, settings, who, Sent("a.zip", 200 * 1024 * 1024), Kept(400 * 1024 * 1024, 0), now)
        for at in range(20):
            arriving.begin(session, settings, who, Sent("a.zip", 10, str(at)), Kept(0, 0), now)
        with pytest.raises(UsedUp, match="照片压缩包"):
            arriving.begin(session, settings, who, Sent("a.zip", 10, "20"), Kept(0, 0), now)


def take(world: World, import_id: int, state: PhotoState) -> None:
    """Takes all photos of an import that wait for a decision."""
    with world.runtime.database.writing() as session:
        task_id = take_later(session, world.actor("school1"), session.get_one(PhotoImport, import_id), state, world.clock())
    assert background.run_task(world.runtime, task_id)


def test_a_photo_that_would_replace_another_one_asks_first(lite: World, tmp_path: Path) -> None:
    first, second, third = pupils(lite, [number(at) for at in (1, 2, 3)])
    bring(lite, samples.archive(tmp_path / "a.zip", {named(at): jpeg(good(at)) for at in (1, 2)}))
    before = candidates(lite)
    import_id = bring(lite, samples.archive(tmp_path / "b.zip", {named(at): jpeg(good(at + 10)) for at in (1, 2, 3)}))
    assert states(lite, import_id) == [("asking", None), ("asking", None), ("given", None)]
    found = candidates(lite)
    assert (found[first], found[second]) == (before[first], before[second])
    assert found[third][0] == "信息待认证"
    one = record(lite, import_id)
    assert (one.state, one.status, one.asking, one.given) == ("done", "待确认", 2, 1)
    assert [item.earlier for item in items(lite, import_id)] == [before[first][1], before[second][1], None]
    with lite.runtime.database.writing() as session:
        assert leave(session, session.get_one(PhotoImport, import_id), PhotoState.ASKING, 2) == 1
        with pytest.raises(NothingLeft):
            leave(session, session.get_one(PhotoImport, import_id), PhotoState.ASKING, 2)
    take(lite, import_id, PhotoState.ASKING)
    assert states(lite, import_id) == [("given", None), ("refused", "考生已有照片，已选择保留原照片"), ("given", None)]
    after = candidates(lite)
    assert after[second] == before[second]
    assert after[first] == ("信息待认证", items(lite, import_id)[0].photo)
    assert items(lite, import_id)[0].earlier == before[first][1]  # what it replaced is told
    assert record(lite, import_id).status == "部分导入"
    assert consistent(lite)


def test_who_agreed_to_replace_one_photo_has_not_agreed_to_replace_the_next(lite: World, tmp_path: Path) -> None:
    (only,) = pupils(lite, [number(1)])
    zips = [samples.archive(tmp_path / f"{at}.zip", {named(1): jpeg(good(at))}) for at in range(3)]
    _, second, third = (bring(lite, path) for path in zips)
    take(lite, second, PhotoState.ASKING)
    now = candidates(lite)[only][1]
    take(lite, third, PhotoState.ASKING)  # it was to replace the first one
    assert states(lite, third) == [("asking", None)]
    assert candidates(lite)[only][1] == now == items(lite, third)[0].earlier
    take(lite, third, PhotoState.ASKING)
    assert candidates(lite)[only][1] == items(lite, third)[0].photo


def test_a_crop_and_a_photo_for_both_kinds_ask_too(lite: World, tmp_path: Path) -> None:
    (pupil,) = pupils(lite, [number(1)])
    bring(lite, samples.archive(tmp_path / "a.zip", {named(1): jpeg(good(1))}))
    before = candidates(lite)[pupil]
    (outsider,) = pupils(lite, [number(1)], kind="社会考生")
    import_id = bring(lite, samples.archive(tmp_path / "b.zip", {named(1): jpeg(wide().picture)}))
    with lite.runtime.database.writing() as session:
        one = session.get_one(PhotoImport, import_id)
        assert take_at_once(lite.runtime.engine, session, lite.actor("school1"), one, PhotoState.MENDABLE, 1)[1].state == PhotoState.ASKING
    found = candidates(lite)
    assert found[pupil] == before
    assert found[outsider] == ("信息待认证", items(lite, import_id)[0].photo)  # who had none has it
    take(lite, import_id, PhotoState.ASKING)
    assert candidates(lite)[pupil][1] == candidates(lite)[outsider][1]


def test_a_number_in_a_longer_name_is_offered_and_never_taken_unasked(lite: World, tmp_path: Path) -> None:
    ids = pupils(lite, [number(at) for at in range(1, 6)])
    pupils(lite, [number(9)], account="school2")
    files = {
        f"{number(1)}(1).jpg": jpeg(good(1)),
        f"王小明+{number(2)}.jpg": jpeg(wide(2).picture),
        f"{number(3)}-王小明.jpg": jpeg(blue()),
        f"{number(9)} 副本.jpg": jpeg(good(4)),
        f"{number(4)}和{number(5)}.jpg": jpeg(good(5)),
    }
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", files))
    asked = "文件名应只有证件号：其中的“{}”是本校考生的证件号，请确认是不是这位考生的照片"
    told = states(lite, import_id)
    assert told[0] == ("misnamed", asked.format(number(1)))
    assert told[1] == ("misnamed", asked.format(number(2)) + "；照片像素 800×900，应为 295×413")
    assert told[2][0] == "refused"
    assert (told[2][1] or "").startswith(asked.format(number(3)) + "；照片底色不是红色")
    assert told[3] == ("refused", f"照片无对应考生：文件名应只有证件号，其中的“{number(9)}”不是本校考生的证件号")
    assert told[4] == ("refused", "照片无对应考生：文件名应只有证件号，其中有 2 位考生的证件号，不能确定是谁的照片")
    assert {status for status, _ in candidates(lite).values()} == {"无照片"}
    assert record(lite, import_id).misnamed == 2
    with lite.runtime.database.writing() as session:
        one = session.get_one(PhotoImport, import_id)
        assert take_at_once(lite.runtime.engine, session, lite.actor("school1"), one, PhotoState.MISNAMED, 1)[1].problem is None
    assert [candidates(lite)[one][0] for one in ids[:2]] == ["信息待认证", "无照片"]
    take(lite, import_id, PhotoState.MISNAMED)
    assert [candidates(lite)[one][0] for one in ids[:3]] == ["信息待认证", "信息待认证", "无照片"]


def test_two_photos_with_one_number_inside_never_replace_each_other_unasked(lite: World, tmp_path: Path) -> None:
    (only,) = pupils(lite, [number(1)])
    files = {f"{number(1)}({at}).jpg": jpeg(good(at)) for at in (1, 2)}
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", files))
    take(lite, import_id, PhotoState.MISNAMED)
    assert [state for state, _ in states(lite, import_id)] == ["given", "asking"]
    assert candidates(lite)[only][1] == items(lite, import_id)[0].photo


def test_photos_that_nobody_has_are_swept_away(lite: World, tmp_path: Path) -> None:
    (only,) = pupils(lite, [number(1)])
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {named(1): jpeg(good(1)), named(2): jpeg(wide().picture)}))
    take(lite, bring(lite, samples.archive(tmp_path / "b.zip", {named(1): jpeg(good(2))})), PhotoState.ASKING)
    home = lite.runtime.settings.home
    before = photo_path(home, items(lite, import_id)[0].photo or "")
    now = photo_path(home, candidates(lite)[only][1] or "")
    assert before != now
    lost = home / "photos" / "new-9-9"
    lost.mkdir()
    for path in (before, now, lost):
        os.utime(path, (lite.clock().timestamp() - 7200,) * 2)

    def sweep_all() -> None:
        start = lite.clock.now
        for hour in range(256):
            lite.clock.now = start + timedelta(hours=hour)
            files.sweep_files(lite.runtime)

    sweep_all()
    assert before.exists()  # the import shows it
    assert now.exists()
    assert not lost.exists()
    lite.clock.now += timedelta(days=30)
    sweep_all()
    assert not before.exists()
    assert now.exists()
