"""A filled-in application for an exam site, and handing it in."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.domain.ground.contents import PDF
from tests.webapp.files.uploads import send

CERTIFICATE = "Web前端开发与调试（中级）"
FORM = {"certificate": CERTIFICATE, "address": "江宁区龙眠大道 1 号", "head": "张文", "mobile": "13900000000", "places": "60"}
FORM_KEY = "form=exam_site/new/&field=application"


def apply(client: FlaskClient, act: str = "提交") -> int:
    kept = send(client, "申报表.pdf", PDF, FORM_KEY).get_json()
    return int(client.post("/sites/new", data={**FORM, "application": str(kept["id"]), "act": act}).status_code)
