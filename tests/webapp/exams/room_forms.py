"""Sites, allotments and rooms as browsers make them."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy import select

from domain.exams.exam_sites import ExamSite
from tests.conftest import World
from tests.webapp.demonstration import ids
from tests.webapp.exams.applications import apply
from tests.webapp.exams.plan_forms import publish

ROOM = {"subjects": ["理论知识"], "name": "第 1 考场", "places": "40", "building": "实训楼 3 楼", "door": "301", "invigilators": "2"}


def approve(school: FlaskClient, organization: FlaskClient) -> None:
    """A site of the school that the organization has approved."""
    assert apply(school) == 302
    task = re.findall(r'/inbox/tasks/([^"]+)', organization.get("/sites/").text)[0]
    assert organization.post(f"/inbox/tasks/{task}", data={"outcome": "审核通过"}).status_code == 302


def set_the_stage(school: FlaskClient, organization: FlaskClient, **plan: str | list[str]) -> None:
    """An approved site of the school and a published plan."""
    approve(school, organization)
    assert publish(organization, **plan) == 302


def site_of(world: World, account: str = "school1") -> int:
    (found,) = ids(world, select(ExamSite.id).where(ExamSite.party_id == world.actor(account).party_id))
    return found


def add_room(school: FlaskClient, site: int = 1, plan: int = 1, **other: str | list[str]) -> int:
    """A room. Returns the answer's status."""
    return school.post(f"/rooms/new?plan={plan}&site={site}", data={**ROOM, **other}).status_code
