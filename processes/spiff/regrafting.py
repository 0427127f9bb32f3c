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

from processes.spiff import timers, tree
from processes.spiff.events import EventSubprocess, is_untriggered
from processes.spiff.pruning import forget

_LIVE = TaskState.READY | TaskState.STARTED | TaskState.WAITING
_AHEAD = TaskState.PREDICTED_MASK | TaskState.FUTURE


def tokens(part: Any) -> list[Task]:
    """The tasks that stand in one part of a workflow, without the boundary events around them."""
    standing = [t for t in part.tasks.values() if t.has_state(_LIVE) and t.task_spec.bpmn_id]
    return [t for t in standing if not isinstance(t.task_spec, BoundaryEvent | _EndJoin)]


def same_kind(name: str, old: Any, new: Any) -> bool:
    """Whether two versions of a part have an element of this name, of the same kind: a task that stands there can go on."""
    before, after = old.task_specs.get(name), new.task_specs.get(name)
    if before is None or after is None or type(before) is not type(after):
        return False
    return not isinstance(before, SubWorkflowTask) or before.spec == after.spec


def fits(name: str, old: Any, new: Any) -> bool:
    """Whether what is over means the same in two versions of a part, so that somebody can be sent back there."""
    around = f"{_element(name)}.BoundaryEventSplit"
    return same_kind(name, old, new) and (around in old.task_specs) == (around in new.task_specs)


def begun_beside(token: Task, new: Any) -> list[Task]:
    """Boundary events of the token's task that the new version has not, and what they began still runs: it would be left hanging."""
    attached = _attached(token.task_spec.name, new)
    return [event for event in _events(token) if event.task_spec.name not in attached and _runs_below(event)]


def idle(workflow: Any) -> set[Any]:
    """Ids of the event subprocesses that wait for their trigger: they leave with their element, and nothing is lost."""
    return {task.id for part in tree.parts(workflow) for task in part.tasks.values() if is_untriggered(task)}


def may_leave(token: Task) -> bool:
    """Whether a token can be put elsewhere: not out of a join or a multi-instance, nor with something running inside or beside it."""
    if isinstance(token.task_spec, SubWorkflowTask | LoopTask | Join) or isinstance(token.parent.task_spec, LoopTask):
        return False
    others = [t for t in _below(_entry(token)) if t is not token and t.has_state(_LIVE) and not isinstance(t.task_spec, _EndJoin)]
    return all(t.parent is token.parent and isinstance(t.task_spec, BoundaryEvent) for t in others)


def put(workflow: Any, token: Task, name: str) -> Task:
    """A token leaves what it stands on and comes to the element `name` of its part, as if a sequence flow led there.

    Returns: the task that is entered: the element, or what the library puts around one with boundary events.
    """
    part, entry, data = token.workflow, _entry(token), deepcopy(token.data)
    above = entry.parent
    place = above._children.index(entry.id)
    above._children.remove(entry.id)
    _forget_below(workflow, part, entry)
    specs = part.spec.task_specs
    entered = above._add_child(specs.get(f"{name}.BoundaryEventSplit") or specs[name], TaskState.FUTURE)
    above._children.insert(place, above._children.pop())
    entered.task_spec._predict(entered, mask=_AHEAD)
    entered.task_spec._update(entered)
    entered.data = data  # its parent's are older where finished rounds have left the tree
    return entered


def regraft(workflow: Any, specs: tuple[Any, dict[str, Any]], moves: dict[str, str]) -> None:
    """Puts a workflow and all that runs inside it on other specifications. `moves`: task id → the name it goes on at.

    It is to be saved and loaded afterwards: the library's event manager is stale.
    """
    spec, inner = specs
    workflow.subprocess_specs = inner
    for part in list(tree.parts(workflow)):
        if any(part is one for one in tree.parts(workflow)):  # else the task around it has left
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
        elif not isinstance(task.parent.task_spec, LoopTask) and _attached(task.task_spec.name, old) != _attached(task.task_spec.name, new):
            _reattach(workflow, part, task)
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


def _reattach(workflow: Any, part: Any, token: Task) -> None:
    """Other boundary events come to stand around a task that stays what it is, with all that runs inside it."""
    name, specs = token.task_spec.name, part.spec.task_specs
    split, around = token.parent, specs.get(f"{name}.BoundaryEventSplit")
    if around is None:
        _take_off(workflow, part, token)
    elif isinstance(split.task_spec, BoundaryEventSplit):
        for gone in [event for event in _events(token) if event.task_spec.name not in _attached(name, part.spec)]:
            split._children.remove(gone.id)
            _forget_below(workflow, part, gone)
    else:
        split = _put_around(part, token, around)
    there = {event.task_spec.name for event in _events(token)}
    for spec in around.outputs if around is not None else ():
        if isinstance(spec, BoundaryEvent) and spec.name not in there:
            split._add_child(spec, TaskState.WAITING).data = deepcopy(token.data)
    for task in (token, *(child for child in token.children if child.task_spec.name == getattr(token.task_spec, "task_spec", None))):
        _renew(task, specs[task.task_spec.name])  # its instances too, where it is one of many


def _take_off(workflow: Any, part: Any, token: Task) -> None:
    """The task comes to stand in the place of what the library puts around one with boundary events, and those leave."""
    split = token.parent
    above = split.parent
    above._children[above._children.index(split.id)] = token.id
    split._children.remove(token.id)
    token.parent = above
    _forget_below(workflow, part, split)


def _put_around(part: Any, token: Task, spec: Any) -> Task:
    """What the library puts around a task with boundary events comes to stand in the task's place, with the task below it."""
    above = token.parent
    split = above._add_child(spec, TaskState.FUTURE)
    split._set_state(TaskState.COMPLETED)
    split.data, split._children = deepcopy(token.data), [token.id]
    above._children.remove(split.id)
    above._children[above._children.index(token.id)] = split.id
    token.parent = split
    order = {id: task for id, task in part.tasks.items() if id != split.id}
    # the library reads a task's data off its parent, which must come first
    part.tasks = {key: task for id, one in order.items() for key, task in ([(split.id, split)] if one is token else []) + [(id, one)]}
    return split


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
            _forget_below(workflow, part, child)
    for child in stays:
        child.parent = above
    above._children[place : place + 1] = [child.id for child in stays]
    forget(workflow, part, task)


def _attached(name: str, spec: Any) -> set[str]:
    split = spec.task_specs.get(f"{_element(name)}.BoundaryEventSplit")
    return set() if split is None else {output.name for output in split.outputs}


def _element(name: str) -> str:
    """The element that a specification of the library belongs to."""
    return name.removesuffix(" [child]").removesuffix(".BoundaryEventSplit").removesuffix(".BoundaryEventJoin")


def _events(token: Task) -> list[Task]:
    """The boundary events around a task."""
    if not isinstance(token.parent.task_spec, BoundaryEventSplit):
        return []
    return [task for task in token.parent.children if isinstance(task.task_spec, BoundaryEvent)]


def _runs_below(task: Task) -> bool:
    return any(t is not task and t.has_state(_LIVE) and not isinstance(t.task_spec, _EndJoin) for t in _below(task))


def _forget_below(workflow: Any, part: Any, task: Task) -> None:
    for gone in list(_below(task)):
        forget(workflow, part, gone)


def _entry(token: Task) -> Task:
    parent: Task = token.parent
    return parent if isinstance(parent.task_spec, BoundaryEventSplit) else token


def _below(task: Task) -> Iterator[Task]:
    todo = [task]
    while todo:
        here = todo.pop()
        yield here
        todo += here.children
