"""电子签章 of a school (manual 2.2) and of an organization: their lists and their screens, which are alike."""

from __future__ import annotations

from functools import partial
from typing import Any

from domain.institutions.seals import OrganizationSeal, SchoolSeal, Seal, seals_query
from forms.kinds import Link, MenuLine, RecordKind
from forms.listing import Column, Listing

UPLOAD = "上传电子签章"


def _listing(name: str, record: type[Seal]) -> Listing:
    return Listing(
        name=name,
        title="电子签章",
        record=record,
        query=partial(seals_query, record),
        columns=(
            Column("版本", lambda row: row.version, "number", field="version"),
            Column("签章主体", lambda row: row.subject, field="subject"),
            Column("签发机构", lambda row: row.issuer, field="issuer"),
            Column("有效期起", lambda row: row.valid_from, "moment", sort=record.valid_from, field="validity"),
            Column("有效期止", lambda row: row.valid_to, "moment", sort=record.valid_to, field="validity"),
            Column("状态", lambda row: row.status, "badge"),
            Column("上传人", lambda row: row.author.name, field="author"),
            Column("上传时间", lambda row: row.created_at, "moment", sort=record.created_at, field="uploaded"),
        ),
        filters=(),
        key=name,
    )


def _kind(name: str, record: type[Seal], address: str, menu: MenuLine | None = None) -> RecordKind[Any]:
    return RecordKind[Any](
        noun="电子签章",
        listing=_listing(name, record),
        help="没有有效的电子签章不能签发证书。上传新的签章后即用新的签发，旧的仍列在这里。",
        empty="还没有上传过电子签章。上传前不能签发证书。",
        address=address,
        menu=menu,
        links=(Link(UPLOAD, f"{name}.new", frozenset({record.ROLE}), primary=True),),
        form="seal.json",
        template="institutions/seal.html",
    )


SEAL = _kind("seal", SchoolSeal, "/institutions/seals")
"""Of a school, whose page leads there (manual 2.2)."""
ORGANIZATION_SEAL = _kind(
    "organization_seal", OrganizationSeal, "/institutions/organization-seals", MenuLine((OrganizationSeal.ROLE,), under="机构管理")
)
SEAL_KINDS: dict[type[Seal], RecordKind[Any]] = {SchoolSeal: SEAL, OrganizationSeal: ORGANIZATION_SEAL}
