"""What certificates of scenarios need: a photo that is kept, and seals of both parties, made up when they are needed."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session, object_session

from domain.demo.portraits import as_jpeg, draw
from domain.demo.seals import new_demo_seal
from domain.exams.photos import keep_photo
from domain.exams.registrations import Registration
from domain.ground.parties import Actor, Person
from domain.ground.settings import Settings
from domain.ground.tones import Tone
from domain.ground.vault import open_vault
from domain.institutions.seals import IN_FORCE, OrganizationSeal, SchoolSeal
from domain.issuing.issuances import Issuance
from domain.issuing.making import give_number
from domain.platform.files import name_stored
from jobs.scenarios.files import ScenarioFailed


def complete(issuance: Issuance, now: datetime, settings: Settings) -> None:
    """The person has a photo, and both parties have a seal in force."""
    session = _session(issuance)
    photo = keep_photo(settings.home, as_jpeg(draw(1).picture))
    session.execute(update(Registration).where(Registration.id == issuance.registration_id).values(photo=photo))
    give_seals(issuance, now, settings)


def give_seals(issuance: Issuance, now: datetime, settings: Settings) -> None:
    """Both parties upload a seal, which is in force."""
    session = _session(issuance)
    for party_id, kind in ((issuance.party_id, OrganizationSeal), (issuance.site_party_id, SchoolSeal)):
        author = session.scalars(select(Person.id).where(Person.party_id == party_id).limit(1)).one()
        owner = Actor(author, "", party_id or 0, issuance.party.name, "", None, frozenset())
        made = new_demo_seal(session, kind, owner, now, open_vault(settings))
        made.status, made.tone = IN_FORCE[0], Tone.DONE
    session.flush()


def new_issued(session: Session, issuance: Issuance, now: datetime) -> Issuance:
    """The issuance has a number and a certificate; its file is a row alone."""
    give_number(session, issuance, now)
    author = session.scalars(select(Person).where(Person.party_id == issuance.party_id).limit(1)).one()
    owner = Actor(author.id, author.name, issuance.party_id, issuance.party.name, "organization", None, frozenset())
    issuance.file_id = name_stored(session, owner, sha256(b"").hexdigest(), 0, "证书.pdf", "application/pdf", now).id
    session.flush()
    return issuance


def take_seals(issuance: Issuance, now: datetime, settings: Settings) -> None:
    """Both parties have switched theirs off."""
    for party_id, kind in ((issuance.party_id, OrganizationSeal), (issuance.site_party_id, SchoolSeal)):
        theirs = update(kind).where(kind.party_id == party_id)
        _session(issuance).execute(theirs.values(status="已停用", tone=Tone.DRAFT))


def lose_photo(issuance: Issuance, now: datetime, settings: Settings) -> None:
    """The registration names no photo any more."""
    _session(issuance).execute(update(Registration).where(Registration.id == issuance.registration_id).values(photo=None))


def _session(issuance: Issuance) -> Session:
    session = object_session(issuance)
    if session is None:
        raise ScenarioFailed("记录已不在了")
    return session
