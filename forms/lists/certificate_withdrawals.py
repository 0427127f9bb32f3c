"""证书撤销: the list and the screens of what organizations have asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.ground.id_numbers import masked
from domain.ground.names import tidy_name
from domain.ground.parties import Actor
from domain.issuing.issuances import ORGANIZATION as ORGANIZATION_PARTY
from domain.issuing.issuances import SCHOOL as SCHOOL_PARTY
from domain.issuing.issuances import Issuance
from domain.issuing.withdrawals import CertificateWithdrawal, NoCertificate, new_withdrawal, own_certificate, withdrawals_query
from forms import fields
from forms.kinds import OPERATOR, ORGANIZATION, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains

_LABELS = {
    **{"number": "发放编号", "certificate_number": "证书编号", "issued_on": "发证日期", "name": "姓名", "id_number": "证件号"},
    **{"certificate": "证书", "organization": "培训评价组织", "site": "考核站点", "school": "院校"},
}
_ABOUT = {"title": "证书信息", "properties": {name: {"title": label, "type": "string"} for name, label in _LABELS.items()}}

WITHDRAWALS = Listing(
    name="certificate_withdrawal",
    title="证书撤销",
    record=CertificateWithdrawal,
    query=withdrawals_query,
    columns=(
        Column("证书编号", lambda row: row.issuance.certificate_number, sort=Issuance.certificate_number),
        Column("姓名", lambda row: row.issuance.name, sort=Issuance.name),
        Column("证书名称", lambda row: row.issuance.certificate.name, sort=Certificate.name),
        Column("等级", lambda row: row.issuance.certificate.grade),
        Column("培训评价组织", lambda row: row.issuance.party.name, sort=ORGANIZATION_PARTY.name),
        Column("院校", lambda row: row.issuance.school.name, sort=SCHOOL_PARTY.name),
        Column("撤销原因", lambda row: row.reason, field="reason"),
        Column("状态", lambda row: row.status, "badge"),
        Column("申请时间", lambda row: row.created_at, "moment", sort=CertificateWithdrawal.created_at),
    ),
    filters=(
        Filter("certificate_number", "证书编号", lambda query, text: query.where(Issuance.certificate_number == text)),
        Filter("name", "姓名", contains(Issuance.name, tidy_name)),
        Filter("certificate", "证书名称", contains(Certificate.name)),
        Filter("school", "院校", contains(SCHOOL_PARTY.name)),
    ),
    key="certificate_withdrawal",
)


def _facts(session: Session, actor: Actor, row: CertificateWithdrawal, now: datetime) -> Sequence[fields.Tab]:
    """The certificate that is to be withdrawn."""
    one = row.issuance
    about = {"number": one.number, "certificate_number": one.certificate_number, "name": one.name, "id_number": masked(one.id_number)}
    about |= {"certificate": one.certificate.label, "organization": one.party.name, "school": one.school.name}
    about |= {"issued_on": one.issued_on.isoformat() if one.issued_on else "", "site": one.site_name}
    return fields.describe(_ABOUT, about)


def _certificate(session: Session, actor: Actor, token: str) -> Issuance:
    if not token.isdecimal() or len(token) > 9:
        raise NoCertificate
    return own_certificate(session, actor, int(token))


def _begin(session: Session, actor: Actor, now: datetime, token: str) -> Opening:
    """A request about a certificate.

    Raises:
        NoCertificate
    """
    one = _certificate(session, actor, token)
    note = "由考生所在院校的省级教育行政部门审批；同意后证书立即失效，不能恢复，证书编号不再使用。"
    return Opening(f"申请撤销证书：{one.name} {one.certificate_number}", note, token)


def _create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> CertificateWithdrawal:
    return new_withdrawal(session, actor, now, _certificate(session, actor, token).id, answers)


CERTIFICATE_WITHDRAWAL = RecordKind(
    noun="撤销申请",
    listing=WITHDRAWALS,
    help="签发有误的证书由培训评价组织申请撤销，省级审批；撤销后，任何人查验该证书都会看到已撤销和撤销原因。",
    empty="没有撤销申请。在证书发放管理中打开一张已发放的证书，点击“申请撤销”。",
    address="/certificate-withdrawals",
    menu=MenuLine((ORGANIZATION, "省级", OPERATOR), under="证书管理"),
    begin=_begin,
    reopen=lambda session, actor, token: Opening("申请撤销证书", token=token),
    create=_create,
    chosen_at="issuance.index",
    facts=_facts,
    sends="提交",
)
