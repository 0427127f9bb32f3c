"""会签: a user task for many – everybody who holds its role, or one for each of a list – and how it is counted.

To the workflow it is one ready task (`instances.VoteTask`). Its answers are rows of `tables.task`, its count is a row of `tables.vote`:
an answer changes its own row and the count, however many are asked. When the result is clear, the workflow's task is completed with
`<id>_outcome`, `<id>_by` (ids of all who answered, in order) and the counts in its data, and the open rows are closed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import exists, func, insert, or_, select, update

from domain.ground.database import rows_changed
from domain.ground.parties import people_of
from domain.ground.rows import read_first, read_one
from processes import tables
from processes.diagrams import quorum
from processes.diagrams.elements import Element
from processes.diagrams.expressions import Value, names_in
from processes.diagrams.loops import Loop
from processes.diagrams.quorum import Count
from processes.errors import EngineFault, Refused
from processes.proving import closing_proof, proved
from processes.rights import authority
from processes.rows import TaskRow, VoteRow
from processes.spiff import tokens
from processes.spiff.instances import ASKED, MAX_ASKED, NUMBERS, Item, VoteTask, count_names, items_of
from processes.spiff.library import Task, TaskState
from processes.states import LIVE, EventKind, TaskKind, TaskRowState, VoteState
from processes.steps.starting_point import look_at, renewed
from processes.steps.step import Asked, Closing, Step, VoteEnd

RESULTS = (VoteState.AGREED, VoteState.REFUSED)
"""States of a 会签 that came to its end."""
DECIDED = "decided"
"""In the internal data of a 会签 that has its result: `by`, the id of the row whose answer decided it, and what taking that answer back
needs: `held`, the rows whose answers waited to be confirmed. (Stored states of earlier versions have this key, so it keeps its name.)"""
_TASK, _VOTE = tables.task, tables.vote
_UNANSWERED = (*LIVE, TaskRowState.QUEUED)


def begin(step: Step) -> bool:
    """Determines whom each 会签 asks that the workflow has just reached. One that asks nobody, over an empty list, is completed at once.

    Returns: whether one was completed.
    Raises:
        EngineFault: nobody holds the role, or the collection is no list.
    """
    over = False
    for live in open_votes_among(tokens.waiting(step.workflow)).values():
        if ASKED in live.internal_data:
            continue
        loop: Loop = live.task_spec.loop
        items: Sequence[Item] = _people(step, live) if loop.people else items_of(live, MAX_ASKED)
        live.internal_data[ASKED] = len(items)
        step.asked[str(live.id)] = Asked(items)
        if not items:
            step.record(EventKind.VOTE, f"“{live.task_spec.bpmn_name}”没有办理项", tokens.element_id(live))
            _complete(live, Count(0, 0, 0), None, [])
            over = True
    return over


def write(step: Step, waiting: list[Task]) -> None:
    """Writes the books of each 会签 that this step began or ended; `waiting` are the workflow's tokens at the end of the step."""
    if not step.definition.votes:
        return
    here = open_votes_among(waiting)
    known = set() if step.row.version == 0 else set(open_votes(step))
    for vote_id in known - here.keys():
        _close(step, vote_id)
    for vote_id in here.keys() - known:
        if vote_id in step.asked:
            _open(step, vote_id, here[vote_id])
        else:  # the act that had closed it was taken back
            _reopen(step, vote_id)


def open_votes(step: Step) -> list[str]:
    """Ids of the instance's 会签 whose rows are open."""
    return list(step.session.scalars(select(_VOTE.c.id).where(_VOTE.c.instance_id == step.row.id, _VOTE.c.state == VoteState.OPEN)))


def answer(step: Step, live: Task, task: TaskRow, closing: Closing) -> None:
    """Counts the answer that closes a task row. The caller runs the workflow afterwards."""
    vote = vote_of(step, task.vote_id)
    look_at(step, _VOTE, vote, f"会签“{vote.name}”")
    agrees = _agrees(step, live, task, closing.outcome)
    count = Count(vote.total, vote.answered + 1, vote.agreed + agrees)
    values = {**closing.columns(), "closed_at": step.now, "agrees": agrees}
    values |= closing_proof(step.session, task.id, values)
    step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values(values))
    set_count(step, vote.id, count)
    passed = _result(live, task, vote, count)
    if passed is not None:
        _decide(step, live, vote, task, count, passed)
    elif vote.sequential:
        _call_next(step, live, vote.id)


def leave(step: Step, task_ids: Iterable[str], why: str) -> None:
    """Closes those of these tasks that are an open 会签: their tokens have been moved elsewhere. `why` is what a latecomer reads."""
    for vote_id in set(task_ids) & set(open_votes(step)):
        step.ended[vote_id] = VoteEnd(VoteState.CANCELLED, why)
        _close(step, vote_id)


def vote_of(step: Step, vote_id: str | None) -> VoteRow:
    """The row of a 会签, read under the instance's lock."""
    return read_one(step.session, select(_VOTE).where(_VOTE.c.id == vote_id), VoteRow)


def may_take(step: Step, task: TaskRow, person_id: int | None, name: str) -> None:
    """Whether a task row may be handed over to a person, called `name`, or with None to everybody who holds its role.

    Raises:
        Refused: it belongs to a 会签 over people, each of whom answers once, and this person is asked already.
    """
    if task.vote_id is None or not vote_of(step, task.vote_id).people:
        return
    if person_id is None:
        raise Refused("会签的事项只能转给某一位人员，不能转给整个角色")
    if _asks(step, task.vote_id, person_id):
        raise Refused(f"{name}已在此次会签的办理人中，每人只办理一次，请选择其他人员")


def _asks(step: Step, vote_id: str, person_id: int) -> bool:
    mine = (_TASK.c.vote_id == vote_id, _TASK.c.kind == TaskKind.STEP, _TASK.c.state.in_((*_UNANSWERED, TaskRowState.DONE)))
    asked = exists().where(*mine, or_(_TASK.c.assignee_id == person_id, _TASK.c.closed_for == person_id))
    return bool(step.session.scalar(select(asked)))


def line_of(step: Step, task: TaskRow, outcome: str) -> str:
    """An answer as a line of history: what it is about, and which of how many it is."""
    vote = vote_of(step, task.vote_id)
    about = "" if task.item is None else f" · {task.item}"
    return f"{outcome}{about}（{vote.answered + 1}/{vote.total}）"[:100]


def sent_back(step: Step, task: TaskRow, closing: Closing) -> None:
    """Closes the row of the person who has sent the process back. Called once the rows of the others have been marked as undone."""
    values = {"closed_at": step.now, **closing.columns()}
    values |= closing_proof(step.session, task.id, values)
    step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values(values))


def undo(step: Step, vote_ids: list[str], why: str) -> None:
    """Marks the answers and results of these 会签 as undone: the process goes back over them. The books close those still open."""
    if vote_ids and step.definition.votes:
        done = (_TASK.c.vote_id.in_(vote_ids), _TASK.c.state == TaskRowState.DONE)
        step.session.execute(update(_TASK).where(*done).values(state=TaskRowState.UNDONE, closed_as=why))
        step.session.execute(update(_VOTE).where(_VOTE.c.id.in_(vote_ids), _VOTE.c.state != VoteState.OPEN).values(state=VoteState.UNDONE))
        step.ended |= dict.fromkeys(vote_ids, VoteEnd(VoteState.UNDONE, why))


def open_votes_among(waiting: list[Task]) -> dict[str, Task]:
    """The 会签 among the tasks at which a workflow's tokens wait, by id."""
    return {str(t.id): t for t in waiting if isinstance(t.task_spec, VoteTask) and t.has_state(TaskState.READY)}


def _people(step: Step, live: Task) -> list[int]:
    element = step.definition.elements[tokens.element_id(live)]
    party, role = step.party_of(element), element.role
    barred = authority.involved(step.session, step.definition, step.row.id, element) | _just_acted(step, element)
    found = [person.id for person in people_of(step.session, party, role) if person.id not in barred]
    if not found:
        raise EngineFault(f"“{element.name}”没有可以办理的人员（{role}），请联系系统管理员")
    if len(found) > MAX_ASKED:
        raise EngineFault(f"“{element.name}”有 {len(found)} 人，超过 {MAX_ASKED} 人")
    return found


def _just_acted(step: Step, element: Element) -> set[int]:
    """Who completed, in this very step, a task that checks the 会签: its row is not written yet."""
    partners, found = authority.partners_of(step.definition, element), set[int | None]()
    for task_id, closing in step.closed.items() if partners else ():
        task = tokens.find(step.workflow, task_id)
        if task is not None and tokens.element_id(task) in partners:
            found |= {closing.closed_by, closing.closed_for}
    return {person for person in found if person is not None}


def _open(step: Step, vote_id: str, live: Task) -> None:
    items, loop = step.asked[vote_id].items, _loop(live)
    element = step.definition.elements[tokens.element_id(live)]
    rule, wanted = _rule(live, len(items))
    vote = {
        "id": vote_id,
        "instance_id": step.row.id,
        "element": element.id,
        "name": element.name,
        "people": loop.people,
        "sequential": loop.sequential,
        "rule": rule,
        "needed": wanted,
        "total": len(items),
        "answered": 0,
        "agreed": 0,
        "state": VoteState.OPEN,
        "created_at": step.now,
    }
    step.session.execute(insert(_VOTE).values(proved(step.session, _VOTE, vote)))
    step.session.execute(insert(_TASK), [proved(step.session, _TASK, row) for row in _rows(step, live, element, items)])
    unit = "人" if loop.people else "项"
    step.record(EventKind.VOTE, "会签开始", element.id, f"{element.name}：共 {len(items)} {unit}，{quorum.in_words(rule, wanted, unit)}")


def _rows(step: Step, live: Task, element: Element, items: Sequence[Item]) -> list[dict[str, Any]]:
    loop, due = _loop(live), element.properties.get("due")
    each = due is not None and loop.item in names_in(due)
    base = {**step.task_row(str(live.id), live, timed=not each), "vote_id": str(live.id), "item": None, "assignee_id": None}
    rows = []
    for number, item in enumerate(items):
        label = f"第 {number + 1} 项" if loop.collection is None else str(item)
        own: dict[str, Any] = {"assignee_id": item} if loop.people else {"item": item, "name": f"{element.name}（{label}）"[:100]}
        if due is not None and each:
            own["due_at"] = _value(live, due, item)
        state = TaskRowState.QUEUED if loop.sequential and number else TaskRowState.OPEN
        rows.append({**base, **own, "id": str(uuid4()), "number": number, "state": state})
    return rows


def _loop(live: Task) -> Loop:
    loop: Loop = live.task_spec.loop
    return loop


def _value(live: Task, expression: str, item: Item | None, names: Mapping[str, Value] | None = None) -> Value:
    """The value of an expression for one of those asked."""
    value: Value = live.workflow.script_engine.evaluate(live, expression, _names(live, item, names))
    return value


def _holds(live: Task, condition: str, item: Item | None, names: Mapping[str, Value]) -> bool:
    """Whether a condition is true for one of those asked."""
    return bool(live.workflow.script_engine.holds(live, condition, _names(live, item, names)))


def _names(live: Task, item: Item | None, names: Mapping[str, Value] | None) -> dict[str, Value]:
    name = _loop(live).item
    return {**({name: item} if name else {}), **(names or {})}


def _rule(live: Task, total: int) -> tuple[str, int | None]:
    loop = _loop(live)
    if loop.condition is not None:
        return loop.condition, None
    return loop.rule, quorum.needed(loop.rule, total, lambda text: _value(live, text, None), live.task_spec.bpmn_name)


def _agrees(step: Step, live: Task, task: TaskRow, outcome: str | None) -> bool:
    element = step.definition.elements[task.element]
    condition = element.properties.get("agreeWhen")
    if condition is None:
        return outcome == element.outcomes[0].name
    return _holds(live, condition, _item(task), {f"{element.local}_outcome": outcome})


def _item(task: TaskRow) -> Item | None:
    item: Item | None = task.assignee_id if task.item is None else task.item
    return item


def _result(live: Task, task: TaskRow, vote: VoteRow, count: Count) -> bool | None:
    """Whether the 会签 has agreed (True) or refused (False); None while that is open."""
    if vote.needed is not None:
        return quorum.decided(vote.rule, count, vote.needed)
    over = _holds(live, vote.rule, _item(task), count_names(count)) or count.answered == count.total
    return count.agreed > count.refused if over else None


def _decide(step: Step, live: Task, vote: VoteRow, task: TaskRow, count: Count, passed: bool) -> None:
    """Completes a 会签 whose result an answer (the row `task`) has made clear. Its outcome is the commonest among those that won."""
    done = (_TASK.c.vote_id == vote.id, _TASK.c.state == TaskRowState.DONE, _TASK.c.kind == TaskKind.STEP)
    often = select(_TASK.c.outcome).where(*done, _TASK.c.agrees.is_(passed)).group_by(_TASK.c.outcome)
    outcome = step.session.scalars(often.order_by(func.count().desc(), func.max(_TASK.c.closed_at).desc()).limit(1)).first()
    people = step.session.scalars(select(_TASK.c.closed_by).where(*done).order_by(_TASK.c.closed_at, _TASK.c.number)).all()
    left = count.total - count.answered
    rest = f"，其余 {left} 项关闭" if left else ""
    numbers = f"共 {count.total} 项，已办 {count.answered}，同意 {count.agreed}{rest}"
    step.record(EventKind.VOTE, f"会签结果：{outcome}", vote.element, numbers)
    step.ended[vote.id] = VoteEnd(VoteState.AGREED if passed else VoteState.REFUSED, told_of_result(vote.name, outcome), outcome)
    live.internal_data[DECIDED] = {"by": task.id, "held": _confirming(step, vote.id)}
    _complete(live, count, outcome, list(people))


def told_of_result(name: str, outcome: str | None) -> str:
    """The sentence that people read whose open rows a result has closed."""
    return f"“{name}”会签已有结果（{outcome}），此事项已关闭"


def _confirming(step: Step, vote_id: str) -> dict[str, dict[str, Any]]:
    """The answers that wait to be confirmed, row id → columns. Closing the rows overwrites them."""
    kept = (_TASK.c.closed_by, _TASK.c.closed_for, _TASK.c.outcome, _TASK.c.closed_as, _TASK.c.closed_at)
    rows = step.session.execute(select(_TASK.c.id, *kept).where(_TASK.c.vote_id == vote_id, _TASK.c.state == TaskRowState.CONFIRMING))
    return {row.id: {**row._mapping, "closed_at": row.closed_at.isoformat()} for row in rows}


def _complete(live: Task, count: Count, outcome: str | None, people: list[int | None]) -> None:
    id = live.task_spec.bpmn_id
    live.set_data(**{f"{id}_{name}": getattr(count, name) for name in NUMBERS})
    live.set_data(**{f"{id}_outcome": outcome, f"{id}_by": people})
    live.run()


def _close(step: Step, vote_id: str) -> None:
    end = step.ended.get(vote_id) or VoteEnd(VoteState.CANCELLED, step.why_closed(vote_id))
    left = (_TASK.c.vote_id == vote_id, _TASK.c.state.in_(_UNANSWERED))
    closing = Closing(TaskRowState.CANCELLED, end.closed_as)
    gone = rows_changed(step.session, update(_TASK).where(*left).values(closed_at=step.now, **closing.columns()))
    step.session.execute(update(_VOTE).where(_VOTE.c.id == vote_id).values(state=end.state, outcome=end.outcome, closed_at=step.now))
    if end.state in (VoteState.CANCELLED, VoteState.UNDONE):
        step.record(EventKind.VOTE, "会签关闭", vote_of(step, vote_id).element, f"未办的 {gone} 项关闭")


def _reopen(step: Step, vote_id: str) -> None:
    """Opens a 会签 again, with its counts. The act that is taken back has opened the open rows again, but not those that were queued."""
    vote = vote_of(step, vote_id)
    step.session.execute(update(_VOTE).where(_VOTE.c.id == vote_id).values(state=VoteState.OPEN, outcome=None, closed_at=None))
    if vote.sequential:
        queued = (_TASK.c.vote_id == vote_id, _TASK.c.kind == TaskKind.STEP, _TASK.c.state == TaskRowState.CANCELLED)
        step.session.execute(update(_TASK).where(*queued).values(state=TaskRowState.QUEUED, closed_at=None, closed_as=None))


def set_count(step: Step, vote_id: str, count: Count) -> None:
    """Writes the counts of a 会签."""
    step.session.execute(update(_VOTE).where(_VOTE.c.id == vote_id).values(answered=count.answered, agreed=count.agreed))


def _call_next(step: Step, live: Task, vote_id: str) -> None:
    """Gives the next person in order their turn."""
    queued = (_TASK.c.vote_id == vote_id, _TASK.c.state == TaskRowState.QUEUED)
    task = read_first(step.session, select(_TASK).where(*queued).order_by(_TASK.c.number).limit(1), TaskRow)
    if task is None:  # nobody is left whose turn has not come
        return
    due = step.definition.elements[task.element].properties.get("due")
    values = {"state": TaskRowState.OPEN, "created_at": step.now, "due_at": _value(live, due, _item(task)) if due else None}
    values |= renewed(step, task, values)
    step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values(values))
