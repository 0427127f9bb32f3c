"""`multi`: a parallel multi-instance review of 1,000, over one of 100: time an item, from the review's beginning to its result."""

from __future__ import annotations

from statistics import median

from sqlalchemy import select

from domain.ground.base import utc_now
from domain.ground.parties import Actor
from domain.weekly.reports import WeeklyReport, new_report
from jobs.runtime import Runtime
from processes import tables
from processes.deployment import deploying
from processes.states import TaskRowState
from processes.steps import completing, starting
from webapp.benches.measuring import actor, product, timed

MANY, FEW = 1_000, 100
ROUNDS = 3
WARM_UP = 1
REVIEW = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d">
<process id="bench_multi" name="会签" isExecutable="true">
  <extensionElements><s:properties><s:property name="subject" value="weekly_report"/></s:properties></extensionElements>
  <laneSet id="lanes"><lane id="lane" name="省级">
    <flowNodeRef>start</flowNodeRef><flowNodeRef>review</flowNodeRef><flowNodeRef>end</flowNodeRef>
  </lane></laneSet>
  <startEvent id="start" name="开始"/>
  <userTask id="review" name="评审">
    <extensionElements><s:properties>
      <s:property name="status" value="评审中"/><s:property name="outcomes" value="同意,不同意"/>
    </s:properties></extensionElements>
    <multiInstanceLoopCharacteristics><loopCardinality>{number}</loopCardinality></multiInstanceLoopCharacteristics>
  </userTask>
  <endEvent id="end" name="结束">
    <extensionElements><s:properties><s:property name="status" value="已评审"/></s:properties></extensionElements>
  </endEvent>
  <sequenceFlow id="f1" sourceRef="start" targetRef="review"/><sequenceFlow id="f2" sourceRef="review" targetRef="end"/>
</process></definitions>"""


def measure() -> tuple[float, float]:
    """Medians in seconds an item: of a review of many, of one of few."""
    with product() as many, product() as few:
        sides = [_Side(many, MANY), _Side(few, FEW)]
        times: list[list[float]] = [[], []]
        for number in range(ROUNDS + WARM_UP):
            for side in (0, 1) if number % 2 else (1, 0):  # in turns: neither always runs warm
                took = sides[side].review()
                if number >= WARM_UP:
                    times[side].append(took)
    return median(times[0]), median(times[1])


class _Side:
    """A product in which reviews of a number of items are held, each answer a step and a transaction of its own."""

    def __init__(self, runtime: Runtime, number: int) -> None:
        self.runtime, self.number = runtime, number
        self.reviewer: Actor = actor(runtime, "province1")
        self.school: Actor = actor(runtime, "school1")
        with runtime.database.writing() as session:
            deploying.deploy(session, runtime.engine, REVIEW.format(number=number).encode(), {}, "测量")
            self.report = new_report(session, self.school, utc_now()).id

    def review(self) -> float:
        """One review from its beginning to its result, in seconds an item."""
        return timed(self._review) / self.number

    def _review(self) -> None:
        runtime, table = self.runtime, tables.task
        with runtime.database.writing() as session:
            report = session.get_one(WeeklyReport, self.report)
            instance_id, _ = starting.start(runtime.engine, session, self.reviewer, "bench_multi", report)
        with runtime.database.reading() as session:
            ids = session.scalars(select(table.c.id).where(table.c.instance_id == instance_id, table.c.state == TaskRowState.OPEN)).all()
        for task_id in ids:
            with runtime.database.writing() as session:
                completing.complete(runtime.engine, session, self.reviewer, task_id, "同意")
        with runtime.database.reading() as session:
            ended = session.scalar(select(tables.instance.c.ended_at).where(tables.instance.c.id == instance_id))
        if len(ids) != self.number or ended is None:
            raise ValueError(instance_id)
