"""A filled-in weekly report, and handing it in."""

from __future__ import annotations

from flask.testing import FlaskClient

FORM = {
    "contact": "张文",
    "mobile": "13900000000",
    "summary": "本周完成培训",
    "lines.0.certificate": "Web前端开发",
    "lines.0.trained": "30",
}


def hand_in(client: FlaskClient, act: str = "提交") -> None:
    assert client.post("/weekly/new", data={**FORM, "act": act}).status_code == 302
