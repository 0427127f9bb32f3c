"""Runs what strangers hand in – files, keys, pictures, diagrams – in processes of their own, bounded in computing, memory and time.

The processes are forked off a small server that has loaded the code already, so that one costs milliseconds. The server is a program of
its own: it has neither the connections to the database nor the locks of the process that asks. What goes in and comes back is JSON:
nothing that a confined process says is ever run.
"""

from __future__ import annotations

import errno
import fcntl
import gc
import json
import multiprocessing
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import forkserver, spawn
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any, cast

import orjson

from domain.ground.errors import DomainError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Function = Callable[[Mapping[str, Json]], Json]
Stream = Callable[[Mapping[str, Json]], Iterator[Json]]

MEGABYTE = 1024 * 1024
AT_ONCE = 2  # confined processes of one process: each may take a core and its memory
PATIENCE = 20.0  # seconds to wait for one's turn
PATIENT = 2  # of those who wait, so many wait that long: each may hold one of the web server's threads
HURRY = 1.0  # seconds that everybody else waits; what honest people hand in takes milliseconds
_LONGEST = 64 * MEGABYTE  # bytes of a piece of an answer
_AHEAD = MEGABYTE  # bytes, about, that a confined process may write before they are read; the system may allow fewer
_LOOK = 5.0  # seconds between two calls of `meanwhile`


@dataclass(frozen=True)
class Work:
    """A function that may run confined, and its bounds. What it takes and returns is JSON."""

    module: str
    function: str
    seconds: int = 10
    """Of computing; twice as much may pass by the clock."""
    memory: int = 1024 * MEGABYTE
    """Bytes of address space."""
    written: int = 64 * MEGABYTE
    """Bytes of the largest file that it may write."""


WORK: Mapping[str, Work] = {
    "own workbook": Work("jobs.imports.own_workbook", "make", seconds=10, memory=600 * MEGABYTE),
    "large own workbook": Work("jobs.imports.own_workbook", "make", seconds=90, memory=2000 * MEGABYTE, written=400 * MEGABYTE),
    "seal key": Work("jobs.seals", "open_key"),
    "seal picture": Work("jobs.seals", "check_picture", seconds=5),
    "check of a diagram": Work("jobs.trials", "check_diagram", seconds=10),
    "description of a diagram": Work("jobs.trials", "describe", seconds=5, memory=700 * MEGABYTE),
    "import of a diagram": Work("jobs.trials", "take_in", seconds=5, memory=700 * MEGABYTE),
    "check of a document template": Work("jobs.document_templates.apart", "check", seconds=20),
    "preview of a document template": Work("jobs.document_templates.apart", "preview", seconds=30),
    "look at an upload": Work("jobs.uploads", "look", seconds=20, memory=700 * MEGABYTE),
    "look at a table": Work("jobs.imports.apart", "look", seconds=5, memory=700 * MEGABYTE),
    "long look at a table": Work("jobs.imports.apart", "look", seconds=60, memory=700 * MEGABYTE),
    "rows of a table": Work("jobs.imports.apart", "read", seconds=60, memory=2000 * MEGABYTE),
    "look at a certificate": Work("jobs.certificates.inside", "look_inside", seconds=10, memory=1000 * MEGABYTE),
    "list of photos": Work("jobs.photos.apart", "entries", seconds=20, memory=700 * MEGABYTE),
    "one photo": Work("jobs.photos.apart", "one", seconds=8),
    "crop of a photo": Work("jobs.photos.apart", "crop", seconds=5),
    "photos of a zip": Work("jobs.photos.apart", "photos", seconds=120, memory=1160 * MEGABYTE),  # 136 more: what its thread reserves
    "trial of a diagram": Work("jobs.trials", "try_diagram", seconds=20),
}


class Unfinished(DomainError):
    """内容过于复杂，未能在限定的时间和内存内处理完，请简化后重试。"""


class Busy(Exception):
    """It was nobody's fault: others are at it, and trying again helps. The web keeps what was posted (503)."""

    def __init__(self) -> None:
        super().__init__("系统正忙，请稍后再试。")


def warm() -> None:
    """Starts the server of processes ahead of the first that is asked for: whoever asks does not wait while it loads the code."""
    forkserver.ensure_running()


def run(name: str, asked: Mapping[str, Json], meanwhile: Callable[[], None] = lambda: None) -> Json:
    """Runs the work of this name over `asked` in a process of its own. `meanwhile` is called every few seconds; what it raises ends both.

    Raises:
        Busy: others are at it, and go on being so.
        Unfinished: it went over its bounds, or failed in a way that it does not tell.
        OSError: the disk is full: nothing is wrong with what was handed in.
    """
    answers = stream(name, asked, meanwhile)
    try:
        return next(answers)
    finally:
        answers.close()


def stream(name: str, asked: Mapping[str, Json], meanwhile: Callable[[], None] = lambda: None) -> Generator[Json]:
    """As `run`, of work that gives its answer in pieces. It works ahead while a piece is used, by some hundred kilobytes; then it waits.

    Only the time that is spent waiting for it counts as its time.

    Close it (`contextlib.closing`): that ends the process, and gives its turn to others.
    """
    work = WORK[name]
    _await_turn()
    try:
        yield from _pieces(work, _written(asked), meanwhile)
    finally:
        _TURNS.release()


def _await_turn() -> None:
    patient = _PATIENT.acquire(blocking=False)
    try:
        if not _TURNS.acquire(timeout=PATIENCE if patient else min(HURRY, PATIENCE)):
            raise Busy
    finally:
        if patient:
            _PATIENT.release()


def _pieces(work: Work, asked: bytes, meanwhile: Callable[[], None]) -> Generator[Json]:
    ours, theirs = _CONTEXT.Pipe()
    with socket.fromfd(theirs.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as buffered:  # a pipe of two ways is a pair of sockets
        buffered.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _AHEAD)
    process = _CONTEXT.Process(target=_child, args=(theirs, work), name=_NAME, daemon=True)
    process.start()
    theirs.close()
    left = 2.0 * work.seconds
    try:
        with ours:
            ours.send_bytes(asked)
            while True:
                left -= _wait(ours, left, meanwhile)
                piece = ours.recv_bytes(_LONGEST)
                if not piece:
                    return
                if piece == _NO_ROOM:
                    break
                yield _read(piece)
    except (EOFError, OSError) as error:  # it died: of its bounds, or of what it was handed
        raise Unfinished from error
    finally:
        process.kill()
        process.join()
        process.close()
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _wait(answer: Connection, most: float, meanwhile: Callable[[], None]) -> float:
    """Waits for a piece, at most so many seconds, and returns how many it took."""
    began = monotonic()
    while not answer.poll(max(min(_LOOK, began + most - monotonic()), 0)):
        if monotonic() >= began + most:
            raise Unfinished
        meanwhile()
    return monotonic() - began


def _child(connection: Connection, work: Work) -> None:
    """What the process of its own does: the bounds first."""
    for kind, most in (
        (resource.RLIMIT_CPU, work.seconds),
        (resource.RLIMIT_AS, work.memory),
        (resource.RLIMIT_FSIZE, work.written),
        (resource.RLIMIT_CORE, 0),  # no memory with a key in it is left on disk
    ):
        resource.setrlimit(kind, (most, most))
    _end_with_who_asked()
    gc.freeze()  # what the server has loaded stays as it is: to look through it again would copy it
    function: Function | Stream = getattr(import_module(work.module), work.function)
    with suppress(MemoryError, RecursionError, BrokenPipeError):  # no end of the answer: the caller tells that it could not be finished
        try:
            answer = function(cast(Mapping[str, Json], _read(connection.recv_bytes())))
            for piece in answer if isinstance(answer, Iterator) else (answer,):
                connection.send_bytes(_written(piece))
            connection.send_bytes(b"")
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):  # EFBIG is one of the bounds
                raise
            connection.send_bytes(_NO_ROOM)


def _written(value: Json | Mapping[str, Json]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # numbers of more than 64 bits, halves of characters: what the library of Python writes
        return json.dumps(value).encode()


def _read(text: bytes) -> Json:
    try:
        return cast(Json, orjson.loads(text))
    except orjson.JSONDecodeError:
        return cast(Json, json.loads(text))


def _end_with_who_asked() -> None:
    """Has the system end this process as soon as the one that asked is gone (SIGIO), whatever it computes: its answer has no reader."""
    asking = multiprocessing.parent_process()
    if asking is None:
        return
    pipe = asking.sentinel
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if not asking.is_alive():
        os._exit(1)


def _without_main(name: str) -> dict[str, Any]:
    """What the library tells a new process about the one that asks; ours are not told of its main program.

    Each would import that again: the whole product, some 0.4 s of computing, for nothing that it does. The library has no setting
    for it (the server loads `__main__` ahead only from Python 3.14 on, gh-126631).
    """
    about = _PREPARATION(name)
    if name == _NAME:
        about.pop("init_main_from_name", None)
        about.pop("init_main_from_path", None)
    return about


_NAME = "confined"
_NO_ROOM = b"\0"  # in the place of an answer, which is JSON: the disk is full
_PREPARATION = spawn.get_preparation_data
spawn.get_preparation_data = _without_main
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(sorted({work.module for work in WORK.values()}))
_TURNS = threading.BoundedSemaphore(AT_ONCE)
_PATIENT = threading.BoundedSemaphore(PATIENT)
