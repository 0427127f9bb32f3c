"""A workflow as it is stored between two steps: its state without its definition, which is put back when it is loaded."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import orjson
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG

from processes.errors import EngineFault
from processes.spiff import timers
from processes.spiff.events import keep_closed
from processes.spiff.tree import Part, parts, tasks

MAX_DEPTH = 800  # SpiffWorkflow's tree iterators stop silently at 1,000


class _StateConverter(BpmnWorkflowConverter):  # type: ignore[misc]
    """Leaves the definition out of the written state; `load_state` puts the cached one back."""

    def to_dict(self, workflow: BpmnWorkflow) -> dict[str, Any]:
        spec, specs = workflow.spec, workflow.subprocess_specs
        workflow.spec, workflow.subprocess_specs = None, {}
        try:
            state: dict[str, Any] = super().to_dict(workflow)
        finally:
            workflow.spec, workflow.subprocess_specs = spec, specs
        del state["spec"], state["subprocess_specs"]
        return state


_CONFIG = dict(SPIFF_CONFIG)
_CONFIG[BpmnWorkflow] = _StateConverter
_SERIALIZER = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(_CONFIG))


def save_state(workflow: BpmnWorkflow) -> bytes:
    """The workflow without its definition, compressed.

    Raises:
        EngineFault: the task tree has grown too deep for the library to walk.
    """
    if depth(workflow) > MAX_DEPTH:
        raise EngineFault("该流程往返次数过多，无法继续，请联系系统管理员")
    # serialize_json, not to_dict: the library's encoder is what turns deltas and datetimes into JSON
    return zlib.compress(_SERIALIZER.serialize_json(workflow).encode(), 1)


def load_state(state: bytes, spec: BpmnProcessSpec, subprocess_specs: Mapping[str, BpmnProcessSpec]) -> BpmnWorkflow:
    """Restores a workflow over the cached definition."""
    written = zlib.decompress(state)
    data = orjson.loads(written)
    _SERIALIZER.migrate(data)
    data["spec"], data["subprocess_specs"] = spec, dict(subprocess_specs)
    workflow: BpmnWorkflow = _SERIALIZER.from_dict(data)
    if timers.is_older(written):
        timers.take_over(tasks(workflow))
    keep_closed(workflow)
    return workflow


def depth(workflow: BpmnWorkflow) -> int:
    """How many tasks lie below each other at most, in one part of the workflow."""
    return max(_depth_of(part) for part in parts(workflow))


def _depth_of(part: Part) -> int:
    deepest, level = 0, [part.task_tree]
    while level:
        deepest += 1
        level = [child for task in level for child in task.children]
    return deepest
