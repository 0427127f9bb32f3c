"""A filled-in invigilator, and saving one."""

from __future__ import annotations

from flask.testing import FlaskClient

FORM = {"name": "王小明", "id_number": "11010519491231002X", "mobile": "13911110000", "unit": "信息工程学院", "rank": "讲师"}


def add(client: FlaskClient, *certificates: str, **changes: str) -> int:
    """Saves a new invigilator; returns the HTTP status."""
    return client.post("/invigilators/new", data={**FORM, **changes, "certificates": list(certificates)}).status_code
