"""Sending a workbook of teachers to be imported."""

from __future__ import annotations

from io import BytesIO

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def send(client: FlaskClient, content: bytes, name: str = "教师.xlsx") -> TestResponse:
    return client.post("/imports/teachers/", data={"file": (BytesIO(content), name)}, content_type="multipart/form-data")
