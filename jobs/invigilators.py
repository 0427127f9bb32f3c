"""What belongs together when an invigilator is stored or deleted: each certificate has a process of its own (manual 5.2.11).

The diagram decides which certificate may be taken away: one whose process waits for `REMOVAL`; and whether the person may get another
name or id number than its organization has before its eyes: where its process waits for `CORRECTION`. All of it is the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from domain.exams.invigilators import IDENTITY, CertifiedPerson, Invigilator, InvigilatorCertificate, add_certificates, plain
from domain.ground.errors import DomainError
from domain.ground.id_numbers import masked
from domain.ground.parties import SYSTEM, Actor
from processes.definitions.store import load
from processes.engine import Engine
from processes.history import instance_of
from processes.rows import InstanceRow
from processes.steps import acting, starting

KEY, REMOVAL = "invigilator_certificate", "删除证书"  # the diagram's key, and the name of its event that takes a certificate away
CORRECTION = "更正身份信息"  # the name of its event that asks for certification anew


class CertificateKept(DomainError):
    """已认证的证书不能删除。"""


def set_certificates(
    engine: Engine, session: Session, actor: Actor, invigilator: Invigilator, labels: Sequence[str], now: datetime
) -> list[str]:
    """Gives an invigilator the certificates with these labels: the certification of each new one starts, of the others it ends.

    Returns: ids of the jobs to hand out after the commit.
    Raises:
        CertificateKept: the diagram does not let one of the others be taken away where it stands.
        NotPiloted: the actor's school does not pilot a new one.
        ProcessError: the actor may not, or it was answered at this moment.
    """
    held = {plain(one.certificate.label): one for one in invigilator.certificates}
    wanted = {plain(label): label for label in labels}  # however its brackets are written, a label is the same certificate
    jobs = _take_away(engine, session, actor, [one for label, one in held.items() if label not in wanted])
    for one in add_certificates(session, actor, invigilator, [label for same, label in wanted.items() if same not in held], now):
        jobs += starting.start(engine, session, actor, KEY, one)[1]
    session.expire(invigilator, ["certificates"])
    return jobs


def kept_certificates(session: Session, invigilator: Invigilator) -> dict[str, str]:
    """Label of each certificate that the diagram does not let anybody take away where it stands → why, for people."""
    standing = ((one, instance_of(session, KEY, one.id)) for one in invigilator.certificates)
    kept = (one for one, instance in standing if instance is None or _event(session, instance, REMOVAL) is None)
    return {one.certificate.label: f"{one.status}，不能删除" for one in kept}


def correct(engine: Engine, session: Session, actor: Actor, invigilator: Invigilator, before: Mapping[str, object]) -> list[str]:
    """Tells the certification of each certificate that an invigilator's name or id number is another one than `before` (answers): nobody
    certifies a person whom they have not seen. Does nothing where both are the same.

    Returns: ids of the jobs to hand out after the commit.
    Raises:
        CertifiedPerson: the diagram lets nobody correct them where one of the certificates stands.
        ProcessError: one was answered at this moment.
    """
    told = [_told(name, str(before.get(name, "")), getattr(invigilator, name)) for name in IDENTITY]
    comment = "；".join(filter(None, told))
    jobs: list[str] = []
    if not comment:
        return jobs
    lawful = replace(actor, roles=actor.roles | SYSTEM.roles)  # the event is nobody's button: it goes with the edit
    for one in sorted(invigilator.certificates, key=lambda certificate: certificate.id):
        instance = instance_of(session, KEY, one.id)
        if instance is None:  # an import is about to start it, with the person as corrected
            continue
        event = _event(session, instance, CORRECTION)
        if event is None:
            raise CertifiedPerson
        jobs += acting.send(engine, session, lawful, instance.id, event, comment)
    return jobs


def remove(engine: Engine, session: Session, actor: Actor, invigilator: Invigilator) -> list[str]:
    """Deletes an invigilator whose certificates may all be taken away. Returns ids of jobs; raises as `set_certificates`."""
    session.refresh(invigilator, with_for_update=True)  # of this and an edit at the same moment, one waits
    jobs = _take_away(engine, session, actor, invigilator.certificates)
    session.expire(invigilator, ["certificates"])
    session.delete(invigilator)
    session.flush()
    return jobs


def _take_away(engine: Engine, session: Session, actor: Actor, certificates: Iterable[InvigilatorCertificate]) -> list[str]:
    """Ends the certification of some, in the order of their ids: whoever does so for the same person locks the same one first."""
    jobs: list[str] = []
    for one in sorted(certificates, key=lambda certificate: certificate.id):
        label, status, instance = one.certificate.label, one.status, instance_of(session, KEY, one.id)
        event = None if instance is None else _event(session, instance, REMOVAL)
        if instance is None or event is None:
            raise CertificateKept(f"证书“{label}”目前的状态是“{status}”，不能删除")
        jobs += acting.send(engine, session, actor, instance.id, event)
    return jobs


def _event(session: Session, instance: InstanceRow, name: str) -> str | None:
    """Id of the event of this name that a process waits for."""
    elements = load(session, instance.definition_id).elements
    return next((wait["element"] for wait in instance.waits if elements[wait["element"]].name == name), None)


def _told(name: str, before: str, after: str) -> str:
    if before == after:
        return ""
    return f"姓名：{before} → {after}" if name == "name" else f"证件号：{masked(before)} → {masked(after)}"
