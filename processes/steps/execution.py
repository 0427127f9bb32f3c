"""The workflow of a step at work: it calls handlers, catches errors and messages, and notes what the books need of each task that ran."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import Any

from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS, BusinessError, External, mistake
from domain.ground.subjects import Subject
from processes.definitions.definition import Definition
from processes.diagrams import retries
from processes.diagrams.elements import Element
from processes.errors import EngineFault, Refused
from processes.spiff import events, faults, scripts, tokens, turns
from processes.spiff.instances import COUNTED_TASKS, count_text
from processes.spiff.library import Task
from processes.states import EventKind, JobState
from processes.steps.step import Step

MAX_TURNS = 20_000
_CATCHES = ("boundaryEvent", "intermediateCatchEvent", "receiveTask", "startEvent")


def script_engine(step: Step) -> scripts.ScriptEngine:
    """Evaluates the diagram's expressions over the record's facts, by the step's clock, which stands still during a suspension."""
    return scripts.ScriptEngine(step.suspended_at or step.now, partial(_names, step), partial(serve, step))


def _names(step: Step) -> dict[str, Any]:
    # read anew at each evaluation: a form or a handler of this step may have changed the record
    return names(step.definition, step.row.title, step.subject)


def names(definition: Definition, title: str, subject: Subject) -> dict[str, Any]:
    """What expressions may read of a record, and of tasks that nobody has done yet."""
    return {**definition.unset_outcomes, "title": title, **subject.facts()}


def catch(step: Step, event: Task, error: BusinessError) -> None:
    """The diagram catches a business error."""
    element = step.definition.elements[tokens.element_id(event)]
    step.record(EventKind.ERROR, element.name or "出错", element.id, str(error))
    faults.throw(event, error.code, str(error))
    turns.run(event, partial(note_completed, step))


def receive(step: Step, element: Element, payload: dict[str, Any] | None = None) -> bool:
    """Gives the message of an event to whatever waits for it; `payload` becomes data of the token that receives it.

    Returns: False where nothing waits for it.
    """
    return events.receive(step.workflow, [(task, awaited(step, task)) for task in tokens.waiting(step.workflow)], element.id, payload or {})


def awaited(step: Step, task: Task) -> dict[str, Any]:
    """Ids of the message events that a waiting task waits for → their definitions."""
    element = step.element_of(task)
    return {} if element is None else events.awaited(task, element, step.definition.elements)


def serve(step: Step, task: Task, name: str, params: dict[str, Any]) -> bool | None:
    """Calls an inline handler, or writes the job of an external one and leaves the service task STARTED."""
    element = step.definition.elements[tokens.element_id(task)]
    handler = step.engine.handlers.get(name)
    if handler is None:
        raise EngineFault(f"系统任务“{element.name}”的处理程序“{name}”不存在")
    if isinstance(handler, External):
        retry_max, retry_delay = retries.limits(element, partial(task.workflow.script_engine.evaluate, task))
        job = {
            "id": str(task.id),
            "element": element.id,
            "handler": name,
            "params": params,
            "state": JobState.PENDING,
            "next_at": step.now,
        }
        step.jobs.append({**job, "attempt": 0, "retry_max": retry_max, "retry_delay": retry_delay})
        return None
    step.ran_inline = True
    try:
        # what a handler wrote before it raised is undone – by the caller, with the whole step, where nothing catches the error
        with step.session.begin_nested() if faults.may_be_caught(task) else nullcontext():
            task.data.update(handler.run(step.session, step.subject, params, step.actor) or {})
    except BusinessError as error:
        step.raised = task, error
        return None  # stays STARTED until its boundary event interrupts it
    except DomainError as error:  # a rule of the records: its message is for people
        raise Refused(str(error)) from error
    except FAULTS as error:
        raise EngineFault(f"系统任务“{element.name}”的处理程序出错（{mistake(error)}）") from error
    return True


def note_completed(step: Step, task: Task) -> None:
    """Notes what the books need of a task that the workflow has just run, and lets the diagram catch what its handler refused.

    Raises:
        EngineFault: the workflow runs in circles.
        Refused: the diagram does not catch what the handler refused.
    """
    step.turns += 1
    if step.turns > MAX_TURNS or (step.turns % 100 == 0 and tokens.runs_away(task)):
        raise EngineFault("流程一直在自动运行，没有停下来等待，请联系流程设计人员检查其中的循环")
    if step.raised is not None:
        (failed, error), step.raised = step.raised, None
        event = faults.catcher(failed, error.code)
        if event is None:
            raise Refused(str(error)) from error
        catch(step, event, error)
        return
    element = step.element_of(task)
    if element is None:
        return
    if isinstance(task.task_spec, COUNTED_TASKS):
        step.record(EventKind.VOTE, "多实例完成", element.id, count_text(task))
    if element.tag == "endEvent" and "status" in element.properties:
        step.reached = element.id
    if element.event is not None and element.tag in _CATCHES:
        step.fired.append(element)
        if element.event == "timer":
            step.record(EventKind.TIMER, element.name or "定时", element.id)
