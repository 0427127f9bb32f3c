"""A plan of the demonstration's first province, and lines of a declaration under it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.certificates.declaration_plans import DeclarationPlan, new_plan
from tests.conftest import World

LABEL = "软件测试实施（中级）"
MAJOR = "510203 软件技术（高职，2021 版）"
TIMES = {"starts_at": "2026-11-20 09:00", "ends_at": "2026-12-10 18:00"}
LINES = [{"certificate": LABEL, "majors": [MAJOR], "people": 30, "site": "是"}]


def plan(world: World, session: Session, account: str = "province1", published: bool = True, **answers: Any) -> DeclarationPlan:
    made = new_plan(session, world.actor(account), world.clock(), {"name": "试点申报", "certificates": [LABEL], **TIMES, **answers})
    made.published = published
    session.flush()
    return made
