"""Handlers about 证书发放. `at` is the step's clock, `side` one of those who sign, `why` what an error said."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.handling import BusinessError
from domain.ground.parties import Actor
from domain.issuing import making, signatures
from domain.issuing.issuances import Issuance
from domain.issuing.withdrawals import CertificateWithdrawal


def sign(session: Session, subject: Issuance, params: dict[str, Any], actor: Actor) -> None:
    """Notes what the actor has put their name to, for their side."""
    signatures.sign(session, subject, str(params["side"]), actor, params["at"])


def number(session: Session, subject: Issuance, params: dict[str, Any], actor: Actor) -> None:
    """Gives 证书编号 and 发证日期, once.

    Raises:
        BusinessError: there are no more numbers.
    """
    try:
        making.give_number(session, subject, params["at"])
    except DomainError as error:
        raise BusinessError("refused", str(error)) from error


def prepare_drawing(session: Session, subject: Issuance, params: dict[str, Any]) -> dict[str, Any]:
    """The payload: what stands on the certificate.

    Raises:
        BusinessError: the two sides have not signed this, or there is no photo.
    """
    try:
        return making.facts_to_draw(session, subject)
    except DomainError as error:
        raise BusinessError("draw", str(error)) from error


def prepare_sealing(session: Session, subject: Issuance, params: dict[str, Any]) -> dict[str, Any]:
    """The payload: what was drawn (`drawn`), and whose seals it gets. Their keys are read when it is sealed, and stay where they are."""
    site = subject.site_party.name if subject.site_party is not None else ""
    names = {"organization": subject.party.name, "site": site}
    return {"drawn": str(params["drawn"]), "organization": subject.party_id, "site": subject.site_party_id, "names": names}


def keep(session: Session, subject: Issuance, params: dict[str, Any], actor: Actor) -> None:
    """The sealed certificate (`sealed`, `size`, `keys`) is the one."""
    making.keep(session, subject, str(params["sealed"]), int(params["size"]), str(params["keys"]), params["at"])


def refuse_withdrawal(session: Session, subject: CertificateWithdrawal, params: dict[str, Any], actor: Actor) -> None:
    """The certificate stays valid; another request may be made."""
    subject.refuse()
    session.flush()


def withdraw(session: Session, subject: Issuance, params: dict[str, Any], actor: Actor) -> None:
    """The certificate no longer counts; everybody who checks it reads why (`why`)."""
    making.withdraw(session, subject, str(params["why"]), params["at"])


def fail(session: Session, subject: Issuance, params: dict[str, Any], actor: Actor) -> None:
    """Why it could not be made."""
    making.fail(session, subject, str(params["why"]))
