"""Signs some of the demonstration's certificates, so that each step of 证书发放 has some; whoever runs the demonstration sees them made."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sqlalchemy import select

from domain.ground.parties import Actor, Person, PersonRole, actor_of
from domain.issuing.issuances import Issuance
from jobs.demo.arranging import ORGANIZATION
from jobs.demo.work import Stage
from processes import tables
from processes.history import instance_of
from processes.states import TaskRowState
from processes.steps import completing

SIGN, REFUSE = "签发", "拒绝签发"
DOUBT = {"org": "该考生的成绩正在复核，复核结束后再签发。", "site": "考场记录中该考生的签到时间有误，待核实。"}
PLOTS = (  # side and outcome of each step, over and over again
    (("org", SIGN), ("site", SIGN)),
    (("org", SIGN),),
    (),
    (("org", SIGN), ("site", SIGN)),
    (("org", REFUSE),),
    (("org", SIGN), ("site", REFUSE)),
    (("org", REFUSE), ("org", SIGN), ("site", SIGN)),
)
MOST = 28


def play_issuing(stage: Stage) -> dict[str, int]:
    """What the two sides have answered; returns how many were signed by both."""
    done: Counter[str] = Counter()
    for index, one in enumerate(stage.session.scalars(Issuance.joined().order_by(Issuance.id).limit(MOST)).all()):
        site = _of_school(stage, one.site_party_id)
        for side, outcome in PLOTS[index % len(PLOTS)]:
            actor = stage.actor(ORGANIZATION) if side == "org" else site
            if actor is None:
                break
            done[f"{side} {outcome}"] += _answer(stage, one, actor, outcome, DOUBT[side] if outcome == REFUSE else None)
    return {"已签发的证书": done[f"site {SIGN}"]}


def _answer(stage: Stage, one: Issuance, actor: Actor, outcome: str, comment: str | None) -> bool:
    """Completes the open task of an issuance, where it is the actor's."""
    instance = instance_of(stage.session, "issuance", one.id)
    table = tables.task
    if instance is None:
        return False
    mine = select(table.c.id).where(table.c.instance_id == instance.id, table.c.state == TaskRowState.OPEN)
    task = stage.session.scalars(mine.where(table.c.party_id == actor.party_id)).first()
    if task is not None:
        completing.complete(stage.engine, stage.session, actor, task, outcome, None, comment)
    return task is not None


def _of_school(stage: Stage, party_id: int | None) -> Actor | None:
    """Somebody who acts for a school."""
    query = select(Person.id).join(PersonRole, PersonRole.person_id == Person.id)
    person = stage.session.scalars(query.where(Person.party_id == party_id, PersonRole.role == "试点院校").order_by(Person.id)).first()
    found = actor_of(stage.session, person) if person is not None else None
    return replace(found, proved_at=stage.engine.clock()) if found is not None else None
