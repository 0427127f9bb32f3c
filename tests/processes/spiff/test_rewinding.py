"""Going back through multi-instances, on the library's workflow itself, with a save and a load between any two acts."""

from __future__ import annotations

from datetime import UTC, datetime

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from processes.diagrams.xmlsafe import parse_xml
from processes.spiff import scripts, tokens
from processes.spiff.parser import Parser
from processes.spiff.rewinding import rewind, undone
from processes.spiff.state import load_state, save_state
from tests.processes.tiny import diagram, flows, node, user

MULTI = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"


class Run:
    def __init__(self, body: str) -> None:
        parser = Parser()
        xml = diagram(node("startEvent", "start") + body + node("endEvent", "end"), {"试点院校": "start"})
        parser.add_bpmn_xml(parse_xml(xml))
        self.specs = parser.get_spec("tiny"), parser.get_subprocess_specs("tiny")
        self.workflow = BpmnWorkflow(self.specs[0], dict(self.specs[1]))
        self.go_on()

    def go_on(self) -> None:
        for _ in range(2):
            self.workflow = load_state(save_state(self.workflow), *self.specs)
            self.workflow.script_engine = scripts.ScriptEngine(datetime(2026, 1, 1, tzinfo=UTC), dict, lambda *_: True)
            self.workflow.do_engine_steps()

    def ready(self) -> list[str]:
        return sorted(t.task_spec.bpmn_id for t in tokens.waiting(self.workflow) if t.has_state(TaskState.READY))

    def act(self, *elements: str) -> None:
        for element in elements:
            next(t for t in tokens.waiting(self.workflow) if t.task_spec.bpmn_id == element and t.has_state(TaskState.READY)).run()
            self.go_on()

    def back(self, name: str) -> set[str]:
        """Goes back to the completed task of this spec; returns the elements undone."""
        parts = [self.workflow, *self.workflow.subprocesses.values()]
        done = [t for part in parts for t in part.tasks.values() if t.task_spec.name == name and t.has_state(TaskState.COMPLETED)]
        gone = {t.task_spec.bpmn_id for t in undone(done[-1])} - {None}
        rewind(done[-1])
        self.go_on()
        return gone


def test_within_one_of_many_subprocesses_and_out_of_all() -> None:
    inner = node("startEvent", "s") + user("b1") + user("b2") + node("endEvent", "e") + flows("s b1", "b1 b2", "b2 e")
    run = Run(user("a") + node("subProcess", "sub", inner + MULTI) + user("c") + flows("start a", "a sub", "sub c", "c end"))
    run.act("a", "b1")
    assert run.back("b1") == {"b1", "b2"}
    assert run.ready() == ["b1", "b1", "b1"]
    run.act("b1", "b2")
    assert "sub" in run.back("a")
    assert (run.ready(), run.workflow.subprocesses) == (["a"], {})
    run.act("a", "b1", "b1", "b1", "b2", "b2", "b2", "c")
    assert run.workflow.is_completed()
