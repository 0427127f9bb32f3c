"""Ends the demonstration's exam plans whose 公示 is over, so that 证书发放 begins, and hands in two 成绩异议 to the one in 公示."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from domain.exams.plans import ExamPlan, over, within
from domain.exams.registrations import Registration
from domain.exams.score_objections import as_candidate, new_objection
from domain.exams.scores import NORMAL, Score
from domain.issuing.issuances import Issuance
from jobs.demo.arranging import ORGANIZATION
from jobs.demo.work import Stage
from processes import tables
from processes.history import instance_of
from processes.outside import messages
from processes.states import TaskRowState
from processes.steps import acting, completing, starting

DOUBTS = (  # what candidates wrote, and what was answered; empty: it waits
    ("第三大题有一小题答对了但没有计分，请核查原始答题记录。", ""),
    ("操作题完成了全部步骤，对扣分有疑问，请复核。", "已由两名考评员复核，步骤四、步骤六未按要求保存结果，计分无误。"),
)


def play_results(stage: Stage) -> dict[str, int]:
    """What has happened with marks since they were entered; returns how many of each."""
    now = stage.engine.clock()
    ended = select(ExamPlan).where(ExamPlan.published, over("publicity", now)).order_by(ExamPlan.publicity_to)
    for plan in stage.session.scalars(ended).all():
        _end(stage, plan)
    public = select(ExamPlan).where(ExamPlan.published, within("publicity", now)).order_by(ExamPlan.id)
    handed_in = sum(_object(stage, plan) for plan in stage.session.scalars(public).all())
    return {"证书发放": stage.session.scalar(select(func.count()).select_from(Issuance)) or 0, "成绩异议": handed_in}


def _end(stage: Stage, plan: ExamPlan) -> None:
    """The plan's timers fire after its 公示, batch by batch, and what they send arrives."""
    instance, moment = instance_of(stage.session, "exam_plan", plan.id), plan.publicity_to
    while instance is not None and moment is not None and instance.ended_at is None and instance.due_at is not None:
        then = stage.at(moment)
        acting.tick(then.engine, stage.session, instance.id)
        for message_id in messages.due(stage.session, moment, limit=1_000):
            messages.deliver(then.engine, stage.session, message_id)
        instance, moment = instance_of(stage.session, "exam_plan", plan.id), moment + timedelta(minutes=1)


def _object(stage: Stage, plan: ExamPlan) -> int:
    """Objections to the lowest marks of a plan, handed in two hours after its 公示 began."""
    if plan.publicity_from is None:
        return 0
    then, organization = stage.at(plan.publicity_from + timedelta(hours=2)), stage.actor(ORGANIZATION)
    low = select(Score.entry_id, Registration).join(Registration, Registration.id == Score.registration_id)
    low = low.where(Score.plan_id == plan.id, Score.state == NORMAL).order_by(Score.mark, Score.entry_id).limit(len(DOUBTS))
    found = stage.session.execute(low).all()
    for (entry_id, registration), (reason, answer) in zip(found, DOUBTS, strict=False):
        objection = new_objection(stage.session, registration, entry_id, reason, then.engine.clock())
        instance, _ = starting.start(then.engine, stage.session, as_candidate(registration), "score_objection", objection)
        if answer:
            table = tables.task
            step = select(table.c.id).where(table.c.instance_id == instance, table.c.state == TaskRowState.OPEN)
            completing.complete(then.engine, stage.session, organization, stage.session.scalars(step).one(), "受理", None, None)
            acting.save(then.engine, stage.session, organization, instance, {"answer": answer})
            completing.complete(then.engine, stage.session, organization, stage.session.scalars(step).one(), "维持原成绩", None, None)
    return len(found)
