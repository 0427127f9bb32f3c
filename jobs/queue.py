"""The queue between the database and the workers: Redis carries names of duties and ids of rows, and nothing that could be run.

Whoever reaches Redis can write into it. RQ by itself would run what they write: it unpickles what jobs carry, and looks up their
functions and callbacks by any name that Python can import. Here an entry is `[name, null, [id, …], {}]` in JSON. The worker looks the
name up in a fixed table, and reads nothing else of what Redis keeps with an entry.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

from redis import Redis, RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

QUEUES = QUICK, LONG = "pilot", "pilot-background"
"""Names of the queues, the one that workers look at first before the other."""
IN_A_ROW = 20  # quick entries, after which one of the other queue goes first: after a large import all else would wait for its thousands
AT_LONGEST = 10.0  # seconds of quick entries, after which that is so too: each may wait long for an outside system
AT_ONCE = 500  # entries that go to Redis in one exchange
MANY = {QUICK: 50, LONG: 5}
"""Entries of a queue, beyond which rows that wait are not handed out again: most of them are in it, and each second entry costs a turn."""
KEPT = 3600  # seconds for which RQ keeps an entry that failed; the rows keep what people need
MAX_IDS = 64  # of an entry whose duty takes many
MAX_DATA = 400 + 40 * MAX_IDS  # bytes of an entry; RQ would unpack whatever it finds
_READ = ("data", "origin", "status")  # of what RQ may keep with an entry
_ID = re.compile(r"[0-9a-f-]{36}")  # a UUID
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Duty:
    """What a worker does with the row of an id."""

    run: Callable[[Any], object]
    of: type[str] | type[int] = str
    """What the ids are: UUIDs, or numbers."""
    seconds: int = 180
    """After which RQ breaks it off; -1 for never."""
    many: bool = False
    """Whether it takes a list of ids, and not one."""


def enqueue(redis_url: str, queue: str, name: str, ids: Sequence[str] | Sequence[int], together: int = 1) -> None:
    """Puts the ids of rows on a queue, for the duty of this name. `together`: how many of them may go into one entry.

    Where Redis is away nothing is lost: the scheduler's sweep hands them out once it is back.
    """
    if not ids:
        return
    target = _queue(redis_url, queue)
    try:
        groups = [tuple(ids[first : first + together]) for first in range(0, len(ids), together)]
        for first in range(0, len(groups), AT_ONCE):
            entries = [Queue.prepare_data(name, args=group, result_ttl=0, failure_ttl=KEPT) for group in groups[first : first + AT_ONCE]]
            target.enqueue_many(entries)
    except RedisError as error:
        _log.warning("Redis is away, %d rows wait for the sweep: %s", len(ids), error)


def has_room(redis_url: str, queue: str) -> bool:
    """Whether rows may be handed out again: not while so many entries wait that each row would only get a second one, and a third.

    True where Redis is away: what it held may be lost.
    """
    try:
        return _queue(redis_url, queue).count < MANY[queue]
    except RedisError:
        return True


def work(redis_url: str, duties: Mapping[str, Duty], until_empty: bool = False) -> None:
    """Does the duties of all entries, in this process, until a signal stops it. `until_empty`: or until the queues are empty."""
    connection = Redis.from_url(redis_url)
    entry = _entry(duties)
    queues = [Queue(name, connection=connection, job_class=entry, serializer=JSONSerializer) for name in QUEUES]
    worker = _Worker(queues, connection=connection, job_class=entry, serializer=JSONSerializer)
    worker.work(burst=until_empty, logging_level="WARNING")


class _Worker(SimpleWorker):
    """A worker that takes no orders from Redis: RQ's `kill-horse` would kill everything that `pilot run` has started."""

    _in_a_row = 0
    _since = 0.0
    """When the first of them was taken from the queue."""

    def reorder_queues(self, reference_queue: Queue) -> None:
        """Which queue is looked at first after an entry of this one: the quick one, but once after `IN_A_ROW` of it, or `AT_LONGEST`."""
        if self._in_a_row == 0:
            self._since = monotonic()
        self._in_a_row = 0 if reference_queue.name == LONG else self._in_a_row + 1
        long_first = self._in_a_row >= IN_A_ROW or (self._in_a_row and monotonic() - self._since >= AT_LONGEST)
        self._ordered_queues = self.queues[::-1] if long_first else self.queues[:]

    def subscribe(self) -> None:
        """Hears no commands."""

    def unsubscribe(self) -> None:
        """There is nothing to unsubscribe from."""

    def clean_group_registries(self) -> None:
        """Nothing here is in a group of RQ's."""

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: StartedJobRegistry | None = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        """Leaves the traceback to the log: what it may quote does not belong in Redis."""
        super().handle_job_failure(job, queue, started_job_registry, "", execution)


def _entry(duties: Mapping[str, Duty]) -> type[Job]:
    """The type of RQ's jobs with which a worker reads its entries."""

    class Entry(Job):
        success_callback = failure_callback = stopped_callback = None  # RQ would import them by name

        def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
            """Reads what Redis keeps of the entry.

            Raises:
                NoSuchJobError: it is not one of ours; RQ goes on to the next.
            """
            known = {name: value for name in _READ if (value := raw_data.get(name.encode())) is not None}
            try:
                if len(known.get("data", b"")) > MAX_DATA:
                    raise ValueError("too long")
                super().restore(known)
                name, ids = _checked(self.data, duties)
            except (ValueError, RecursionError, NoSuchJobError) as error:
                _log.error("left out an entry of the queue that the product has not written: %s", error)
                self.connection.delete(self.key)
                raise NoSuchJobError(f"not one of ours: {error}") from error
            self.func_name, self.args, self.kwargs = name, (ids,) if duties[name].many else tuple(ids), {}
            self.timeout, self.result_ttl, self.failure_ttl = duties[name].seconds, 0, KEPT

        @property
        def func(self) -> Callable[[Any], object]:
            """What is done: out of the table, never imported by name."""
            return duties[str(self.func_name)].run

    return Entry


def _checked(data: bytes, duties: Mapping[str, Duty]) -> tuple[str, list[str] | list[int]]:
    """Name and ids of an entry.

    Raises:
        ValueError: it is anything but `[name, null, [id, …], {}]` with a known name and as many ids of its kind as its duty takes.
    """
    match json.loads(data):
        case [str(name), None, list(ids), {**more}] if (
            name in duties and not more and 0 < len(ids) <= (MAX_IDS if duties[name].many else 1)
        ):
            fits = _is_number if duties[name].of is int else _is_uuid
            if not all(fits(one) for one in ids):
                raise ValueError(f"no ids: {str(ids)[:40]}")
            return name, ids
    raise ValueError("no name of a duty with its ids")


def _is_number(id: object) -> bool:
    return isinstance(id, int) and not isinstance(id, bool) and 0 < id < 2**63


def _is_uuid(id: object) -> bool:
    return isinstance(id, str) and _ID.fullmatch(id) is not None


@cache
def _queue(redis_url: str, name: str) -> Queue:
    connection = Redis.from_url(redis_url, socket_connect_timeout=0.5, socket_timeout=5)
    return Queue(name, connection=connection, serializer=JSONSerializer)
