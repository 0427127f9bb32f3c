"""What runs confined: bounded in computing, memory and files; whatever becomes of it is a sentence, and nothing that it says is run."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from domain.ground.storage import out_of_space
from jobs import confinement
from jobs.confinement import MEGABYTE, Busy, Json, Unfinished, Work
from tests.jobs.conftest import wait_for

pytestmark = pytest.mark.row("9.1")
HERE = "tests.jobs.test_confinement"


def echo(asked: Mapping[str, Json]) -> Json:
    return dict(asked)


def count(asked: Mapping[str, Json]) -> Iterator[Json]:
    yield from range(int(str(asked["upto"])))
    if asked.get("dies"):
        os._exit(1)


def note(asked: Mapping[str, Json]) -> Iterator[Json]:
    for number in (1, 2, 3):
        with Path(str(asked["path"])).open("a") as file:
            file.write(str(number))
        yield "x" * 50_000


def compute(asked: Mapping[str, Json]) -> Json:
    while True:
        pass


def fill(asked: Mapping[str, Json]) -> Json:
    return len(bytearray(4 * 1024 * MEGABYTE))


def write(asked: Mapping[str, Json]) -> Json:
    with Path(str(asked["path"])).open("wb") as file:
        for _ in range(100):
            file.write(bytes(MEGABYTE))
    return "written"


def opened(asked: Mapping[str, Json]) -> Json:
    links = [Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
    return [os.readlink(link) for link in links if link.is_symlink()]


def compute_for_long(asked: Mapping[str, Json]) -> Json:
    Path(str(asked["path"])).write_text(str(os.getpid()))
    os.rename(str(asked["path"]), f"{asked['path']}.pid")
    while True:
        pass


def write_on_a_full_disk(asked: Mapping[str, Json]) -> Iterator[Json]:
    yield 1
    Path("/dev/full").write_bytes(b"x")


def die(asked: Mapping[str, Json]) -> Json:
    os._exit(1)


def fail(asked: Mapping[str, Json]) -> Json:
    raise KeyError("a secret")


@pytest.fixture(autouse=True)
def work(monkeypatch: pytest.MonkeyPatch) -> None:
    here = (echo, count, note, opened, compute, fill, write, write_on_a_full_disk, die, fail)
    own = {function.__name__: Work(HERE, function.__name__, seconds=1, written=8 * MEGABYTE) for function in here}
    monkeypatch.setattr(confinement, "WORK", {**confinement.WORK, **own})


def test_an_answer_comes_back() -> None:
    asked: dict[str, Json] = {"text": "中文", "lines": [1, 2.5, None, True], "odd": ["\ud800", 2**70, float("inf")]}
    assert confinement.run("echo", asked) == asked


@pytest.mark.parametrize("name", ["compute", "fill", "write", "die", "fail"])
def test_what_goes_over_its_bounds_or_fails_is_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unfinished, match="请简化后重试"):
        confinement.run(name, {"path": str(tmp_path / "large")})
    if name == "write":
        assert (tmp_path / "large").stat().st_size <= 8 * MEGABYTE


def test_a_disk_that_is_full_is_nothing_wrong_with_what_was_handed_in() -> None:
    with closing(confinement.stream("write_on_a_full_disk", {})) as pieces:
        assert next(pieces) == 1
        with pytest.raises(OSError, match="No space left") as caught:
            next(pieces)
    assert out_of_space(caught.value)


def test_who_waits_too_long_for_a_turn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "PATIENCE", 0)
    for _ in range(confinement.AT_ONCE):
        confinement._TURNS.acquire()
    try:
        with pytest.raises(Busy, match="系统正忙"):
            confinement.run("echo", {})
    finally:
        for _ in range(confinement.AT_ONCE):
            confinement._TURNS.release()
    assert confinement.run("echo", {}) == {}


def test_of_many_who_wait_only_some_wait_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "HURRY", 0)
    waits = [threading.Thread(target=confinement.run, args=("echo", {})) for _ in range(confinement.PATIENT)]
    taken = [confinement.stream("count", {"upto": 2}) for _ in range(confinement.AT_ONCE)]
    try:
        assert [next(one) for one in taken] == [0] * confinement.AT_ONCE
        for one in waits:
            one.start()
        for one in waits:
            one.join(0.05)  # not over: it waits
        with pytest.raises(Busy):
            confinement.run("echo", {})
        assert all(one.is_alive() for one in waits)
    finally:
        for piece in taken:
            piece.close()
        for one in waits:
            one.join()
    assert confinement.run("echo", {}) == {}


def test_an_answer_may_come_in_pieces() -> None:
    with closing(confinement.stream("count", {"upto": 1000})) as pieces:
        assert list(pieces) == list(range(1000))


def test_pieces_are_made_while_earlier_ones_are_used(tmp_path: Path) -> None:
    """What reads a file, and what stores its rows, work at the same time: nobody asks for the second piece here."""
    path = tmp_path / "made"
    with closing(confinement.stream("note", {"path": str(path)})) as pieces:
        assert next(pieces) == "x" * 50_000
        wait_for(lambda: path.read_text() == "123")


def test_who_closes_an_answer_early_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "PATIENCE", 0)
    for _ in range(confinement.AT_ONCE + 1):  # each gives its turn back
        with closing(confinement.stream("count", {"upto": 10**9})) as pieces:
            assert [next(pieces) for _ in range(3)] == [0, 1, 2]


def test_an_answer_without_its_end_is_none() -> None:
    with closing(confinement.stream("count", {"upto": 3, "dies": True})) as pieces, pytest.raises(Unfinished):
        list(pieces)


def test_what_is_called_meanwhile_may_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise ValueError("stopped")

    monkeypatch.setattr(confinement, "_LOOK", 0)
    with pytest.raises(ValueError, match="stopped"):
        confinement.run("compute", {}, stop)


def test_a_confined_process_has_no_connections_and_locks_of_who_asks(tmp_path: Path) -> None:
    with (tmp_path / "held").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        found = confinement.run("opened", {})
    assert isinstance(found, list)
    assert str(tmp_path / "held") not in found


ASKING = f"""
import sys
from jobs import confinement
from jobs.confinement import Work
confinement.WORK = {{"long": Work("{HERE}", "compute_for_long", seconds=50)}}
confinement.run("long", {{"path": sys.argv[1]}}, lambda: print("asked", flush=True))
"""


def test_who_asks_and_is_killed_leaves_no_process(tmp_path: Path) -> None:
    code = ASKING.replace("import confinement\n", "import confinement\nconfinement._LOOK = 0.05\n", 1)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a")], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as asking:
        assert asking.stdout is not None
        while not (tmp_path / "a.pid").exists():
            assert asking.stdout.readline() == b"asked\n"
        child = os.pidfd_open(int((tmp_path / "a.pid").read_text()))
        asking.kill()
    try:
        assert select.select([child], [], [], 20)[0] == [child]
    finally:
        os.close(child)


def test_the_main_program_is_not_run_again(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    program = tmp_path / "program.py"
    program.write_text(
        f"""
import os
with open({str(runs)!r}, "a") as file:
    print(os.getpid(), file=file)

if __name__ == "__main__":
    from jobs import confinement
    for _ in range(2):
        confinement.run("list of photos", {{"path": {str(tmp_path / "one.zip")!r}}})
"""
    )
    with ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("photo.jpg", b"")
    subprocess.run([sys.executable, str(program)], check=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    assert len(runs.read_text().splitlines()) == 1
