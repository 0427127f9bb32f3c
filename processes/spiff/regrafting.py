"""Puts a running workflow on another version of its diagram, or one of its tokens on another element: surgery on SpiffWorkflow's task tree.

The library's own migration aligns specifications by their neighbourhood and resets whatever is ready, so that claims, opinions
and running timers would be lost. Here a task stays the task it is where its element still means the same. A finished task whose
element the new version does not have leaves the tree; where a token stands on such an element, a person chooses where it goes on.
"""

from __future__ import annotations

from copy import deepcopy
from uuid import UUID

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from processes.spiff import timers, tree
from processes.spiff.events import EventSubprocess, is_closed, is_untriggered
from processes.spiff.tree import AHEAD, LIVE, Part, Specs, below, boundary_events, forget, is_live


def tokens(part: Part) -> list[Task]:
    """The tasks of one part of a workflow at which tokens stand, without the boundary events on them."""
    live = [task for task in part.tasks.values() if is_live(task) and task.task_spec.bpmn_id]
    return [task for task in live if not isinstance(task.task_spec, BoundaryEvent)]


def same_kind(name: str, old: BpmnProcessSpec, new: BpmnProcessSpec) -> bool:
    """Whether two versions of a part have an element of this name, of the same kind: a task that stands there can go on."""
    before, after = old.task_specs.get(name), new.task_specs.get(name)
    if before is None or after is None or type(before) is not type(after):
        return False
    return not isinstance(before, SubWorkflowTask) or before.spec == after.spec


def fits(name: str, old: BpmnProcessSpec, new: BpmnProcessSpec) -> bool:
    """Whether a finished task means the same in two versions of a part, so that the process can be sent back to it."""
    around = f"{_element(name)}.BoundaryEventSplit"
    return same_kind(name, old, new) and (around in old.task_specs) == (around in new.task_specs)


def begun_beside(token: Task, new: BpmnProcessSpec) -> list[Task]:
    """Boundary events of the token's task that the new version does not have while a branch that they began still runs: the tree would
    have no place for that branch."""
    attached = _attached(token.task_spec.name, new)
    return [event for event in boundary_events(token) if event.task_spec.name not in attached and _runs_below(event)]


def idle(workflow: BpmnWorkflow) -> set[UUID]:
    """Ids of the event subprocesses that wait for their trigger: where their element is gone they leave, and nothing is lost."""
    return {task.id for task in tree.tasks(workflow) if is_untriggered(task)}


def may_leave(token: Task) -> bool:
    """Whether a token can be put elsewhere: not out of a join or a multi-instance, nor with something running inside or beside it."""
    if isinstance(token.task_spec, SubWorkflowTask | LoopTask | Join) or isinstance(token.parent.task_spec, LoopTask):
        return False
    others = [t for t in below(_entry(token)) if t is not token and is_live(t)]
    return all(t.parent is token.parent and isinstance(t.task_spec, BoundaryEvent) for t in others)


def put(workflow: BpmnWorkflow, token: Task, name: str) -> Task:
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
    entered.task_spec._predict(entered, mask=AHEAD)
    entered.task_spec._update(entered)
    entered.data = data  # its parent's are older where finished rounds have left the tree
    return entered


def regraft(workflow: BpmnWorkflow, specs: Specs, moves: dict[str, str]) -> None:
    """Puts a workflow and all that runs inside it on other specifications. `moves`: task id → the name it goes on at.

    It is to be saved and loaded afterwards: the library's event manager is stale.
    """
    spec, inner = specs
    workflow.subprocess_specs = inner
    for part in list(tree.parts(workflow)):
        if any(part is one for one in tree.parts(workflow)):  # else the task around it has left
            _regraft_part(workflow, part, spec if part is workflow else inner[part.spec.name], moves)


def _regraft_part(workflow: BpmnWorkflow, part: Part, new: BpmnProcessSpec, moves: dict[str, str]) -> None:
    old, part.spec = part.spec, new
    for task in [t for t in part.tasks.values() if t.has_state(AHEAD) and not t.triggered]:
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
    for task in [t for t in part.tasks.values() if t.has_state(LIVE)]:
        task.task_spec._predict(task, mask=AHEAD | task.state)
    if part.last_task is not None and part.last_task.id not in part.tasks:
        part.last_task = part.task_tree


def _reattach(workflow: BpmnWorkflow, part: Part, token: Task) -> None:
    """Gives a task, which stays what it is with all that runs inside it, the boundary events that the new version puts on it."""
    name, specs = token.task_spec.name, part.spec.task_specs
    split, around = token.parent, specs.get(f"{name}.BoundaryEventSplit")
    if around is None:
        _take_off(workflow, part, token)
    elif isinstance(split.task_spec, BoundaryEventSplit):
        for gone in [event for event in boundary_events(token) if event.task_spec.name not in _attached(name, part.spec)]:
            split._children.remove(gone.id)
            _forget_below(workflow, part, gone)
    else:
        split = _put_around(part, token, around)
    there = {event.task_spec.name for event in boundary_events(token)}
    for spec in around.outputs if around is not None else ():
        if isinstance(spec, BoundaryEvent) and spec.name not in there:
            split._add_child(spec, TaskState.WAITING).data = deepcopy(token.data)
    for task in (token, *(child for child in token.children if child.task_spec.name == getattr(token.task_spec, "task_spec", None))):
        _renew(task, specs[task.task_spec.name])  # its instances too, where it is one of many


def _take_off(workflow: BpmnWorkflow, part: Part, token: Task) -> None:
    """Puts a task that has no boundary events any more in the place of what the library puts around a task with boundary events."""
    split = token.parent
    above = split.parent
    above._children[above._children.index(split.id)] = token.id
    split._children.remove(token.id)
    token.parent = above
    _forget_below(workflow, part, split)


def _put_around(part: Part, token: Task, spec: BpmnTaskSpec) -> Task:
    """Puts what the library puts around a task with boundary events in the task's place, and the task below it."""
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


def _begin_event_subprocesses(part: Part) -> None:
    """Event subprocesses that are new and start by a timer: the library begins them with their process."""
    if is_closed(part):
        return
    for start in [t for t in part.tasks.values() if t.task_spec is part.spec.start and t.has_state(TaskState.COMPLETED)]:
        there = {child.task_spec for child in start.children}
        for spec in [s for s in part.spec.start.outputs if isinstance(s, EventSubprocess) and s not in there]:
            begun = start._add_child(spec, TaskState.FUTURE)
            begun.task_spec._update(begun)


def _renew(task: Task, spec: BpmnTaskSpec) -> None:
    """Lets a task follow the new version from here on; a timer that is drawn otherwise begins anew."""
    before = getattr(task.task_spec, "event_definition", None)
    after = getattr(spec, "event_definition", None)
    task.task_spec = spec
    if not timers.alike(before, after):
        timers.restart(task)


def _take_out(workflow: BpmnWorkflow, part: Part, task: Task) -> None:
    """Takes out a finished task that the new version does not have: what grew out of it now grows out of the task before it."""
    above, stays = task.parent, [child for child in task.children if not child.has_state(TaskState.CANCELLED)]
    place = above._children.index(task.id)
    for child in task.children:
        if child not in stays:
            _forget_below(workflow, part, child)
    for child in stays:
        child.parent = above
    above._children[place : place + 1] = [child.id for child in stays]
    forget(workflow, part, task)


def _attached(name: str, spec: BpmnProcessSpec) -> set[str]:
    split = spec.task_specs.get(f"{_element(name)}.BoundaryEventSplit")
    return set() if split is None else {output.name for output in split.outputs}


def _element(name: str) -> str:
    """The element that a specification of the library belongs to."""
    return name.removesuffix(" [child]").removesuffix(".BoundaryEventSplit").removesuffix(".BoundaryEventJoin")


def _runs_below(task: Task) -> bool:
    return any(t is not task and is_live(t) for t in below(task))


def _forget_below(workflow: BpmnWorkflow, part: Part, task: Task) -> None:
    for gone in list(below(task)):
        forget(workflow, part, gone)


def _entry(token: Task) -> Task:
    parent: Task = token.parent
    return parent if isinstance(parent.task_spec, BoundaryEventSplit) else token
