"""退回: whoever has a task sends the process back to an earlier user task, with a reason.

The diagram allows it by the property `returnable` of the user task: ids of earlier user tasks, or `any`. It is one step
(docs/architecture.md). The answers that are undone leave the process's data; the history keeps everything.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_one
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import ANY, Element
from processes.engine import Engine
from processes.errors import FormInvalid, Refused
from processes.history import clock_text, who
from processes.rows import InstanceRow, TaskRow
from processes.spiff import tokens, tree
from processes.spiff.library import BpmnWorkflow, LoopTask, Task, TaskState
from processes.spiff.rewinding import rewind, undone
from processes.spiff.state import load_state
from processes.states import EventKind, TaskKind, TaskRowState
from processes.steps import books, running, votes
from processes.steps.locked_task import lock_task
from processes.steps.step import Closing
from processes.tasks.undoing import close, rerun


def send_back(engine: Engine, session: Session, actor: Actor, task_id: str, to: str, comment: str) -> list[str]:
    """Sends the process back from an open task to the latest round of an earlier one, which is open again with the data that it had then.

    Returns: ids of new jobs.
    Raises:
        FormInvalid: the reason is missing, or no step was chosen.
        Refused: the process cannot go back there.
        TaskClosed, NotAllowed, NotFound: as when completing the task.
    """
    locked = lock_task(engine, session, actor, task_id)
    step, element = locked.step, locked.element
    if locked.task.kind != TaskKind.STEP:
        raise Refused("此事项只请您给出意见，不能退回；请在意见中写明，由请您给出意见的人决定")
    if not comment.strip():
        raise FormInvalid([("comment", "退回须填写意见，请说明需要修改的内容")])
    if not to:
        raise FormInvalid([("to", "请选择退回到哪一步")])
    if step.workflow is None:
        running.load(step)
    live = locked.live()
    locked.four_eyes(step.actor.person_id)
    target = _targets(step.definition, step.workflow, live, element).get(to)
    if target is None:
        raise Refused("不能退回到所选的步骤，请刷新页面后重新选择")
    name = step.definition.elements[to].name
    gone = undone(target)
    said = f"{who(step.actor)}已于 {clock_text(step.now)} 将流程退回到“{name}”：{comment.strip()}"
    closing = Closing(TaskRowState.DONE, said, "退回", actor.person_id, None if locked.absent is None else locked.absent.id)
    if locked.task.vote_id is None:
        step.closed[task_id] = closing
    step.record(EventKind.RETURN, f"退回到“{name}”", element.id, comment.strip())
    close(step, gone, said, TaskRowState.UNDONE)
    rewind(target)
    rerun(step)
    if locked.task.vote_id is not None:
        votes.sent_back(step, locked.task, closing)
    return books.write(step)


def choices(session: Session, task: TaskRow) -> list[Element]:
    """The user tasks to which the process may be sent back from a task now, in the order of the diagram. The caller checks who asks."""
    table = tables.instance
    row = read_one(session, select(table).where(table.c.id == task.instance_id), InstanceRow)
    definition = load(session, row.definition_id)
    element = definition.elements.get(task.element)
    if row.state is None or element is None or not element.returnable:
        return []
    if task.state != TaskRowState.OPEN or task.kind != TaskKind.STEP:
        return []
    workflow = load_state(row.state, *definition.specs)
    live = tokens.find(workflow, task.vote_id or task.id)
    if live is None:
        return []
    found = _targets(definition, workflow, live, element)
    return [e for e in definition.elements.values() if e.id in found]


def _targets(definition: Definition, workflow: BpmnWorkflow, live: Task, element: Element) -> dict[str, Task]:
    """Element id → the completed task to go back to: that of the latest round which led to the live one."""
    named = element.returnable
    allowed = {e.id for e in definition.elements.values() if e.tag == "userTask"} if named == (ANY,) else set(named)
    found: dict[str, tuple[int, Task]] = {}
    for part in tree.parts(workflow):
        for task in part.tasks.values():
            to = tokens.element_id(task) if task.task_spec.bpmn_id else ""
            if to not in allowed or to == element.id or not task.has_state(TaskState.COMPLETED) or not _is_one_step(task, live):
                continue
            gone = undone(task)
            if live in gone and (to not in found or len(gone) < found[to][0]):
                found[to] = (len(gone), task)
    return {to: task for to, (_, task) in found.items()}


def _is_one_step(task: Task, live: Task) -> bool:
    """Whether the process may go back to this task: not to one of many instances alone, unless the live task is in that instance."""
    if isinstance(task.parent.task_spec, LoopTask):
        return False
    around = {id(one) for one in tree.enclosing(live)}
    return not any(isinstance(one.parent.task_spec, LoopTask) for one in tree.enclosing(task) if id(one) not in around)
