"""A filled-in exam plan, as a browser posts it."""

from __future__ import annotations

from flask.testing import FlaskClient

CERTIFICATE = "Web前端开发与调试（中级）"  # of organization1, piloted by school1
SUBJECT = f"{CERTIFICATE} 理论知识"
SCHOOL = "金陵职业技术学院（4132000001）"
PLAN = {
    "name": "十二月Web前端考试",
    "year": "2026",
    "mode": "按证书",
    "registration_from": "2026-11-20T09:00",
    "registration_to": "2026-12-10T18:00",
    "arranging_from": "2026-12-11T09:00",
    "arranging_to": "2026-12-15T18:00",
    "exam_from": "2026-12-19T08:00",
    "exam_to": "2026-12-20T18:00",
    "scoring_from": "2026-12-21T09:00",
    "scoring_to": "2026-12-25T18:00",
    "publicity_from": "2026-12-26T09:00",
    "publicity_to": "2026-12-31T18:00",
    "certificates.0.certificate": CERTIFICATE,
    "certificates.0.fee": "260",
    "sittings.0.subject": SUBJECT,
    "sittings.0.starts_at": "2026-12-19T09:00",
    "sittings.0.ends_at": "2026-12-19T10:30",
    "schools": [SCHOOL],
}


def publish(organization: FlaskClient, **other: str | list[str]) -> int:
    """A published plan. Returns the answer's status."""
    return organization.post("/exam-plans/new", data={**PLAN, **other, "act": "发布"}).status_code
