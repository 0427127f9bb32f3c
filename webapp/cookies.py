"""The session's cookie. Answers that are the same for everybody go out without it: no cache on the way keeps one person's for another."""

from __future__ import annotations

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

IMPERSONAL = ("static", "health.healthz")
"""Endpoints that are the same for everybody."""


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, which write the cookie of a lasting session with every answer but these."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether the answer carries the cookie."""
        return request.endpoint not in IMPERSONAL and super().should_set_cookie(app, session)
