"""Browsers of people who have logged in to a world's web application."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from domain.demo import PASSWORD
from tests.conftest import World
from webapp.app import create_app


def site(world: World) -> Flask:
    app = create_app(world.runtime)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app


def user(app: Flask, account: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/login", data={"account": account, "password": PASSWORD}).status_code == 302
    return client
