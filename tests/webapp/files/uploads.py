"""Sending a file, as the file control of a form does."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.domain.ground.contents import PDF

FORM_KEY = "form=weekly_report/new/&field=attachments"


def send(client: FlaskClient, name: str = "纪要.pdf", content: bytes = PDF, form: str = FORM_KEY) -> Any:
    # written out: Werkzeug's test client would leave a temporary file of a large body open
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = head + content + b"\r\n--x--\r\n"
    return client.post(f"/files/?{form}", data=body, content_type="multipart/form-data; boundary=x")
