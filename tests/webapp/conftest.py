"""An app on a temporary SQLite database with the demonstration data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from domain.demo import load_demo
from domain.settings import read_settings
from jobs.runtime import build, migrate
from tests.conftest import NOON, Clock
from tests.jobs.conftest import live, redis, redis_server  # noqa: F401  # fixtures
from webapp.app import create_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    settings = read_settings({"PILOT_HOME": str(tmp_path), "SECRET_KEY": "k" * 32, "REDIS_URL": "redis://127.0.0.1:1/0"})
    runtime = build(settings, Clock())
    migrate(runtime)
    with runtime.database.writing() as session:
        load_demo(session, NOON)
    app = create_app(runtime)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    yield app
    runtime.database.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
