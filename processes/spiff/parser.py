"""SpiffWorkflow's parser with our timers, events, service tasks and multi-instance where the library's own will not do.

What an element says of its work is read by `processes.diagrams`, as the checks read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from types import MappingProxyType

from SpiffWorkflow.bpmn.parser.event_parsers import (
    CONDITIONAL_EVENT_XPATH,
    ERROR_EVENT_XPATH,
    ESCALATION_EVENT_XPATH,
    MESSAGE_EVENT_XPATH,
    SIGNAL_EVENT_XPATH,
    TERMINATION_EVENT_XPATH,
    TIMER_EVENT_XPATH,
    EventBasedGatewayParser,
    EventDefinitionParser,
)
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser, GatewayParser, SubprocessParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, EndEvent, ExclusiveGateway, IntermediateCatchEvent, IntermediateThrowEvent
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask as SubWorkflowTaskMixin
from SpiffWorkflow.operators import Operator
from SpiffWorkflow.spiff.parser.event_parsers import (
    SpiffBoundaryEventParser,
    SpiffEventDefinitionParser,
    SpiffIntermediateCatchEventParser,
    SpiffIntermediateThrowEventParser,
    SpiffReceiveTaskParser,
    SpiffSendTaskParser,
)
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import (
    BusinessRuleTaskParser,
    CallActivityParser,
    ScriptTaskParser,
    ServiceTaskParser,
    SpiffTaskParser,
    SubWorkflowParser,
    UserTaskParser,
)
from SpiffWorkflow.spiff.specs.defaults import (
    BusinessRuleTask,
    CallActivity,
    ManualTask,
    ReceiveTask,
    ScriptTask,
    SendTask,
    ServiceTask,
    SubWorkflowTask,
    UserTask,
)
from SpiffWorkflow.task import Task

from processes.diagrams.activities import TimerKind, call_of, condition_of, decision_of, event_condition_of, script_of, timer_of
from processes.diagrams.decisions import Table
from processes.diagrams.elements import read_element
from processes.diagrams.loops import Loop, read_loop
from processes.diagrams.nodes import BPMN, SPIFF, Node, local
from processes.errors import EngineFault
from processes.spiff.events import Condition, Error, Escalation, EventGateway, EventSubprocess, Message, Signal, TriggeredStart
from processes.spiff.instances import VoteTask, for_many
from processes.spiff.joins import BoundaryJoin, EndJoin, InclusiveJoin, ParallelJoin
from processes.spiff.timers import TimeCycle, TimeDate, TimeDuration
from processes.spiff.tree import Specs

_TIMERS: dict[TimerKind, type[TimerEventDefinition]] = {"timeDate": TimeDate, "timeDuration": TimeDuration, "timeCycle": TimeCycle}


class _Extensions:
    """Reads the extensions that the library itself looks at as texts by name: its own reading fails on an attribute that is missing."""

    node: Node

    def parse_extensions(self, node: Node | None = None) -> dict[str, str]:
        found = (self.node if node is None else node).iterfind(f"{BPMN}extensionElements/*")
        return {local(child): child.text or "" for child in found if child.tag.startswith(SPIFF)}


class _Events(_Extensions, SpiffEventDefinitionParser):  # type: ignore[misc]  # the library ships no types
    def parse_timer_event(self, event: Node) -> TimerEventDefinition:
        timer = timer_of(self.node)
        if timer is None:
            raise EngineFault(f"定时器“{self.node.get('name') or self.bpmn_id}”没有时间，应有 timeDate、timeDuration 或 timeCycle")
        return _TIMERS[timer.kind](self.bpmn_id, timer.text)  # by its id: two timers of one name would be one to the library

    def parse_conditional_event(self, event: Node) -> Condition:
        return Condition(event_condition_of(self.node) or "", name=self.bpmn_id)

    def parse_signal_event(self, event: Node) -> Signal:
        found = super().parse_signal_event(event)
        return Signal(found.name, expression=found.expression, variable=found.variable)

    def parse_message_event(self, event: Node) -> Message:
        found = super().parse_message_event(event)
        return Message(found.name, found.correlation_properties, found.expression, None, found.process_correlations)

    def parse_error_event(self, event: Node) -> Error:
        found = super().parse_error_event(event)
        return Error(found.name, code=found.code)

    def parse_escalation_event(self, event: Node) -> Escalation:
        found = super().parse_escalation_event(event)
        return Escalation(found.name, code=found.code)


class _StartParser(_Events, EventDefinitionParser):  # type: ignore[misc]
    """Reads errors and escalations too, which the library's own passes over: such an event subprocess would start at once."""

    def create_task(self) -> BpmnTaskSpec:
        paths = [MESSAGE_EVENT_XPATH, SIGNAL_EVENT_XPATH, TIMER_EVENT_XPATH, CONDITIONAL_EVENT_XPATH]
        task = self._create_task(self.get_event_definition([*paths, ERROR_EVENT_XPATH, ESCALATION_EVENT_XPATH]))
        self.spec.start.connect(task)
        return task

    def handles_multiple_outgoing(self) -> bool:
        return True


class _EndParser(_Events, EventDefinitionParser):  # type: ignore[misc]
    """Reads signals too, which the library's own passes over: such an end would throw nothing."""

    def create_task(self) -> BpmnTaskSpec:
        paths = [MESSAGE_EVENT_XPATH, SIGNAL_EVENT_XPATH, ERROR_EVENT_XPATH, ESCALATION_EVENT_XPATH, TERMINATION_EVENT_XPATH]
        task = self._create_task(self.get_event_definition(paths))
        task.connect(self.spec.end)
        return task


class _BoundaryParser(_Events, SpiffBoundaryEventParser):  # type: ignore[misc]
    pass


class _CatchParser(_Events, SpiffIntermediateCatchEventParser):  # type: ignore[misc]
    pass


class _ThrowParser(_Events, SpiffIntermediateThrowEventParser):  # type: ignore[misc]
    pass


class _SendParser(_Events, SpiffSendTaskParser):  # type: ignore[misc]
    pass


class _ReceiveParser(_Events, SpiffReceiveTaskParser):  # type: ignore[misc]
    pass


class _Activity(_Extensions):
    """Finishes an activity that is a multi-instance."""

    task: BpmnTaskSpec
    spec: BpmnProcessSpec

    def _take_apart(self) -> tuple[BpmnTaskSpec, Loop]:
        """The specification of one instance, out of those of the process, and what the diagram says of them all."""
        loop = read_loop(self.node)
        if loop is None:
            raise EngineFault(f"“{self.node.get('name') or self.node.get('id', '')}”不是多实例活动")
        return self.spec.task_specs.pop(self.task.name), loop


class _ForMany(_Activity):
    """An activity whose instances are tasks of the library's tree."""

    def _add_multiinstance_task(self, loop_node: Node) -> None:
        single, loop = self._take_apart()
        self.task = for_many(self.spec, single.name, loop)
        self.task.bpmn_name = single.bpmn_name
        self._copy_task_attrs(single, loop_node)  # type: ignore[attr-defined]  # of the library's parsers


class _ForVoters(_Activity):
    """A task that people do, a 会签."""

    def _add_multiinstance_task(self, loop_node: Node) -> None:
        single, loop = self._take_apart()
        self.task = VoteTask(self.spec, single.name, **self.bpmn_attributes)  # type: ignore[attr-defined]  # of the library's parsers
        self.task.extensions, self.task.loop = single.extensions, loop


class _Choice(Operator):  # type: ignore[misc]
    """The condition of a way out of a gateway: true or false, never merely something that is not empty."""

    def _matches(self, task: Task) -> bool:
        return bool(task.workflow.script_engine.holds(task, self.args[0]))


class _ChoiceParser(ConditionalGatewayParser):  # type: ignore[misc]
    def parse_condition(self, flow: Node) -> str | None:
        return condition_of(flow) or None

    def connect_outgoing(self, target: BpmnTaskSpec, flow: Node, is_default: bool) -> None:
        condition = self.parse_condition(flow)
        if is_default or condition is None:
            super().connect_outgoing(target, flow, is_default)
        else:
            self.task.connect_if(_Choice(condition), target)


class _ScriptParser(_Extensions, ScriptTaskParser):  # type: ignore[misc]
    def create_task(self) -> BpmnTaskSpec:
        return ScriptTask(self.spec, self.bpmn_id, script_of(self.node), **self.bpmn_attributes)


class _UserParser(_ForVoters, UserTaskParser):  # type: ignore[misc]
    pass


class _ManualParser(_ForVoters, SpiffTaskParser):  # type: ignore[misc]
    pass


class _ServiceParser(_ForMany, ServiceTaskParser):  # type: ignore[misc]
    def create_task(self) -> BpmnTaskSpec:
        call = call_of(self.node)
        if call is None:
            raise EngineFault(f"服务任务“{self.node.get('name') or self.bpmn_id}”没有写明要调用的服务")
        return HandledServiceTask(self.spec, self.bpmn_id, call.handler, dict(call.parameters), None, **self.bpmn_attributes)


class _CallParser(_ForMany, CallActivityParser):  # type: ignore[misc]
    pass


class _SubprocessParser(_ForMany, SubWorkflowParser):  # type: ignore[misc]
    """The library looks for `triggeredByEvent` in a namespace that no diagram puts it in."""

    def create_task(self) -> BpmnTaskSpec:
        if not read_element(self.node, "subProcess", {}).triggered:
            return super().create_task()
        spec = SubprocessParser.get_subprocess_spec(self)
        task = EventSubprocess(self.spec, self.bpmn_id, subworkflow_spec=spec, **self.bpmn_attributes)
        starts = self.xpath("./bpmn:startEvent")
        task.interrupting = read_element(starts[0], "startEvent", {}).interrupting
        return task


class HandledServiceTask(ServiceTask):  # type: ignore[misc]
    """A service task that calls one of our handlers; an external one stays STARTED until its job answers."""

    operation_params: Mapping[str, str]
    """Name of a parameter → expression."""

    def _execute(self, task: Task) -> bool | None:
        # copies: what a handler does to a list must not reach the data of the steps before, which share it
        params = {name: deepcopy(task.workflow.script_engine.evaluate(task, text)) for name, text in self.operation_params.items()}
        result: bool | None = task.workflow.script_engine.serve(task, self.operation_name, params)
        return result


class RuleTask(BusinessRuleTask):  # type: ignore[misc]
    """A business rule task: its decision table is one of ours. What the table gives replaces what is there, and is never merged into it."""

    def _run_hook(self, task: Task) -> bool:
        task.data.update(self.dmnEngine.result(partial(task.workflow.script_engine.evaluate, task)))
        return True


class _RuleParser(_Extensions, BusinessRuleTaskParser):  # type: ignore[misc]
    def create_task(self) -> BpmnTaskSpec:
        name = decision_of(self.node)
        table = self.process_parser.parser.tables.get(name)
        if table is None:
            raise EngineFault(f"业务规则任务“{self.node.get('name') or self.bpmn_id}”的决策表“{name}”不存在")
        return RuleTask(self.spec, self.bpmn_id, dmnEngine=table, **self.bpmn_attributes)


class Parser(SpiffBpmnParser):  # type: ignore[misc]
    """Parses one diagram; `specs_of` gives what runs."""

    tables: Mapping[str, Table] = MappingProxyType({})
    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012  # the library's own convention
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("startEvent"): (_StartParser, TriggeredStart),
        full_tag("endEvent"): (_EndParser, EndEvent),
        full_tag("boundaryEvent"): (_BoundaryParser, BoundaryEvent),
        full_tag("intermediateCatchEvent"): (_CatchParser, IntermediateCatchEvent),
        full_tag("intermediateThrowEvent"): (_ThrowParser, IntermediateThrowEvent),
        full_tag("sendTask"): (_SendParser, SendTask),
        full_tag("receiveTask"): (_ReceiveParser, ReceiveTask),
        full_tag("eventBasedGateway"): (EventBasedGatewayParser, EventGateway),
        full_tag("parallelGateway"): (GatewayParser, ParallelJoin),
        full_tag("inclusiveGateway"): (_ChoiceParser, InclusiveJoin),
        full_tag("exclusiveGateway"): (_ChoiceParser, ExclusiveGateway),
        full_tag("scriptTask"): (_ScriptParser, ScriptTask),
        full_tag("subProcess"): (_SubprocessParser, SubWorkflowTask),
        full_tag("businessRuleTask"): (_RuleParser, RuleTask),
        full_tag("serviceTask"): (_ServiceParser, HandledServiceTask),
        full_tag("callActivity"): (_CallParser, CallActivity),
        full_tag("userTask"): (_UserParser, UserTask),
        full_tag("manualTask"): (_ManualParser, ManualTask),
    }


def specs_of(root: Node, key: str, tables: Mapping[str, Table] | None = None) -> Specs:
    """The specification of a process and those of its subprocesses, by id. Called processes are not among them.

    `tables` are the decision tables that its business rule tasks name.
    """
    parser = Parser()
    parser.tables = tables or {}
    parser.add_bpmn_xml(root)
    spec = parser.get_spec(key)
    inner = _subprocesses(parser, spec)
    for part in [spec, *inner.values()]:
        part.end.__class__ = EndJoin  # the library makes it itself, and those of boundary events
        for task_spec in part.task_specs.values():
            if isinstance(task_spec, BoundaryEventJoin):
                task_spec.__class__ = BoundaryJoin
        _connect_instances(part)
    return spec, inner


def _subprocesses(parser: Parser, spec: BpmnProcessSpec) -> dict[str, BpmnProcessSpec]:
    """The specifications of the subprocesses in a process. The library's own walk asks for what a call activity two levels down calls."""
    found: dict[str, BpmnProcessSpec] = {}
    todo = [spec]
    while todo:
        names = {t.spec for t in todo.pop().task_specs.values() if isinstance(t, SubWorkflowTaskMixin)}
        new = {name: inner for name in names - found.keys() if (inner := parser.get_spec(name, required=False)) is not None}
        found.update(new)
        todo += new.values()
    return found


def _connect_instances(spec: BpmnProcessSpec) -> None:
    # The library does it when it makes the first child, or when it restores a specification, which we never let it do:
    # after a restart a child that completes would not be counted.
    for task_spec in spec.task_specs.values():
        if isinstance(task_spec, LoopTask):
            child = spec.task_specs[task_spec.task_spec]
            if not child.completed_event.is_connected(task_spec.merge_child):
                child.completed_event.connect(task_spec.merge_child)
