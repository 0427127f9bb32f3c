"""会签: a user task for many – everybody who holds its role, or one for each of a list – and how it is counted.

To the workflow it is one ready task (`instances.VoteTask`). Its answers are rows of `tables.task`, its count a row of `tables.vote`:
an answer touches its own row and the count, however many are asked. When the result is clear, the task goes on with
`<id>_outcome`, `<id>_by` (ids of all who answered, in order) and the counts in its data, and the open rows are closed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import exists, func, insert, or_, select, update

from domain.ground.parties import people_of
from domain.ground.rows import columns_of
from processes import tables
from processes.diagrams import quorum
from processes.diagrams.elements import Element
from processes.diagrams.expressions import names_in
from processes.diagrams.quorum import Count
from processes.errors import EngineFault, Refused
from processes.proving import closing_proof, proofs, proved
from processes.rights import authority
from processes.spiff import tokens
from processes.spiff.instances import ASKED, MAX_ASKED, NUMBERS, VoteTask, count_names, items_of
from processes.states import LIVE, EventKind, TaskKind, TaskRowState, VoteState

if TYPE_CHECKING:
    from processes.steps.step import Step

RESULTS = (VoteState.AGREED, VoteState.REFUSED)
"""States of a 会签 that came to its end."""
DECIDED = "decided"
"""In the internal data of a 会签 that has its result: which answer (row) decided it, and what is needed to take that back."""
_TASK, _VOTE = tables.task, tables.vote
_UNANSWERED = (*LIVE, TaskRowState.QUEUED)


def begin(step: Step) -> bool:
    """Sees whom each 会签 that has just been reached asks. One over an empty list is over at once.

    Returns: whether any was over at once.
    Raises:
        EngineFault: nobody holds the role, or the list is none.
    """
    over = False
    for live in standing(tokens.waiting(step.workflow)).values():
        if ASKED in live.internal_data:
            continue
        asked = _people(step, live) if live.task_spec.loop.people else items_of(live, MAX_ASKED)
        live.internal_data[ASKED] = len(asked)
        step.asked[str(live.id)] = asked
        if not asked:
            step.record(EventKind.VOTE, f"“{live.task_spec.bpmn_name}”没有办理项", tokens.element_id(live))
            _go_on(live, Count(0, 0, 0), None, [])
            over = True
    return over


def write(step: Step, stands: list[Task]) -> None:
    """Writes the books of each 会签 that began or ended in this step; `stands` is where the workflow stands at its end."""
    if not step.definition.votes:
        return
    here = standing(stands)
    known = set() if step.row.version == 0 else set(open_votes(step))
    for vote_id in known - here.keys():
        _close(step, vote_id)
    for vote_id in here.keys() - known:
        if vote_id in step.asked:
            _open(step, vote_id, here[vote_id])
        else:  # what had closed it was undone
            _reopen(step, vote_id)


def open_votes(step: Step) -> list[str]:
    """Ids of the instance's open 会签, as the books have them."""
    return list(step.session.scalars(select(_VOTE.c.id).where(_VOTE.c.instance_id == step.row.id, _VOTE.c.state == VoteState.OPEN)))


def answer(step: Step, live: Task, task: Any, closed: Mapping[str, Any]) -> None:
    """Counts an answer to a task row (`closed`: closed_by, closed_for, outcome, closed_as); whoever calls it runs the step afterwards."""
    vote = vote_of(step, task.vote_id)
    agrees = _agrees(step, live, task, closed["outcome"])
    count = Count(vote.total, vote.answered + 1, vote.agreed + agrees)
    values = {"state": TaskRowState.DONE, "closed_at": step.now, "agrees": agrees, **closed}
    values |= closing_proof(step.session, task.id, values)
    step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values(values))
    set_count(step, vote.id, count)
    passed = _result(live, task, vote, count)
    if passed is not None:
        _finish(step, live, vote, task, count, passed)
    elif vote.sequential:
        _call_next(step, live, vote.id)


def leave(step: Step, task_ids: Iterable[str], why: str) -> None:
    """Tokens are taken away: those of these tasks that are an open 会签 are closed. `why` is what a latecomer reads."""
    for vote_id in set(task_ids) & set(open_votes(step)):
        step.ended[vote_id] = (VoteState.CANCELLED, None, why)
        _close(step, vote_id)


def vote_of(step: Step, vote_id: str | None) -> Any:
    """The row of a 会签, read under the instance's lock."""
    return step.session.execute(select(_VOTE).where(_VOTE.c.id == vote_id)).one()


def may_take(step: Step, task: Any, person_id: int | None, name: str) -> None:
    """Whether a task row may go over to a person, called `name`, or with None to everybody of its role.

    Raises:
        Refused: it is somebody's part in a 会签, where each person answers once.
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


def said(step: Step, task: Any, outcome: str) -> str:
    """An answer as history says it: what it is about, and which of how many it is."""
    vote = vote_of(step, task.vote_id)
    about = "" if task.item is None else f" · {task.item}"
    return f"{outcome}{about}（{vote.answered + 1}/{vote.total}）"[:100]


def sent_back(step: Step, task: Any, closed: Mapping[str, Any]) -> None:
    """One of those asked has sent the process back: their row says so. Called once the others' have been marked as undone."""
    values = {"closed_at": step.now, **closed}
    values |= closing_proof(step.session, task.id, values)
    step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values(values))


def undo(step: Step, vote_ids: list[str], why: str) -> None:
    """The process goes back over these: what was answered no longer counts. Those still open are closed when the books are written."""
    if vote_ids and step.definition.votes:
        done = (_TASK.c.vote_id.in_(vote_ids), _TASK.c.state == TaskRowState.DONE)
        step.session.execute(update(_TASK).where(*done).values(state=TaskRowState.UNDONE, closed_as=why))
        step.session.execute(update(_VOTE).where(_VOTE.c.id.in_(vote_ids), _VOTE.c.state != VoteState.OPEN).values(state=VoteState.UNDONE))
        step.ended |= dict.fromkeys(vote_ids, (VoteState.UNDONE, None, why))


def standing(stands: list[Task]) -> dict[str, Task]:
    """The 会签 among where a workflow stands, by id."""
    return {str(t.id): t for t in stands if isinstance(t.task_spec, VoteTask) and t.has_state(TaskState.READY)}


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
    """Who has had a hand, in this very step, in one that checks the 会签: its row is not written yet."""
    partners, found = authority.partners_of(step.definition, element), set()
    for task_id, closed in step.closed.items() if partners else ():
        task = tokens.find(step.workflow, task_id)
        if task is not None and tokens.element_id(task) in partners:
            found |= {closed["closed_by"], closed["closed_for"]}
    return found


def _open(step: Step, vote_id: str, live: Task) -> None:
    asked, loop = step.asked[vote_id], live.task_spec.loop
    element = step.definition.elements[tokens.element_id(live)]
    rule, wanted = _rule(live, len(asked))
    vote = {
        "id": vote_id,
        "instance_id": step.row.id,
        "element": element.id,
        "name": element.name,
        "people": loop.people,
        "sequential": loop.sequential,
        "rule": rule,
        "needed": wanted,
        "total": len(asked),
        "answered": 0,
        "agreed": 0,
        "state": VoteState.OPEN,
        "created_at": step.now,
    }
    step.session.execute(insert(_VOTE).values(proved(step.session, _VOTE, vote)))
    step.session.execute(insert(_TASK), [proved(step.session, _TASK, row) for row in _rows(step, live, element, asked)])
    unit = "人" if loop.people else "项"
    step.record(EventKind.VOTE, "会签开始", element.id, f"{element.name}：共 {len(asked)} {unit}，{quorum.in_words(rule, wanted, unit)}")


def _rows(step: Step, live: Task, element: Element, asked: list[Any]) -> list[dict[str, Any]]:
    loop, due = live.task_spec.loop, element.properties.get("due")
    each = due is not None and loop.item in names_in(due)
    base = {**step.task_row(str(live.id), live, timed=not each), "vote_id": str(live.id), "item": None, "assignee_id": None}
    rows = []
    for number, item in enumerate(asked):
        own = {"assignee_id": item} if loop.people else {"item": item, "name": f"{element.name}（{_label(loop, item)}）"[:100]}
        if due is not None and each:
            own["due_at"] = _value(live, due, item)
        state = TaskRowState.QUEUED if loop.sequential and number else TaskRowState.OPEN
        rows.append({**base, **own, "id": str(uuid4()), "number": number, "state": state})
    return rows


def _label(loop: Any, item: Any) -> str:
    return str(item) if loop.collection is not None else f"第 {item + 1} 项"


def _value(live: Task, expression: str, item: Any, names: Mapping[str, Any] | None = None) -> Any:
    """What an expression gives for one of those asked."""
    name = live.task_spec.loop.item
    return live.workflow.script_engine.evaluate(live, expression, {**({name: item} if name else {}), **(names or {})})


def _rule(live: Task, total: int) -> tuple[str, int | None]:
    loop = live.task_spec.loop
    if loop.condition is not None:
        return loop.condition, None
    return loop.rule, quorum.needed(loop.rule, total, lambda text: _value(live, text, None))


def _agrees(step: Step, live: Task, task: Any, outcome: str) -> bool:
    element = step.definition.elements[task.element]
    condition = element.properties.get("agreeWhen")
    if condition is None:
        return outcome == element.outcomes[0].name
    return bool(_value(live, condition, _item(task), {f"{element.local}_outcome": outcome}))


def _item(task: Any) -> Any:
    return task.assignee_id if task.item is None else task.item


def _result(live: Task, task: Any, vote: Any, count: Count) -> bool | None:
    if vote.needed is not None:
        return quorum.decided(vote.rule, count, vote.needed)
    over = bool(_value(live, vote.rule, _item(task), count_names(count))) or count.answered == count.total
    return count.agreed > count.refused if over else None


def _finish(step: Step, live: Task, vote: Any, task: Any, count: Count, passed: bool) -> None:
    done = (_TASK.c.vote_id == vote.id, _TASK.c.state == TaskRowState.DONE, _TASK.c.kind == TaskKind.STEP)
    often = select(_TASK.c.outcome).where(*done, _TASK.c.agrees.is_(passed)).group_by(_TASK.c.outcome)
    outcome = step.session.scalars(often.order_by(func.count().desc(), func.max(_TASK.c.closed_at).desc()).limit(1)).first()
    people = step.session.scalars(select(_TASK.c.closed_by).where(*done).order_by(_TASK.c.closed_at, _TASK.c.number)).all()
    left = count.total - count.answered
    rest = f"，其余 {left} 项关闭" if left else ""
    told = f"共 {count.total} 项，已办 {count.answered}，同意 {count.agreed}{rest}"
    step.record(EventKind.VOTE, f"会签结果：{outcome}", vote.element, told)
    step.ended[vote.id] = (VoteState.AGREED if passed else VoteState.REFUSED, outcome, told_of_result(vote.name, outcome))
    live.internal_data[DECIDED] = {"by": task.id, "held": _confirming(step, vote.id)}
    _go_on(live, count, outcome, list(people))


def told_of_result(name: str, outcome: str | None) -> str:
    """What those read whom a result has closed."""
    return f"“{name}”会签已有结果（{outcome}），此事项已关闭"


def _confirming(step: Step, vote_id: str) -> dict[str, dict[str, Any]]:
    """The answers that wait to be confirmed, row id → columns: closing them forgets what was answered."""
    kept = (_TASK.c.closed_by, _TASK.c.closed_for, _TASK.c.outcome, _TASK.c.closed_as, _TASK.c.closed_at)
    rows = step.session.execute(select(_TASK.c.id, *kept).where(_TASK.c.vote_id == vote_id, _TASK.c.state == TaskRowState.CONFIRMING))
    return {row.id: {**row._mapping, "closed_at": row.closed_at.isoformat()} for row in rows}


def _go_on(live: Task, count: Count, outcome: str | None, people: list[int | None]) -> None:
    id = live.task_spec.bpmn_id
    live.set_data(**{f"{id}_{name}": getattr(count, name) for name in NUMBERS})
    live.set_data(**{f"{id}_outcome": outcome, f"{id}_by": people})
    live.run()


def _close(step: Step, vote_id: str) -> None:
    state, outcome, why = step.ended.get(vote_id) or (VoteState.CANCELLED, None, step.why_closed(vote_id))
    left = (_TASK.c.vote_id == vote_id, _TASK.c.state.in_(_UNANSWERED))
    closed = {"state": TaskRowState.CANCELLED, "closed_at": step.now, "closed_by": None, "outcome": None, "closed_as": why}
    gone = step.session.execute(update(_TASK).where(*left).values(closed)).rowcount  # type: ignore[attr-defined]
    step.session.execute(update(_VOTE).where(_VOTE.c.id == vote_id).values(state=state, outcome=outcome, closed_at=step.now))
    if state in (VoteState.CANCELLED, VoteState.UNDONE):
        step.record(EventKind.VOTE, "会签关闭", vote_of(step, vote_id).element, f"未办的 {gone} 项关闭")


def _reopen(step: Step, vote_id: str) -> None:
    """The counts go on; whoever undid the closing has brought the open rows back, but not those whose turn had not come."""
    vote = vote_of(step, vote_id)
    step.session.execute(update(_VOTE).where(_VOTE.c.id == vote_id).values(state=VoteState.OPEN, outcome=None, closed_at=None))
    if vote.sequential:
        queued = (_TASK.c.vote_id == vote_id, _TASK.c.kind == TaskKind.STEP, _TASK.c.state == TaskRowState.CANCELLED)
        step.session.execute(update(_TASK).where(*queued).values(state=TaskRowState.QUEUED, closed_at=None, closed_as=None))


def set_count(step: Step, vote_id: str, count: Count) -> None:
    """Writes how a 会签 stands."""
    step.session.execute(update(_VOTE).where(_VOTE.c.id == vote_id).values(answered=count.answered, agreed=count.agreed))


def _call_next(step: Step, live: Task, vote_id: str) -> None:
    """The next in order has their turn."""
    queued = (_TASK.c.vote_id == vote_id, _TASK.c.state == TaskRowState.QUEUED)
    task = step.session.execute(select(_TASK).where(*queued).order_by(_TASK.c.number).limit(1)).first()
    if task is None:  # somebody before them is asked again
        return
    due = step.definition.elements[task.element].properties.get("due")
    values = {"state": TaskRowState.OPEN, "created_at": step.now, "due_at": _value(live, due, _item(task)) if due else None}
    values |= proofs(step.session, _TASK, {**columns_of(task), **values})
    step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values(values))
