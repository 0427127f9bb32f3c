"""缴费申请单 as it is printed (manual 5.2.7)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from domain.exams.payment_slips import lines_of
from domain.ground.errors import DomainError
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor
from forms.lists.payment_slips import PAYMENT_SLIP, subject_of
from jobs.documents.bundles import SLIPS, Part
from jobs.documents.facts import Slip, SlipLine
from jobs.printing.gathering import Gathered, Order
from processes.history import events_of, instance_of
from processes.states import EventKind

CONFIRMED = "已确认"


class NoSlip(DomainError):
    """缴费申请单不存在，可能已被删除。"""


def gather(session: Session, order: Order) -> Gathered:
    """The slips with these ids. Raises as `slip_of`."""
    slips = [slip_of(session, order.actor, one) for one in order.ids]
    return Gathered(SLIPS, [Part(slip.number, [slip]) for slip in slips], f"缴费申请单{slips[0].number if len(slips) == 1 else ''}")


def slip_of(session: Session, actor: Actor, slip_id: int) -> Slip:
    """A slip that this actor may see.

    Raises:
        NoSlip
    """
    slip = PAYMENT_SLIP.find(session, actor, slip_id)
    if slip is None:
        raise NoSlip
    instance = instance_of(session, PAYMENT_SLIP.key, slip.id)
    events = events_of(session, instance.id) if instance is not None else []
    pressed = [event for event in events if event.kind == EventKind.MESSAGE and event.name == "确认缴费"]
    confirmed = pressed[-1] if pressed and slip.status == CONFIRMED else None
    return Slip(
        number=slip.number or "",
        plan=slip.plan.title(),
        organization=slip.plan.party.name,
        school=slip.party.name,
        certificate=slip.certificate.label,
        mode=slip.plan.mode,
        made_at=slip.created_at,
        made_by=events[0].actor if events else "",
        status=slip.status or "",
        lines=tuple(SlipLine(row.name, masked(row.id_number), subject_of(row), price) for row, price in lines_of(session, slip)),
        confirmed_at=confirmed.at if confirmed is not None else None,
        confirmed_by=confirmed.actor if confirmed is not None else "",
    )
