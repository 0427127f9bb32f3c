"""An app with the demonstration data on SQLite."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import World
from tests.jobs.conftest import live, redis, redis_server  # noqa: F401  # fixtures
from tests.webapp.clients import site


@pytest.fixture
def app(lite: World) -> Flask:
    return site(lite)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
