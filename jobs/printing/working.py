"""The background task that prints: it gathers what it is about, draws it beside its own bookkeeping, and ends with one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from typing import IO

from domain.ground.errors import DomainError
from domain.platform.document_templates import shown, text_of
from domain.platform.looks import note_looks
from jobs.documents.bundles import Progress, Warn, with_template, write_pdf, write_zip
from jobs.documents.fonts import Lacking
from jobs.documents.pages import BadPage
from jobs.printing import seats, slips
from jobs.printing.gathering import Gather, Gathered, Order
from jobs.runtime import Runtime
from jobs.work import Stopped, Work

TASK = "print"
EVERY = 0.5  # seconds between two looks at how far the drawing is; each renews the lease
SHOWN = 100  # sentences on the task's page
SOURCES: Mapping[str, Gather] = {
    "slips": slips.gather,
    "used_rooms": seats.of_rooms,
    "placed": seats.of_seats,
    "registrations": seats.of_registrations,
}
"""Whose rows a printing is about → what gathers them."""


class TooMany(DomainError):
    """内容过多，不能放在一个 PDF 中，请选择“每个考场一个 PDF（zip）”。"""


class NotLaidOut(DomainError):
    """按文档模板排版失败，请联系流程设计人员修改模板。"""


MOST = 5_000  # pages or rooms of one PDF: it is in memory as a whole while it is made (docs/decisions/documents.md)


def run(runtime: Runtime, work: Work) -> None:
    """The background task: `source`, `document`, `ids`, `values`, whether each part is a PDF of its own (`apart`), and the number of the
    version of the document's template (`template`), 0 for the product's own.

    Raises:
        NothingToPrint, TooMany, BadTemplate, NotLaidOut, TextDamaged; DomainError: what it is about is gone.
    """
    asked = work.params
    order = Order(work.actor, asked["document"], asked["ids"], asked.get("values", {}), runtime.settings.home, runtime.engine.clock())
    with work.database.reading() as session:
        found = SOURCES[asked["source"]](session, order)
        if number := asked.get("template", 0):
            found = replace(found, kind=with_template(found.kind, text_of(session, found.kind.template, number)))
    apart = bool(asked.get("apart"))
    if not apart and sum(len(part.items) for part in found.parts) > MOST:
        raise TooMany
    if found.seen is not None:
        with work.database.writing() as session:
            note_looks(session, work.actor, *found.seen, "打印", order.now)
    path = work.file(f"{found.name}{'.zip' if apart else '.pdf'}")
    _tell(work, found.told)
    with path.open("wb") as target:
        try:
            _drawn(work, found, target, write_zip if apart else write_pdf)
        except BadPage as error:
            raise NotLaidOut(f"按文档模板（{shown(number)}）排版失败，请联系流程设计人员修改模板：{error}") from error
    work.progress(work.total or 0, total=work.total)


def _drawn(work: Work, found: Gathered, target: IO[bytes], write: Callable[..., Sequence[Lacking]]) -> None:
    """Draws in a thread of its own: a long layout must not let the lease end, nor a row be written for each page.

    Raises:
        Stopped: the task was cancelled, or another worker has it; the thread has ended by then.
    """
    at, lacking, stop = [0, 0], list[Lacking](), Event()

    def progress(done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        at[:] = done, total

    with ThreadPoolExecutor(1) as pool:
        drawing = pool.submit(_write, write, found, target, progress, lacking.extend)
        told = 0
        try:
            while not wait([drawing], EVERY).done:
                if len(lacking) > told:
                    told = len(lacking)
                    _tell(work, [*map(str, lacking), *found.told])
                work.progress(at[0], total=at[1] or None)
        finally:
            stop.set()
    drawing.result()
    _tell(work, [*map(str, lacking), *found.told])
    work.total = at[1]


def _write(write: Callable[..., Sequence[Lacking]], found: Gathered, target: IO[bytes], progress: Progress, warn: Warn) -> None:
    write(found.kind, found.parts, target, progress, warn)


def _tell(work: Work, sentences: Sequence[str]) -> None:
    """The sentences stand on the task's page with the next progress."""
    more = [f"……共 {len(sentences)} 条"] if len(sentences) > SHOWN else []
    work.result = {**work.result, "warned": [*sentences[:SHOWN], *more]}
