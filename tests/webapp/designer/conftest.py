"""A designer's browser."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture
def designer(app: Flask, client: FlaskClient) -> FlaskClient:
    client.post("/login", data={"account": "designer", "password": "Pilot-2026"})
    return client
