"""The session's cookie: not on answers that know no person, so that no cache between keeps or hands out somebody's."""

from __future__ import annotations

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

IMPERSONAL = ("static", "health.healthz")
"""Endpoints that are the same for everybody."""


class Sessions(SecureCookieSessionInterface):
    """Flask's own, which writes the cookie of a lasting session with every answer."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether the answer carries the cookie."""
        return request.endpoint not in IMPERSONAL and super().should_set_cookie(app, session)
