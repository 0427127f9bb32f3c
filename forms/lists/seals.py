"""电子签章 of a school (manual 2.2): their list and their screens."""

from __future__ import annotations

from domain.institutions.seals import ROLE, Seal, seals_query
from forms.kinds import Link, RecordKind
from forms.listing import Column, Listing

SEALS = Listing(
    name="seal",
    title="电子签章",
    record=Seal,
    query=seals_query,
    columns=(
        Column("版本", lambda row: row.version, "number", field="version"),
        Column("签章主体", lambda row: row.subject, field="subject"),
        Column("签发机构", lambda row: row.issuer, field="issuer"),
        Column("有效期起", lambda row: row.valid_from, "moment", sort=Seal.valid_from, field="validity"),
        Column("有效期止", lambda row: row.valid_to, "moment", sort=Seal.valid_to, field="validity"),
        Column("状态", lambda row: row.status, "badge"),
        Column("上传人", lambda row: row.author.name, field="author"),
        Column("上传时间", lambda row: row.created_at, "moment", sort=Seal.created_at, field="uploaded"),
    ),
    filters=(),
    key="seal",
)

UPLOAD = "上传电子签章"
SEAL = RecordKind[Seal](
    noun="电子签章",
    listing=SEALS,
    help="没有有效的电子签章不能签发证书。上传新的签章后即用新的签发，旧的仍列在这里。",
    empty="还没有上传过电子签章。上传前不能签发证书。",
    address="/institutions/seals",
    links=(Link(UPLOAD, "seal.new", frozenset({ROLE}), primary=True),),
    form="seal.json",
    template="institutions/seal.html",
)
