"""Batches: one act on many records, in chunks of one transaction each. An item that fails has its reason, and does not stop the others.

Linear: each chunk reads its own items and no others, and the task's bookkeeping does not grow with them. Where a worker is killed, the
next one begins after the last chunk, because a chunk and its bookkeeping are one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.ground.handling import FAULTS
from domain.ground.parties import Actor
from domain.platform.background import BackgroundFailure, BackgroundTask, TaskState, begin
from forms.listing import Listing
from forms.lists import LISTS
from jobs import outbox
from jobs.lists import signing
from jobs.lists.visibility import visible_to
from jobs.runtime import Runtime
from jobs.work import Work
from processes import tables
from processes.engine import Engine
from processes.errors import FormInvalid
from processes.steps import acting, completing
from processes.steps.together import FAILURES, Taken
from processes.tasks import inbox
from processes.tasks.actions import Action, actions_for

AT_ONCE = 20  # items that are done while the person waits
UNSEEN = "打开列表后，这条记录又有变动，请刷新列表、核对后再办理"
GONE = "记录不存在、已被办理，或您无权办理"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Act:
    """What is done to each record of a process: the outcome `name` of the user task `element`; with no element, the button `name`."""

    key: str
    name: str
    element: str | None = None
    comment: str | None = None
    seen: float | None = None
    """When the page was made on which the records were chosen (POSIX time): tasks that began later were not seen. None: nobody knows."""


@dataclass(frozen=True)
class Chosen:
    """The items to act on: records of a list by their ids, or tasks by theirs, or all rows of the list under the filters in `values`."""

    listing: str | None = None
    ids: tuple[int, ...] = ()
    tasks: tuple[str, ...] = ()
    values: dict[str, str] | None = None


@dataclass(frozen=True)
class Item:
    """One record of a chunk. `run` acts on it and returns the jobs to hand out; None where nothing can be done, and `reason` says why."""

    label: str
    record_id: int | None
    run: Callable[[], list[str]] | None
    reason: str = GONE
    press: tuple[int, str] | None = None
    """Instance and element, where all that is done is to press the element's button: many are pressed together."""


@dataclass(frozen=True)
class Outcome:
    """What came of a chunk: how many items succeeded, (item, reason) of the others, and the jobs to hand out."""

    done: int
    failures: Sequence[tuple[Item, str]]
    jobs: Sequence[str]


def count(session: Session, actor: Actor, chosen: Chosen) -> int:
    """How many items there are."""
    if chosen.values is None:
        return len(set(chosen.ids) or set(chosen.tasks))
    inner = _narrowed(session, actor, chosen).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


def start(
    engine: Engine, session: Session, actor: Actor, act: Act, chosen: Chosen, title: str, back: str
) -> tuple[BackgroundTask, list[str]]:
    """Begins a batch. One of at most `AT_ONCE` items is done at once, in savepoints of the caller's transaction.

    Returns: the task, and the jobs to hand out. Where the task is not over, the caller hands out its id too.
    """
    total = count(session, actor, chosen)
    params = {"act": asdict(act), "chosen": asdict(chosen), "back": back}
    task = begin(session, actor, "batch", title, params, engine.clock(), total)
    actor = signing.begun_by(session, actor, task)
    if total > AT_ONCE:
        return task, []
    items = _items(engine, session, actor, act, chosen, _ids(session, actor, chosen))
    outcome = act_on(session, items, partial(acting.send_many, engine, session, actor, comment=act.comment))
    keep_failures(session, task.id, 0, outcome.failures)
    now = engine.clock()
    task.state, task.started_at, task.finished_at, task.lease_until = TaskState.DONE, now, now, None
    task.done, task.failed, task.result = outcome.done, len(outcome.failures), {"key": act.key}
    return task, list(outcome.jobs)


def run(runtime: Runtime, work: Work) -> None:
    """The background task. Its parameters `act` and `chosen` are those of the dataclasses."""
    act, chosen = Act(**work.params["act"]), Chosen(**work.params["chosen"])
    work.actor = signing.signer(runtime, work)
    work.result = {**work.result, "key": act.key}
    if chosen.values is not None and "last" not in work.result:
        with runtime.database.reading() as session:
            inner = _narrowed(session, work.actor, chosen).order_by(None).subquery()
            total, last = session.execute(select(func.count(), func.max(inner.c.id)).select_from(inner)).one()
        work.result = {**work.result, "last": last or 0, "after": 0}  # rows that are added meanwhile are left out
        work.progress(0, total=total)

    def next_items(session: Session) -> Sequence[Item]:
        ids = _next_ids(session, work, chosen)
        if ids and chosen.values is not None:
            work.result = {**work.result, "after": ids[-1]}
        return _items(runtime.engine, session, work.actor, act, chosen, ids)

    def press_many(session: Session, presses: Sequence[tuple[int, str]]) -> Sequence[Taken]:
        return acting.send_many(runtime.engine, session, work.actor, presses, act.comment)

    in_chunks(runtime, work, next_items, press_many)


def in_chunks(
    runtime: Runtime,
    work: Work,
    next_items: Callable[[Session], Sequence[Item]],
    press_many: Callable[[Session, Sequence[tuple[int, str]]], Sequence[Taken]] | None = None,
) -> None:
    """Acts on item after item, each chunk in one transaction with the task's bookkeeping, until `next_items` gives none.

    `next_items` reads the next chunk, and notes in `work.result` how far it has read. `press_many` presses the buttons of items together.
    """
    while True:
        with runtime.database.writing() as session:
            items = next_items(session)
            if not items:
                return
            outcome = act_on(session, items, None if press_many is None else partial(press_many, session))
            keep_failures(session, work.task_id, work.failed, outcome.failures)
            work.keep(session, work.done + outcome.done, work.failed + len(outcome.failures))
        outbox.hand_out(runtime.settings.redis_url, outcome.jobs)
        work.give_way()


def act_on(
    session: Session, items: Sequence[Item], press_many: Callable[[Sequence[tuple[int, str]]], Sequence[Taken]] | None = None
) -> Outcome:
    """Acts on each item in a savepoint of its own, or presses the buttons of many together."""
    presses = [item.press for item in items if item.press is not None] if press_many is not None else []
    pressed = dict(zip(presses, press_many(presses), strict=True)) if press_many is not None and len(presses) > 1 else {}
    done, failures, jobs = 0, [], []
    for item in items:
        taken = pressed[item.press] if item.press in pressed else _attempt(session, item)
        if isinstance(taken, Exception):
            failures.append((item, _reason(item, taken)))
        elif taken is None:
            failures.append((item, item.reason))
        else:
            done += 1
            jobs += taken
    return Outcome(done, failures, jobs)


def _next_ids(session: Session, work: Work, chosen: Chosen) -> Sequence[Any]:
    if chosen.values is None:
        at = work.done + work.failed
        return _ids(session, work.actor, chosen)[at : at + work.chunk]
    record = _listing(chosen).record
    rest = _narrowed(session, work.actor, chosen).order_by(None).order_by(record.id)
    rest = rest.where(record.id > work.result["after"], record.id <= work.result["last"]).limit(work.chunk)
    return [row.id for row in session.scalars(rest)]


def _ids(session: Session, actor: Actor, chosen: Chosen) -> list[Any]:
    if chosen.values is None:
        return sorted(set(chosen.ids)) or sorted(set(chosen.tasks))
    return [row.id for row in session.scalars(_narrowed(session, actor, chosen))]


def _items(engine: Engine, session: Session, actor: Actor, act: Act, chosen: Chosen, ids: Sequence[Any]) -> list[Item]:
    if chosen.listing is None:
        return list(_task_items(engine, session, actor, act, ids))
    return list(_record_items(engine, session, actor, act, _listing(chosen), ids))


def _record_items(engine: Engine, session: Session, actor: Actor, act: Act, listing: Listing, ids: Sequence[int]) -> Iterator[Item]:
    """The records as items, in two queries and those of the listing."""
    rows = session.scalars(listing.query(actor).where(listing.record.id.in_(ids)).order_by(None)).all()
    known = {row.id: (row.title()[:200], row.status) for row in rows}  # read now: a savepoint that is rolled back expires the rows
    actions = actions_for(session, actor, act.key, list(known), engine.clock())
    chosen = {id: next((action for action in actions.get(id, ()) if _is(action, act)), None) for id in ids}
    unseen = _unseen(session, act, [action.task_id for action in chosen.values() if action is not None and action.task_id is not None])
    # in the order of instance ids, as everybody who acts on many: two batches on the same records never wait for each other
    for record_id in sorted(ids, key=lambda id: action.instance_id if (action := chosen[id]) is not None else 0):
        if record_id not in known:  # deleted meanwhile, or another party's: the reason does not tell whose
            yield Item("—", None, None)
            continue
        label, status = known[record_id]
        action = chosen[record_id]
        # 认证 while a comparison is under way: the diagram says why not
        told = next((one.refuse for one in actions.get(record_id, ()) if one.refuse and one.name == act.name), None)
        reason = told or f"当前状态为“{status}”，不能{act.name}"
        if action is not None and action.task_id in unseen:
            yield Item(label, record_id, None, UNSEEN)
            continue
        run = None if action is None else _runner(engine, session, actor, act, action)
        yield Item(label, record_id, run, reason, _press(act, action))


def _unseen(session: Session, act: Act, task_ids: Sequence[str]) -> set[str]:
    """Those of these tasks that the actor has not seen: the record has been to somebody else, or was put right, since the page was made."""
    if act.seen is None or not task_ids:
        return set()
    task = tables.task.c
    later = select(task.id).where(task.id.in_(task_ids), task.created_at > datetime.fromtimestamp(act.seen, UTC))
    return set(session.scalars(later))


def _task_items(engine: Engine, session: Session, actor: Actor, act: Act, ids: Sequence[str]) -> Iterator[Item]:
    rows = {row.id: row for row in session.execute(inbox.open_tasks(actor, engine.clock()).where(tables.task.c.id.in_(ids)))}
    for task_id in sorted(ids, key=lambda id: rows[id].instance_id if id in rows else 0):  # in the order of instance ids, as above
        row = rows.get(task_id)
        if row is None or row.element != act.element or row.key != act.key:
            yield Item("—", None, None)
        else:
            yield Item(row.title, row.subject_id, _complete(engine, session, actor, act, task_id))


def _is(action: Action, act: Act) -> bool:
    if action.refuse is not None:
        return False
    if act.element is None:
        return action.kind == "message" and action.name == act.name
    return action.kind == "task" and action.element == act.element


def _press(act: Act, action: Action | None) -> tuple[int, str] | None:
    """The button that `_runner` presses, where it does nothing else."""
    return None if action is None or (action.task_id is not None and act.element is not None) else (action.instance_id, action.element)


def _runner(engine: Engine, session: Session, actor: Actor, act: Act, action: Action) -> Callable[[], list[str]]:
    if action.task_id is not None and act.element is not None:
        return _complete(engine, session, actor, act, action.task_id)
    return lambda: acting.send(engine, session, actor, action.instance_id, action.element, act.comment)


def _complete(engine: Engine, session: Session, actor: Actor, act: Act, task_id: str) -> Callable[[], list[str]]:
    return lambda: completing.complete(engine, session, actor, task_id, act.name, None, act.comment)


def _attempt(session: Session, item: Item) -> Taken | None:
    """What came of an item; None where there is nothing to do."""
    if item.run is None:
        return None
    try:
        with session.begin_nested():
            return item.run()
    except FAILURES as error:
        return error


def _reason(item: Item, error: Exception) -> str:
    """Why an item failed, as people read it."""
    if isinstance(error, FormInvalid):
        return "；".join(text for _, text in error.problems)
    if isinstance(error, FAULTS):
        _log.error("batch: %s", item.label, exc_info=error)
        return "处理时出错，请打开记录单独办理；如仍不成功，请联系系统管理员"
    return str(error)


def keep_failures(session: Session, task_id: int, before: int, failures: Sequence[tuple[Item, str]]) -> None:
    """Writes down the items that failed, numbered after the `before` ones that failed earlier."""
    session.add_all(
        BackgroundFailure(task_id=task_id, number=number, label=item.label, record_id=item.record_id, reason=reason)
        for number, (item, reason) in enumerate(failures, before + 1)
    )


def _narrowed(session: Session, actor: Actor, chosen: Chosen) -> Select[Any]:
    """The rows of the list under the filters; none where the actor may not use one of them."""
    return visible_to(session, actor, _listing(chosen)).narrowed(actor, chosen.values or {})


def _listing(chosen: Chosen) -> Listing:
    return LISTS[str(chosen.listing)]
