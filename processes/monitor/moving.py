"""跳转: a person in charge puts a token of a running instance on another user task."""

from __future__ import annotations

from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import Element
from processes.engine import Engine
from processes.errors import Refused
from processes.history import clock_text, who
from processes.monitor.managing import in_charge
from processes.rows import InstanceRow
from processes.spiff import regrafting, tokens, tree
from processes.spiff.library import BpmnWorkflow, Task
from processes.spiff.state import load_state, save_state
from processes.states import EventKind, TaskRowState
from processes.steps import books, execution, running, votes
from processes.steps.step import Closing


def move(engine: Engine, session: Session, actor: Actor, instance_id: int, task_id: str, to: str, reason: str) -> list[str]:
    """Puts a token (its task's id) on the user task `to`, whatever lies between, and closes the task that the token leaves.

    Returns: ids of the jobs to hand out.
    Raises:
        NotAllowed, NotFound, Refused: as `in_charge`; the token is no longer there, or cannot be put there.
    """
    step, reason = in_charge(engine, session, actor, instance_id, reason, suspended=True)
    running.restore(step)
    token = next((t for t in _movable(step.workflow) if str(t.id) == task_id), None)
    if token is None:
        raise Refused("流程已不在所选的位置，或不能从那里移走，请刷新页面后重试")
    target = next((e for e in _targets(step.definition, token) if e.id == to), None)
    if target is None:
        raise Refused("不能跳转到所选的步骤，请重新选择")
    left = step.definition.elements[tokens.element_id(token)]
    said = f"{who(actor)}已于 {clock_text(step.now)} 将流程从“{left.label}”跳转到“{target.name}”：{reason}"
    votes.leave(step, [task_id], said)
    if task_id in books.live_tasks(step):
        step.closed = {task_id: Closing(TaskRowState.CANCELLED, said)}
    regrafting.put(step.workflow, token, target.local)
    step.workflow = load_state(save_state(step.workflow), *step.definition.specs)  # its event manager is stale
    step.workflow.script_engine = execution.script_engine(step)
    step.record(EventKind.MOVE, f"从“{left.label}”跳转到“{target.name}”", target.id, reason)
    running.run(step)
    if step.incident is not None:
        step.incident = books.failed_job_error(session, instance_id)
    return books.write(step)


def moves(session: Session, row: InstanceRow) -> list[tuple[str, Element, list[Element]]]:
    """The tokens of an instance that can be moved: task id, element, and the user tasks that the token can be put on."""
    if row.state is None:
        return []
    definition = load(session, row.definition_id)
    found = _movable(load_state(row.state, *definition.specs))
    return [(str(t.id), definition.elements[tokens.element_id(t)], _targets(definition, t)) for t in found]


def _movable(workflow: BpmnWorkflow) -> list[Task]:
    return [token for part in tree.parts(workflow) for token in regrafting.tokens(part) if regrafting.may_leave(token)]


def _targets(definition: Definition, token: Task) -> list[Element]:
    """The other user tasks of the same part of the diagram."""
    return [e for e in definition.tasks_beside(definition.elements[tokens.element_id(token)]) if e.id != tokens.element_id(token)]
