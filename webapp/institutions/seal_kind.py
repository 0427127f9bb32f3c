"""电子签章 as a kind of record (manual 2.2)."""

from __future__ import annotations

from flask import url_for

from domain.institutions.seals import ROLE, seal_of
from forms.lists.seals import SEALS
from webapp.listing import Button
from webapp.records.kinds import RecordKind

UPLOAD = "上传电子签章"
KIND = RecordKind(
    key="seal",
    noun="电子签章",
    listing=SEALS,
    help="没有有效的电子签章不能签发证书。上传新的签章后即用新的签发，旧的仍列在这里。",
    empty="还没有上传过电子签章。上传前不能签发证书。",
    find=seal_of,
    buttons=lambda who: [Button(UPLOAD, url_for("seal.new"), primary=True)] if ROLE in who.roles else [],
    form="seal.json",
    template="institutions/seal.html",
)
