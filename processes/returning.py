"""Going back: 撤回 of one's own last act, and 退回 to an earlier step.

The diagram allows both by properties of user tasks: `withdrawable` (`true`: who completed it may take that back while nobody has
acted on it) and `returnable` (ids of earlier user tasks, or `any`: who has the task may send the process back there, with a
reason). Each is one step (architecture §3). What is undone leaves the process's data; the history keeps everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from domain.parties import Actor
from processes import authority, ballots, opinions, spiff, tables, votes
from processes.calls import listed
from processes.definitions import Definition, Element, load
from processes.engine import Engine
from processes.errors import FormInvalid, NotFound, Refused, TaskClosed
from processes.history import clock_text, who
from processes.locking import awake, lock
from processes.rewinding import enclosing, resumed, rewind, undone
from processes.step import Step
from processes.steps import hold
from processes.substitutes import covered_act
from processes.timers import due

ACTS = ("task", "message", "return", "withdraw")  # kinds of history lines that say that a person acted on the process


def withdraw(engine: Engine, session: Session, actor: Actor, task_id: str) -> list[str]:
    """Takes back what the actor did last: the task is theirs again, with the data of when they got it.

    Returns: ids of new jobs.
    Raises:
        NotFound: the actor did not complete such a task.
        Refused: the diagram does not allow it, or somebody, or a deadline, has acted on it since; the message says what.
    """
    step, done = _own(engine, session, actor, task_id)
    element = step.definition.elements.get(done.element)
    if element is None:
        raise Refused("流程已迁移到新版本，不能撤回")
    if not withdrawable(element):
        raise Refused(f"“{element.name}”办理后不能撤回")
    if step.row.state is None:
        raise Refused("流程已结束，不能撤回")
    step.load()
    target = spiff.find(step.workflow, done.vote_id or task_id)
    if done.state == "held" or (done.vote_id is not None and votes.vote_of(step, done.vote_id).state == "open"):
        if target is None or not target.has_state(TaskState.READY):
            raise TaskClosed(step._why_closed(done.vote_id or task_id))
        take_back = opinions.unconfirmed if done.state == "held" else ballots.take_back
        take_back(step, done)
        step.record("withdraw", "撤回", element.id)
    elif target is None or not target.has_state(TaskState.COMPLETED):
        raise Refused("流程已继续进行，不能撤回")
    else:
        _take_back(step, target, done, element)
    return step.settle()


def _own(engine: Engine, session: Session, actor: Actor, task_id: str) -> tuple[Step, Any]:
    """The step on the instance of a task that the actor, or whom they stand in for, has done, and its row, read under the lock."""
    table = tables.task
    instance_id = session.scalar(select(table.c.instance_id).where(table.c.id == task_id, table.c.party_id == actor.party_id))
    if instance_id is None:
        raise NotFound
    step = lock(engine, session, actor, instance_id, suspended=True)
    done = session.execute(select(table).where(table.c.id == task_id)).one()
    absent = authority.takes_back(session, actor, done, step.row.key, step.now)
    awake(step)
    step.actor = authority.in_place_of(actor, absent)
    if done.state not in ("done", "held"):
        raise Refused(f"{done.closed_as}，不能撤回")
    element = step.definition.elements.get(done.element)
    if absent is not None and element is not None:  # whoever could not do it does not take it back either
        authority.four_eyes(session, step.definition, step.row.id, element, (actor.person_id, absent.id))
    return step, done


def _take_back(step: Step, target: Task, done: Any, element: Element) -> None:
    """The completion of a task in the tree is taken back, where nothing binds it; its row is `done`."""
    decided = None if done.vote_id is None else ballots.deciding(target, done)
    gone = undone(target, anew=False)
    _nobody_acted(step, target, gone)
    _in_time(step, target)
    said = f"{who(step.actor)}已于 {clock_text(step.now)} 撤回“{element.name}”"
    step.record("withdraw", "撤回", element.id)
    if decided is not None:
        ballots.reopen(step, done, decided)
        gone.remove(target)
    _close(step, gone, said, "withdrawn")
    rewind(target, anew=False)
    step.again[str(target.id)] = {name: done._mapping[name] for name in ("role", "party_id", "assignee_id", "due_at")}
    _rerun(step)


def send_back(engine: Engine, session: Session, actor: Actor, task_id: str, to: str, comment: str) -> list[str]:
    """Sends the process back from an open task to the latest round of an earlier one, which waits again with its data of then.

    Returns: ids of new jobs.
    Raises:
        FormInvalid: the reason is missing, or no step was chosen.
        Refused: the process cannot go back there.
        TaskClosed, NotAllowed, NotFound: as when completing the task.
    """
    held = hold(engine, session, actor, task_id)
    step, element = held.step, held.element
    if held.task.kind != "step":
        raise Refused("此事项只请您给出意见，不能退回；请在意见中写明，由请您给出意见的人决定")
    if not comment.strip():
        raise FormInvalid([("comment", "退回须填写意见，请说明需要修改的内容")])
    if not to:
        raise FormInvalid([("to", "请选择退回到哪一步")])
    if step.workflow is None:
        step.load()
    live = held.live()
    held.four_eyes(step.actor.person_id)
    target = _targets(step.definition, step.workflow, live, element).get(to)
    if target is None:
        raise Refused("不能退回到所选的步骤，请刷新页面后重新选择")
    name = step.definition.elements[to].name
    gone = undone(target)
    said = f"{who(step.actor)}已于 {clock_text(step.now)} 将流程退回到“{name}”：{comment.strip()}"
    closed = {"state": "done", "closed_by": actor.person_id, "outcome": "退回", "closed_as": said}
    closed["closed_for"] = None if held.absent is None else held.absent.id
    if held.task.vote_id is None:
        step.closed[task_id] = closed
    step.record("return", f"退回到“{name}”", element.id, comment.strip())
    _close(step, gone, said, "undone")
    rewind(target)
    _rerun(step)
    if held.task.vote_id is not None:
        votes.sent_back(step, held.task, closed)
    return step.settle()


def choices(engine: Engine, session: Session, task: Any) -> list[Element]:
    """The steps to which an open task (its row) may be sent back now, in the order of the diagram; for a page that has checked who asks."""
    table = tables.instance
    row = session.execute(select(table).where(table.c.id == task.instance_id)).one()
    definition = load(session, row.definition_id)
    element = definition.elements.get(task.element)
    if row.state is None or task.state != "open" or task.kind != "step" or element is None or "returnable" not in element.properties:
        return []
    workflow = spiff.load_state(row.state, *definition.specs)
    live = spiff.find(workflow, task.vote_id or task.id)
    if live is None:
        return []
    found = _targets(definition, workflow, live, element)
    return [e for e in definition.elements.values() if e.id in found]


def withdrawals(session: Session, actor: Actor, rows: Sequence[Any], now: datetime | None = None) -> dict[int, tuple[str, Element]]:
    """Instance id → task and element that the actor may probably take back; the step itself looks at the state. Two queries at most.

    With `now` also what those did whom the actor stands in for at that moment.
    """
    allowed = {row.id: load(session, row.definition_id) for row in rows}
    allowed = {i: d for i, d in allowed.items() if any(withdrawable(e) for e in d.elements.values())}
    if not allowed:
        return {}
    task, event, vote = tables.task.c, tables.event.c, tables.vote.c
    mine = select(task.id, task.instance_id, task.element, task.closed_at, task.state, vote.state.label("vote"))
    mine = mine.join_from(tables.task, tables.instance, tables.instance.c.id == task.instance_id)
    own = and_(func.coalesce(task.closed_for, task.closed_by) == actor.person_id, task.role.in_(actor.roles))
    mine = mine.outerjoin(tables.vote, vote.id == task.vote_id).where(
        task.instance_id.in_(allowed),
        task.state.in_(("done", "held")),
        task.kind == "step",
        task.party_id == actor.party_id,
        own if now is None else or_(own, covered_act(actor, now)),
        or_(task.vote_id.is_(None), vote.state == "open", and_(vote.state.in_(votes.RESULTS), vote.closed_at == task.closed_at)),
    )
    acts = [(row, allowed[row.instance_id].elements.get(row.element)) for row in session.execute(mine.order_by(task.closed_at))]
    done = [(row, element) for row, element in acts if element is not None and withdrawable(element)]
    if not done:
        return {}
    events = select(event.instance_id, event.element, event.at).where(
        event.instance_id.in_({row.instance_id for row, _ in done}), event.kind.in_(ACTS)
    )
    later = session.execute(events).all()
    return {row.instance_id: (row.id, element) for row, element in done if not _followed(row, allowed[row.instance_id], later)}


def _followed(row: Any, definition: Definition, later: Sequence[Any]) -> bool:
    """Whether one of these acts followed the completion of a task (its row); of an answer to an open 会签 nothing follows."""
    if row.vote == "open" or row.state == "held":
        return False
    after = _reachable(definition, row.element)
    return any(e.instance_id == row.instance_id and e.at > row.closed_at and e.element in after for e in later)


def withdrawable(element: Element) -> bool:
    """Whether who completed this task may take that back."""
    return element.properties.get("withdrawable") == "true"


def problems(element: Element, elements: Mapping[str, Element]) -> Iterator[str]:
    """What is wrong with the two properties as drawn, in Chinese, without the element's name."""
    for name in ("withdrawable", "returnable"):
        if name in element.properties and element.tag != "userTask":
            yield f"属性 {name} 只能用在用户任务上，请删除"
            return
    if element.properties.get("withdrawable", "true") not in ("true", "false"):
        yield f"属性 withdrawable 的值“{element.properties['withdrawable']}”应为 true 或 false"
    if "returnable" not in element.properties or element.properties["returnable"] == "any":
        return
    named = listed(element.properties["returnable"])
    if not named:
        yield "属性 returnable 应为 any，或用逗号分开的用户任务 id"
    for other in named:
        if other == element.id or other not in elements or elements[other].tag != "userTask":
            yield f"属性 returnable 中的“{other}”不是另一个用户任务，请填写另一个用户任务的 id"


def _targets(definition: Definition, workflow: Any, live: Task, element: Element) -> dict[str, Task]:
    """Element id → the completed task to go back to: the latest round that led to the live one."""
    names = element.properties.get("returnable", "")
    allowed = {e.id for e in definition.elements.values() if e.tag == "userTask"} if names == "any" else set(listed(names))
    found: dict[str, tuple[int, Task]] = {}
    for part in spiff.parts(workflow):
        for task in part.tasks.values():
            to = spiff.element_id(task) if task.task_spec.bpmn_id else ""
            if to not in allowed or to == element.id or not task.has_state(TaskState.COMPLETED) or not _is_one_step(task, live):
                continue
            gone = undone(task)
            if live in gone and (to not in found or len(gone) < found[to][0]):
                found[to] = (len(gone), task)
    return {to: task for to, (_, task) in found.items()}


def _is_one_step(task: Task, live: Task) -> bool:
    """Whether going back to this very task means something: one of a 会签's many instances alone does not, unless the live one is in it."""
    if isinstance(task.parent.task_spec, LoopTask):
        return False
    around = {id(one) for one in enclosing(live)}
    return not any(isinstance(one.parent.task_spec, LoopTask) for one in enclosing(task) if id(one) not in around)


def _nobody_acted(step: Step, target: Task, gone: Sequence[Task]) -> None:
    for one in enclosing(target):
        if one.has_state(TaskState.FINISHED_MASK) and isinstance(one.parent.task_spec, LoopTask):
            raise Refused("多实例活动中此项已全部办完，不能撤回，请联系后续办理人退回")
    table = tables.task
    others = [str(task.id) for task in gone if task is not target]
    # the task itself, an opinion on it, or an answer in it
    about = or_(table.c.id.in_(others), table.c.parent_id.in_(others), table.c.vote_id.in_(others))
    query = select(table.c.closed_as).where(about, table.c.state.in_(("done", "held"))).limit(1)
    acted = step.session.scalars(query).first()
    if acted is not None:
        raise Refused(f"{acted}，不能撤回")
    for task in gone:
        element = step.element_of(task)
        if element is None or not task.has_state(TaskState.COMPLETED) or element.tag not in ("boundaryEvent", "intermediateCatchEvent"):
            continue
        if element.event == "message" or element.interrupting:  # a reminder that went by does not bind anybody
            raise Refused(f"“{element.name}”已经发生，不能撤回")


def _in_time(step: Step, target: Task) -> None:
    """Raises Refused where a deadline that would go on has passed meanwhile."""
    for event in resumed(target):
        if event.task_spec.cancel_activity and any(moment <= step.now for moment in due(event)):
            name = step.definition.elements[spiff.element_id(event)].name
            raise Refused(f"“{name}”时间已到，不能撤回")


def _close(step: Step, gone: Iterable[Task], said: str, state: str) -> None:
    """Closes what is open of these tasks with a sentence, and marks what was done there as undone; `state` is one of `tables.UNDONE`."""
    table = tables.task
    ids = [str(task.id) for task in gone]
    opinions.no_longer_awaited(step, ids)
    rows = step.session.execute(select(table.c.id, table.c.state).where(table.c.id.in_(ids))).all()
    for row in rows:
        if row.state in tables.LIVE:
            step.closed.setdefault(row.id, {"state": "cancelled", "closed_as": said})
    over = [row.id for row in rows if row.state == "done"]
    step.session.execute(update(table).where(table.c.id.in_(over)).values(state=state, closed_as=said))
    votes.undo(step, ids, said)


def _rerun(step: Step) -> None:
    step.workflow = spiff.load_state(spiff.save_state(step.workflow), *step.definition.specs)  # its event manager is stale
    step.workflow.script_engine = step.script_engine()
    step.run()


def _reachable(definition: Definition, element_id: str) -> set[str]:
    """The elements that tokens may come to from an element."""
    found: set[str] = set()
    todo = [element_id]
    while todo:
        here = todo.pop()
        nexts = [target for source, target in definition.flows.values() if source == here]
        nexts += [e.id for e in definition.elements.values() if e.attached_to == here]
        todo += [n for n in nexts if n not in found]
        found.update(nexts)
    return found
