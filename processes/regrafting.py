"""A running workflow is put on another version of its diagram, or one of its tokens elsewhere: surgery on SpiffWorkflow's task tree.

The library's own migration aligns specifications by their neighbourhood and resets whatever is ready, so that claims, opinions
and running timers would be lost. Here a task stays the task it is where its element still means the same. What the next version
no longer has leaves the tree where it is over; where a token stands on it, somebody says where the token goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit, _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes import spiff, timers
from processes.definitions import Definition, Element
from processes.events import EventSubprocess, is_untriggered
from processes.pruning import forget

_LIVE = TaskState.READY | TaskState.STARTED | TaskState.WAITING
_AHEAD = TaskState.PREDICTED_MASK | TaskState.FUTURE


def tokens(part: Any) -> list[Task]:
    """The tasks that stand in one part of a workflow, without the boundary events around them."""
    standing = [t for t in part.tasks.values() if t.has_state(_LIVE) and t.task_spec.bpmn_id]
    return [t for t in standing if not isinstance(t.task_spec, BoundaryEvent | _EndJoin)]


def fits(name: str, old: Any, new: Any) -> bool:
    """Whether a specification of this name means the same in two versions of a part."""
    before, after = old.task_specs.get(name), new.task_specs.get(name)
    if before is None or after is None or type(before) is not type(after):
        return False
    if isinstance(before, SubWorkflowTask) and before.spec != after.spec:
        return False
    around = f"{_element(name)}.BoundaryEventSplit"
    return (around in old.task_specs) == (around in new.task_specs)


def same_events(name: str, old: Any, new: Any) -> bool:
    """Whether the same boundary events are attached to an element in both versions."""
    return _attached(name, old) == _attached(name, new)


def idle(workflow: Any) -> set[Any]:
    """Ids of the event subprocesses that wait for their trigger: they leave with their element, and nothing is lost."""
    return {task.id for part in spiff.parts(workflow) for task in part.tasks.values() if is_untriggered(task)}


def may_leave(token: Task) -> bool:
    """Whether a token can be put elsewhere: not out of a join or a multi-instance, nor with something running inside or beside it."""
    if isinstance(token.task_spec, SubWorkflowTask | LoopTask | Join) or isinstance(token.parent.task_spec, LoopTask):
        return False
    others = [t for t in _below(_entry(token)) if t is not token and t.has_state(_LIVE) and not isinstance(t.task_spec, _EndJoin)]
    return all(t.parent is token.parent and isinstance(t.task_spec, BoundaryEvent) for t in others)


def user_tasks(definition: Definition, beside: Element) -> list[Element]:
    """The user tasks of the part of a diagram that an element is in; those of many at once are none to be put on."""
    called = beside.id.rpartition(":")[0]
    tasks = [e for e in definition.elements.values() if e.tag == "userTask" and not e.repeats]
    return [e for e in tasks if e.inside == beside.inside and e.id.rpartition(":")[0] == called]


def put(workflow: Any, token: Task, name: str) -> Task:
    """A token leaves what it stands on and comes to the element `name` of its part, as if a sequence flow led there.

    Returns: the task that is entered: the element, or what the library puts around one with boundary events.
    """
    part, entry, data = token.workflow, _entry(token), deepcopy(token.data)
    running = {t.task_spec.name: t for t in entry.children if isinstance(t.task_spec, BoundaryEvent) and t.has_state(_LIVE)}
    above = entry.parent
    place = above._children.index(entry.id)
    above._children.remove(entry.id)
    for gone in list(_below(entry)):
        forget(workflow, part, gone)
    specs = part.spec.task_specs
    entered = above._add_child(specs.get(f"{name}.BoundaryEventSplit") or specs[name], TaskState.FUTURE)
    above._children.insert(place, above._children.pop())
    entered.task_spec._predict(entered, mask=_AHEAD)
    if token.task_spec.name == name:
        _keep_clocks(running, entered)
    entered.task_spec._update(entered)
    entered.data = data  # its parent's are older where finished rounds have left the tree
    return entered


def regraft(workflow: Any, specs: tuple[Any, dict[str, Any]], moves: dict[str, str]) -> None:
    """Puts a workflow and all that runs inside it on other specifications. `moves`: task id → the name it goes on at.

    It is to be saved and loaded afterwards: the library's event manager is stale.
    """
    spec, inner = specs
    workflow.subprocess_specs = inner
    for part in list(spiff.parts(workflow)):
        if any(part is one for one in spiff.parts(workflow)):  # else the task around it has left
            _regraft_part(workflow, part, spec if part is workflow else inner[part.spec.name], moves)


def _regraft_part(workflow: Any, part: Any, new: Any, moves: dict[str, str]) -> None:
    old, part.spec = part.spec, new
    for task in [t for t in part.tasks.values() if t.has_state(_AHEAD) and not t.triggered]:
        if task.id in part.tasks:
            part._remove_task(task.id)
    for task in tokens(part):
        moving = moves.get(str(task.id))
        if moving is not None:
            put(workflow, task, moving)
    for task in list(part.tasks.values()):
        if task.task_spec is new.task_specs.get(task.task_spec.name):
            continue  # entered just now
        if fits(task.task_spec.name, old, new):
            _renew(task, new.task_specs[task.task_spec.name])
        else:
            _take_out(workflow, part, task)
    _begin_event_subprocesses(part)
    for task in [t for t in part.tasks.values() if t.has_state(_LIVE)]:
        task.task_spec._predict(task, mask=_AHEAD | task.state)
    if part.last_task is not None and part.last_task.id not in part.tasks:
        part.last_task = part.task_tree


def _begin_event_subprocesses(part: Any) -> None:
    """Event subprocesses that are new and start by a timer: the library begins them with their process."""
    for start in [t for t in part.tasks.values() if t.task_spec is part.spec.start and t.has_state(TaskState.COMPLETED)]:
        there = {child.task_spec for child in start.children}
        for spec in [s for s in part.spec.start.outputs if isinstance(s, EventSubprocess) and s not in there]:
            begun = start._add_child(spec, TaskState.FUTURE)
            begun.task_spec._update(begun)


def _renew(task: Task, spec: Any) -> None:
    """The task follows the new version from here on; a timer that is drawn otherwise begins anew."""
    before = getattr(task.task_spec, "event_definition", None)
    after = getattr(spec, "event_definition", None)
    task.task_spec = spec
    if not timers.alike(before, after):
        timers.restart(task)


def _take_out(workflow: Any, part: Any, task: Task) -> None:
    """A task that is over, and that the new version does not have: what came of it comes of the one before it."""
    above, stays = task.parent, [child for child in task.children if not child.has_state(TaskState.CANCELLED)]
    place = above._children.index(task.id)
    for child in task.children:
        if child not in stays:
            for gone in list(_below(child)):
                forget(workflow, part, gone)
    for child in stays:
        child.parent = above
    above._children[place : place + 1] = [child.id for child in stays]
    forget(workflow, part, task)


def _keep_clocks(running: dict[str, Task], entered: Task) -> None:
    """Timers of the same boundary events, drawn as before, go on."""
    for child in entered.children:
        before = running.get(child.task_spec.name)
        if before is not None and timers.alike(before.task_spec.event_definition, child.task_spec.event_definition):
            timers.take_over(before, child)


def _attached(name: str, spec: Any) -> set[str]:
    split = spec.task_specs.get(f"{_element(name)}.BoundaryEventSplit")
    return set() if split is None else {output.name for output in split.outputs}


def _element(name: str) -> str:
    """The element that a specification of the library belongs to."""
    return name.removesuffix(" [child]").removesuffix(".BoundaryEventSplit").removesuffix(".BoundaryEventJoin")


def _entry(token: Task) -> Task:
    parent: Task = token.parent
    return parent if isinstance(parent.task_spec, BoundaryEventSplit) else token


def _below(task: Task) -> Iterator[Task]:
    todo = [task]
    while todo:
        here = todo.pop()
        yield here
        todo += here.children
