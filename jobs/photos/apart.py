"""Photos are listed, unpacked and decoded in processes of their own (`jobs.confinement`): each may have been made to do harm.

What was decoded comes back as files in a folder that only this product writes to; the answers say what is in it.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast
from zipfile import ZipFile

from domain.ground.errors import DomainError
from jobs import confinement
from jobs.confinement import Json, Unfinished
from jobs.photos.archive import BadArchive, Entry, entries_of, read
from jobs.photos.cropping import Box
from jobs.photos.looking import BadPhoto, Look, cut, look, size_problem

AT_ONCE = 2  # processes that decode the photos of one zip
A_TURN = 2000  # photos that one process decodes at most: what they leave in its memory ends with it
MOST_DEATHS = 10  # photos of a zip that may end their process; after these the others are not tried
UNREADABLE = "照片过于复杂或已损坏，不能处理，请用看图软件另存为 JPG 后重新上传"
GIVEN_UP = "压缩包中前面有多张照片不能处理，这张没有检查，请删除不能处理的照片后重新上传"
_SECONDS = 8.0  # of computing for one photo: the largest that is decoded takes two

Meanwhile = Callable[[], None]


class RefusedArchive(DomainError):
    """压缩包不能导入，请重新压缩后上传。"""


@dataclass(frozen=True)
class Seen:
    """What was seen in a photo. `kept` and `preview` are files in the folder of whoever asked."""

    problem: str | None
    kept: Path | None = None
    """The photo as it is to be kept; of a refused one the crop that mends it."""
    preview: Path | None = None
    box: Box | None = None
    size: tuple[int, int] | None = None
    source: Path | None = None
    least: int | None = None


def entries_apart(path: Path, meanwhile: Meanwhile = lambda: None) -> list[Entry]:
    """`archive.entries_of`, confined.

    Raises:
        RefusedArchive: what is wrong with the zip, in Chinese.
        Busy: others are at it.
    """
    try:
        found = confinement.run("list of photos", {"path": str(path)}, meanwhile)
    except Unfinished as error:
        raise RefusedArchive("压缩包过于复杂，不能读取，请重新压缩后上传") from error
    if isinstance(found, dict):
        raise RefusedArchive(str(found["problem"]))
    return [Entry(**one) for one in cast(list[dict[str, object]], found)]  # type: ignore[arg-type]  # as `asdict` wrote them


def photo_apart(file: Path, folder: Path, ground: str) -> Seen:
    """`looking.look`, confined, of the photo in a file.

    Raises:
        Busy: others are at it.
    """
    if problem := size_problem(file.stat().st_size):
        return Seen(problem)
    try:
        found = confinement.run("one photo", {"path": str(file), "folder": str(folder), "ground": ground})
    except Unfinished:
        return Seen(UNREADABLE)
    return _seen(cast("dict[str, Json]", found), folder, "one")


def crop_apart(source: Path, folder: Path, size: tuple[int, int], box: Box, ground: str) -> Seen:
    """`looking.cut`, confined, of the picture in a file: a crop that is `kept`, or why there is none.

    Raises:
        Busy: others are at it.
    """
    asked: dict[str, Json] = {"path": str(source), "folder": str(folder), "size": [*size], "box": [*box], "ground": ground}
    try:
        found = confinement.run("crop of a photo", asked)
    except Unfinished:
        return Seen(UNREADABLE)
    return _seen(cast("dict[str, Json]", found), folder, "crop")


def photos_apart(
    path: Path, folder: Path, indexes: Sequence[int], ground: str, at_once: int = AT_ONCE, meanwhile: Meanwhile = lambda: None
) -> Iterator[tuple[int, Seen]]:
    """Looks at these entries of a zip, in `at_once` processes, and gives each with what was seen, in any order.

    Close it: that ends the processes. A photo that ends its process is refused, and the others go on in a new one.

    Raises:
        Busy: others are at it.
    """
    shares = [indexes[at::at_once] for at in range(at_once)]
    with ExitStack() as stack:
        working = deque(stack.enter_context(closing(_share(path, folder, share, ground, meanwhile))) for share in shares if share)
        while working:
            stream = working.popleft()
            answer = next(stream, None)  # the others work ahead meanwhile
            if answer is not None:
                working.append(stream)
                yield answer


def _share(path: Path, folder: Path, indexes: Sequence[int], ground: str, meanwhile: Meanwhile) -> Generator[tuple[int, Seen]]:
    at = deaths = 0
    while at < len(indexes) and deaths < MOST_DEATHS:
        turn, began = indexes[at : at + A_TURN], at
        asked: dict[str, Json] = {"path": str(path), "folder": str(folder), "indexes": [*turn], "ground": ground}
        try:
            with closing(confinement.stream("photos of a zip", asked, meanwhile)) as answers:
                for index, answer in zip(turn, answers, strict=True):
                    yield index, _seen(cast("dict[str, Json]", answer), folder, str(index))
                    at += 1
        except Unfinished:
            if at == began:  # it was the first of its process: nothing else can have used that up
                yield indexes[at], Seen(UNREADABLE)
                at, deaths = at + 1, deaths + 1
    for index in indexes[at:]:
        yield index, Seen(GIVEN_UP)


def _seen(answer: dict[str, Json], folder: Path, name: str) -> Seen:
    kept, preview, source = (folder / f"{name}.{part}" if answer[part] else None for part in ("kept", "preview", "source"))
    box, size = cast("list[int] | None", answer["box"]), cast("list[int] | None", answer["size"])
    problem, least = answer["problem"], cast("int | None", answer["least"])
    return Seen(
        None if problem is None else str(problem),
        kept,
        preview,
        None if box is None else (box[0], box[1], box[2], box[3]),
        None if size is None else (size[0], size[1]),
        source,
        least,
    )


def entries(asked: Mapping[str, Json]) -> Json:
    """`entries_apart`, inside."""
    try:
        return [asdict(one) for one in entries_of(Path(str(asked["path"])))]
    except BadArchive as error:
        return {"problem": str(error)}


def photos(asked: Mapping[str, Json]) -> Iterator[Json]:
    """`photos_apart`, inside: an answer for each index, in their order."""
    folder, ground = Path(str(asked["folder"])), str(asked["ground"])
    with ZipFile(str(asked["path"])) as archive:
        for index in cast(list[int], asked["indexes"]):
            signal.setitimer(signal.ITIMER_PROF, _SECONDS)  # what it sends ends this process, in the middle of a decoder too
            try:
                found = look(read(archive, index), ground)
            except BadPhoto as error:
                found = Look(str(error))
            yield _told(found, folder, str(index))


def one(asked: Mapping[str, Json]) -> Json:
    """`photo_apart`, inside."""
    content = Path(str(asked["path"])).read_bytes()
    return _told(look(content, str(asked["ground"])), Path(str(asked["folder"])), "one")


def crop(asked: Mapping[str, Json]) -> Json:
    """`crop_apart`, inside."""
    width, height = cast(list[int], asked["size"])
    left, top, right, bottom = cast(list[int], asked["box"])
    found = cut(Path(str(asked["path"])).read_bytes(), (width, height), (left, top, right, bottom), str(asked["ground"]))
    return _told(found, Path(str(asked["folder"])), "crop")


def _told(found: Look, folder: Path, name: str) -> Json:
    pictures = {"kept": found.kept, "preview": found.preview, "source": found.source}
    for part, content in pictures.items():
        if content is not None:
            (folder / f"{name}.{part}").write_bytes(content)
    box: Json = None if found.box is None else [*found.box]
    size: Json = None if found.size is None else [*found.size]
    are_there: dict[str, Json] = {part: content is not None for part, content in pictures.items()}
    return {**are_there, "problem": found.problem, "box": box, "size": size, "least": found.least}
