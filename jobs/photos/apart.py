"""Photos are listed, unpacked and decoded in processes of their own (`jobs.confinement`): each may have been made to do harm.

What was decoded comes back as files in a folder that only this product writes to; the answers say what is in it.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
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
TOGETHER = 16  # photos that are written and answered together: less waking of each other
MOST_DEATHS = 10  # photos of a zip that may end their process; after these the others are not tried
UNREADABLE = "照片过于复杂或已损坏，不能处理，请用看图软件另存为 JPG 后重新上传"
GIVEN_UP = "压缩包中前面有多张照片不能处理，这张没有检查，请删除不能处理的照片后重新上传"
_SECONDS = 8.0  # of computing for one photo: the largest that is decoded takes two
_A_WHILE = 0.02  # seconds after which fewer are answered together: large ones wait neither in memory nor for each other

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
    together = TOGETHER
    while at < len(indexes) and deaths < MOST_DEATHS:
        began = at
        turn = indexes[at : at + (A_TURN if together > 1 else 2 * TOGETHER)]  # what a process before may have had in hand
        asked: dict[str, Json] = {"path": str(path), "folder": str(folder), "indexes": [*turn], "ground": ground, "together": together}
        try:
            with closing(confinement.stream("photos of a zip", asked, meanwhile)) as answers:
                each = (one for some in answers for one in cast("list[dict[str, Json]]", some))
                for index, answer in zip(turn, each, strict=True):
                    yield index, _seen(answer, folder, str(index))
                    at += 1
            together = TOGETHER
        except Unfinished:
            if together == 1 and at == began:  # it was the first of its process: nothing else can have used that up
                yield indexes[at], Seen(UNREADABLE)
                at, deaths = at + 1, deaths + 1
            together = 1  # so that the answers tell which one it is at
    for index in indexes[at:]:
        yield index, Seen(GIVEN_UP)


def _seen(answer: dict[str, Json], folder: Path, name: str) -> Seen:
    kept, preview, source = (Path(f"{folder}/{name}.{part}") if answer[part] else None for part in ("kept", "preview", "source"))
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
        return [vars(one) for one in entries_of(Path(str(asked["path"])))]
    except BadArchive as error:
        return {"problem": str(error)}


def photos(asked: Mapping[str, Json]) -> Iterator[Json]:
    """`photos_apart`, inside: an answer for each index, in their order, so many in a list as may be `together`.

    Files are made by a thread beside the decoder, because the file system may keep it waiting (docs/decisions/photos.md). One at a time
    there is nothing beside: each is answered before the next one is opened.
    """
    folder, together = str(asked["folder"]), cast(int, asked["together"])
    with ZipFile(str(asked["path"])) as archive, ThreadPoolExecutor(1) as disk:
        writing: deque[Future[list[Json]]] = deque()
        for some in _looked_at(archive, cast(list[int], asked["indexes"]), str(asked["ground"]), together):
            writing.append(disk.submit(_all_told, some, folder))
            while writing and (together == 1 or len(writing) > 1 or writing[0].done()):
                yield writing.popleft().result()
        for one in writing:
            yield one.result()


def _looked_at(archive: ZipFile, indexes: Sequence[int], ground: str, together: int) -> Iterator[list[tuple[int, Look]]]:
    """What was seen in these entries, some at a time: at most so many, and fewer where they take a while."""
    some: list[tuple[int, Look]] = []
    began = monotonic()
    for index in indexes:
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)  # what it sends ends this process, in the middle of a decoder too
        try:
            some.append((index, look(read(archive, index), ground)))
        except BadPhoto as error:
            some.append((index, Look(str(error))))
        if len(some) == together or monotonic() - began > _A_WHILE:
            yield some
            some, began = [], monotonic()
    if some:
        yield some


def _all_told(some: Sequence[tuple[int, Look]], folder: str) -> list[Json]:
    return [_told(found, folder, str(index)) for index, found in some]


def one(asked: Mapping[str, Json]) -> Json:
    """`photo_apart`, inside."""
    content = Path(str(asked["path"])).read_bytes()
    return _told(look(content, str(asked["ground"])), str(asked["folder"]), "one")


def crop(asked: Mapping[str, Json]) -> Json:
    """`crop_apart`, inside."""
    width, height = cast(list[int], asked["size"])
    left, top, right, bottom = cast(list[int], asked["box"])
    found = cut(Path(str(asked["path"])).read_bytes(), (width, height), (left, top, right, bottom), str(asked["ground"]))
    return _told(found, str(asked["folder"]), "crop")


def _told(found: Look, folder: str, name: str) -> Json:
    pictures = {"kept": found.kept, "preview": found.preview, "source": found.source}
    for part, content in pictures.items():
        if content is not None:
            with open(f"{folder}/{name}.{part}", "wb") as file:
                file.write(content)
    box: Json = None if found.box is None else [*found.box]
    size: Json = None if found.size is None else [*found.size]
    are_there: dict[str, Json] = {part: content is not None for part, content in pictures.items()}
    return {**are_there, "problem": found.problem, "box": box, "size": size, "least": found.least}
