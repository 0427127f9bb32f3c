"""The addresses of 流程监控, in one visible table, and who may come in."""

from __future__ import annotations

from flask import Blueprint, request

from jobs.lists.instances import ROLE
from processes.errors import NotAllowed, NotFound
from webapp.context import actor
from webapp.monitor import bulk, changes, failures, instance, views

blueprint = Blueprint("monitor", __name__, url_prefix="/monitor")
ROUTES = (
    ("GET", "/", views.index),
    ("GET", "/processes/<key>/<int:number>/", views.process),
    ("GET", "/processes/<key>/<int:number>/heat.json", views.heat),
    ("GET", "/instances/", views.instances),
    ("GET", "/messages/", views.messages),
    ("POST", "/messages/<int:message_id>/retry", failures.retry_message),
    ("GET", "/texts/", views.texts),
    ("POST", "/texts/<text_id>/retry", failures.resend),
    ("POST", "/<what>/<act>", bulk.ask),
    ("POST", "/<what>/<act>/begin", bulk.begin_act),
    ("GET", "/instances/<int:instance_id>/", instance.show),
    ("GET", "/instances/<int:instance_id>/diagram.json", instance.diagram),
    ("POST", "/instances/<int:instance_id>/acts/<act>", instance.do),
    ("GET", "/instances/<int:instance_id>/migrate", changes.migrating_page),
    ("POST", "/instances/<int:instance_id>/migrate", changes.migrate),
    ("GET", "/instances/<int:instance_id>/move", changes.moving_page),
    ("POST", "/instances/<int:instance_id>/move", changes.move),
    ("POST", "/tasks/<task_id>/reassign", instance.reassign),
)
for method, rule, view in ROUTES:
    blueprint.add_url_rule(rule, view.__name__, view, methods=[method])


@blueprint.before_request
def _supervisors_only() -> None:
    if ROLE not in actor().roles:
        raise NotFound if request.view_args else NotAllowed
