"""Plays the certification of the demonstration's invigilators: what schools asked for, and what the first organization answered."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from domain.certificates.certificates import Certificate
from domain.demo.invigilators import answers
from domain.exams.invigilators import InvigilatorCertificate, certificate_choices, new_invigilator
from jobs.demo.work import Stage
from jobs.invigilators import KEY, set_certificates
from processes import tables
from processes.states import TaskRowState
from processes.steps import completing

SCHOOLS = (("school1", 14), ("school2", 4))
CERTIFIER = "organization1"
ANSWERS = ("认证", "认证退回", None, "认证", None)  # None: still waits
RETURNED = "证件号与考评员证书上的不一致，请核对后重新提交。"


def play_invigilators(stage: Stage) -> dict[str, int]:
    """Invigilators in every state; returns how many."""
    now = stage.engine.clock()
    for account, count in SCHOOLS:
        for number in range(count):
            _add(stage.at(now - timedelta(days=20 - number)), account, number)
    certifier, columns = stage.actor(CERTIFIER), tables.task.c
    own = select(InvigilatorCertificate.id).join(Certificate).where(Certificate.party_id == certifier.party_id)
    waiting = select(columns.id).join(tables.instance, tables.instance.c.id == columns.instance_id)
    waiting = waiting.where(tables.instance.c.key == KEY, tables.instance.c.subject_id.in_(own), columns.state == TaskRowState.OPEN)
    for number, task_id in enumerate(stage.session.scalars(waiting.order_by(columns.instance_id)).all()):
        if (outcome := ANSWERS[number % len(ANSWERS)]) is not None:
            moment = stage.at(now - timedelta(days=2, hours=number % 7))
            completing.complete(moment.engine, stage.session, certifier, task_id, outcome, {}, RETURNED if outcome == "认证退回" else None)
    return {"监考人员": sum(count for _, count in SCHOOLS)}


def _add(stage: Stage, account: str, number: int) -> None:
    school, now = stage.actor(account), stage.engine.clock()
    filled = answers(school.party_id, number, certificate_choices(stage.session, school, None)[:5], stage.random)
    one = new_invigilator(stage.session, school, now, filled)
    set_certificates(stage.engine, stage.session, school, one, filled.get("certificates", ()), now)
