"""SpiffWorkflow's traps (architecture §4), one test each: without our remedy, what is asserted here does not hold.

The event manager that a migration leaves stale: `test_migrating.py`, where boundary events are added and removed.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from domain.ground.handling import External, Inline
from processes import tables
from processes.checks import problems
from processes.definitions.definition import read
from processes.definitions.store import load
from processes.errors import EngineFault
from processes.monitor import moving
from processes.outside import answers
from processes.spiff import scripts, tokens
from processes.spiff.state import depth, load_state, save_state
from processes.steps import acting
from processes.tasks import returning, withdrawing
from tests.conftest import World
from tests.processes.tiny import Play, boundary, declared, diagram, flows, message, node, service, user

LANES = {"试点院校": "start stop", "省级": "a b c", "系统": "one two"}
START, END = node("startEvent", "start"), node("endEvent", "end", status="完成")
LINE = flows("start a", "a end")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def running(body: str) -> tuple[Any, tuple[Any, dict[str, Any]]]:
    """A workflow outside of any step, with its specifications."""
    specs = read(diagram(body, LANES), {}).specs
    workflow = BpmnWorkflow(specs[0], dict(specs[1]), script_engine=scripts.ScriptEngine(NOW, dict, lambda *_: True))
    workflow.do_engine_steps()
    return workflow, specs


def with_parameter(id: str, handler: str, value: str) -> str:
    given = f'<spiffworkflow:parameters><spiffworkflow:parameter id="of" type="any" value="{value}"/></spiffworkflow:parameters>'
    plain = f'<spiffworkflow:serviceTaskOperator id="{handler}" />'
    return service(id, handler).replace(plain, f"{plain[:-3]}>{given}</spiffworkflow:serviceTaskOperator>")


def test_the_state_holds_no_definition() -> None:
    workflow, specs = running(START + user("a") + END + LINE)
    state = save_state(workflow)
    kept = orjson.loads(zlib.decompress(state))
    assert not {"spec", "subprocess_specs"} & kept.keys()
    assert len(state) < 2_000
    again = load_state(state, *specs)
    assert again.spec is specs[0]
    assert [task.task_spec.bpmn_id for task in tokens.waiting(again)] == ["a"]


def test_a_triggered_event_subprocess_leaves_other_instances_alone(lite: World) -> None:
    inner = node("startEvent", "stop", message("stop")) + user("b") + node("endEvent", "over", status="已停") + flows("stop b", "b over")
    body = START + user("a") + END + LINE + node("subProcess", "ev", inner, 'triggeredByEvent="true"')
    play = Play(lite, diagram(body, LANES, declared("stop")))
    play.call(acting.send, play.instance, "stop", account="school1")
    assert play.open() == ["b"]
    with lite.runtime.database.reading() as session:
        fresh = load(session, play.definition.id)
    workflow = BpmnWorkflow(fresh.specs[0], dict(fresh.specs[1]), script_engine=scripts.ScriptEngine(NOW, dict, lambda *_: True))
    workflow.do_engine_steps()
    assert [task.task_spec.bpmn_id for task in tokens.waiting(workflow) if task.task_spec.bpmn_id != "ev"] == ["a"]


def test_moments_and_lengths_survive_and_the_engine_is_set_again(lite: World) -> None:
    given = Inline(lambda *_: {"moment": NOW, "length": timedelta(days=2)}, gives=("moment", "length"))
    body = START + service("one", "test.give") + user("a") + user("b", due="moment + length") + END
    play = Play(lite, diagram(body + flows("start one", "one a", "a b", "b end"), LANES), {"test.give": given})
    play.act("province1", "a")
    assert [task.due_at for task in play.tasks()] == [NOW + timedelta(days=2)]


def test_too_deep_a_tree_is_a_fault_and_no_silent_end() -> None:
    workflow, _ = running(START + user("a") + END + LINE)
    task = next(task for task in tokens.waiting(workflow) if task.task_spec.bpmn_id == "a")
    for _ in range(1_100):
        task = task._add_child(task.task_spec, TaskState.READY)
    assert workflow.is_completed() or depth(workflow) > 1_000  # the library no longer sees the end of the tree
    with pytest.raises(EngineFault, match="往返次数过多"):
        save_state(workflow)


def test_a_service_task_stays_started_until_its_answer(world: World) -> None:
    outside = External(lambda *_: {}, lambda *_: {})
    body = START + service("one", "test.out") + user("a") + END + flows("start one", "one a", "a end")
    play = Play(world, diagram(body, LANES), {"test.out": outside})
    (job,) = play.jobs
    assert play.open() == []
    with world.runtime.database.writing() as session:
        session.execute(tables.job.update().where(tables.job.c.id == job).values(state="running", attempt=1))
    play.call(answers.answer, job, 1, {"said": "好"})
    assert play.open() == ["a"]


def test_retries_that_the_library_would_not_run_are_refused() -> None:
    operator = '<spiffworkflow:serviceTaskOperator id="test.out"'
    inner = f'{operator}><spiffworkflow:retry retries="3"/></spiffworkflow:serviceTaskOperator>'
    retry = service("one", "test.out").replace(f"{operator} />", inner)
    xml = diagram(START + retry + END + flows("start one", "one end"), LANES)
    handlers = {"test.out": External(lambda *_: {}, lambda *_: {})}
    found = problems(xml, None, handlers, {"weekly_report": object}, {})
    assert any("服务任务“one”(one)：不支持服务里的重试设置（retry），请改用属性 retryMax" in line for line in found), found


def test_what_a_handler_raises_is_told_as_it_is(lite: World) -> None:
    def raises(*_: Any) -> None:
        raise ValueError("数目不对")

    body = START + user("a") + service("one", "test.raise") + END + flows("start a", "a one", "one end")
    play = Play(lite, diagram(body, LANES), {"test.raise": Inline(raises)})
    with pytest.raises(EngineFault, match="值不正确：数目不对"):
        play.act("province1", "a")


def test_a_handler_cannot_change_the_data_of_earlier_steps(lite: World) -> None:
    give = Inline(lambda *_: {"found": [{"names": ["甲"]}]}, gives=("found",))

    def change(session: Any, subject: Any, params: dict[str, Any], actor: Any) -> dict[str, Any]:
        params["of"][0]["names"].append("乙")
        return {"count": 1}

    body = (
        START + service("one", "test.give") + user("a") + with_parameter("two", "test.change", "found") + user("b", returnable="any") + END
    )
    xml = diagram(body + flows("start one", "one a", "a two", "two b", "b end"), LANES)
    play = Play(lite, xml, {"test.give": give, "test.change": Inline(change, gives=("count",))})
    play.act("province1", "a")
    (task,) = play.tasks()
    play.call(returning.send_back, task.id, "a", "重来", account="province1")
    workflow = load_state(play.row.state, *play.definition.specs)
    (live,) = [t for t in tokens.waiting(workflow) if t.task_spec.bpmn_id == "a"]
    assert live.data["found"] == [{"names": ["甲"]}]


def test_a_completion_condition_counts_all_who_answered(lite: World) -> None:
    """The library's would look at the last answer alone: the third by itself is one, not two."""
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>5</bpmn:loopCardinality>"
        "<bpmn:completionCondition>nrOfAgreedInstances == 2</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>"
    )
    play = Play(lite, diagram(START + user("a", loop, outcomes="同意,不同意") + user("b") + END + flows("start a", "a b", "b end"), LANES))
    for outcome in ("同意", "不同意"):
        play.act("province1", "a", outcome)
        assert "b" not in play.open()
    play.act("province1", "a", "同意")
    assert play.open() == ["b"]
    assert play.faults() == []


def test_a_parallel_join_keeps_what_each_branch_said_last(lite: World) -> None:
    """The library's lets the branch that arrives last bring along the answer that the other one gave a round ago."""
    split, join, way = node("parallelGateway", "split"), node("parallelGateway", "join"), node("exclusiveGateway", "way")
    again = node("exclusiveGateway", "again")
    body = START + again + split + user("a", outcomes="重来,同意") + user("b", outcomes="重来,同意") + join + way + END
    ways = flows(
        "start again", "again split", "split a", "split b", "a join", "b join", "join way", "way again: a_outcome == '重来'", "way end"
    )
    xml = diagram(body.replace('id="way"', 'id="way" default="way_end"') + ways, LANES)
    play = Play(lite, xml)
    for first in ("重来", "同意"):
        play.act("province1", "a", first)
        play.act("province1", "b", "同意")
    assert (play.open(), play.status) == ([], "完成")


def test_the_instances_of_a_service_are_all_counted(lite: World) -> None:
    """As above, where the instances are tasks of the library's own tree."""
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:loopCardinality>5</bpmn:loopCardinality>'
        "<bpmn:completionCondition>nrOfCompletedInstances == 2</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>"
    )
    ran: list[int] = []
    one = service("one", "test.run").replace("</bpmn:serviceTask>", f"{loop}</bpmn:serviceTask>")
    body = START + one + user("a") + END + flows("start one", "one a", "a end")
    play = Play(lite, diagram(body, LANES), {"test.run": Inline(lambda *_: ran.append(1))})
    assert (play.open(), len(ran)) == (["a"], 2)


def guarded(task: str, interrupting: bool = True) -> bytes:
    """a, b; a condition on `task` that comes true with time alone, so that nothing looks at it between two steps."""
    condition = "<bpmn:conditionalEventDefinition><bpmn:condition>now &gt;= period_end</bpmn:condition></bpmn:conditionalEventDefinition>"
    late = boundary("late", task, condition, interrupting) + node("endEvent", "over", status="已过")
    body = START + user("a", withdrawable="true") + late + user("b", returnable="any") + END
    return diagram(body + flows("start a", "a b", "b end", "late over"), LANES)


@pytest.mark.parametrize("interrupting", [True, False])
def test_after_sending_back_the_events_of_the_step_left_are_forgotten(lite: World, interrupting: bool) -> None:
    """The library's reset takes tasks out of the tree but not out of the event manager, which would wake an event without a parent."""
    play = Play(lite, guarded("b", interrupting))
    play.act("province1", "a")
    (task,) = play.tasks()
    lite.clock.now += timedelta(days=30)
    play.call(returning.send_back, task.id, "a", "重来", account="province1")
    assert (play.open(), play.status) == (["a"], "a")
    assert play.faults() == []


def test_after_taking_back_the_events_that_wait_again_are_heard(lite: World) -> None:
    """Our own surgery lets them wait again behind the event manager's back, which would not ask them in the same step."""
    play = Play(lite, guarded("a"))
    play.act("province1", "a")
    (done,) = play.tasks("done")
    lite.clock.now += timedelta(days=30)
    play.call(withdrawing.withdraw, done.id, account="province1")
    assert (play.open(), play.status) == ([], "已过")
    assert play.faults() == []


@pytest.mark.parametrize("interrupting", [True, False])
def test_after_a_move_the_events_of_the_step_left_are_forgotten(lite: World, interrupting: bool) -> None:
    """Guarded twice: `pruning.forget` takes each task that leaves out of the event manager, and `move` saves and loads."""
    play = Play(lite, guarded("b", interrupting))
    play.act("province1", "a")
    (task,) = play.tasks()
    lite.clock.now += timedelta(days=30)
    play.call(moving.move, play.instance, task.id, "a", "走错了", account="supervisor")
    assert (play.open(), play.status) == (["a"], "a")
    assert play.faults() == []


@pytest.mark.parametrize("merged", [False, True])
def test_a_boundary_event_that_leads_back_to_its_own_task(lite: World, merged: bool) -> None:
    """The library's joins of two rounds would cancel each other: the second time-out would leave the task and add another."""
    back = message("back")
    body = START + user("a") + boundary("again", "a", back) + END + (node("exclusiveGateway", "merge") if merged else "")
    lines = flows("start merge", "merge a", "again merge", "a end") if merged else flows("start a", "again a", "a end")
    play = Play(lite, diagram(body + lines, {**LANES, "省级": "a again"}, declared("back")))
    for _ in range(3):
        play.call(acting.send, play.instance, "again", account="province1")
        assert play.open() == ["a"]
    play.act("province1", "a")
    assert (play.open(), play.row.waits, play.status) == ([], [], "完成")
    assert play.row.ended_at is not None
    assert play.faults() == []
