"""The addresses of the inbox, in one visible table."""

from __future__ import annotations

from flask import Blueprint

from webapp.inbox import batch, tasks, views

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")
ROUTES = (
    ("GET", "/", views.index),
    ("POST", "/claim", views.claim_many),
    ("POST", "/release", views.release_many),
    ("POST", "/filters", views.keep_filter),
    ("POST", "/filters/<int:filter_id>/delete", views.forget_filter),
    ("GET", "/tasks/<task_id>", tasks.task),
    ("POST", "/tasks/<task_id>", tasks.finish),
    ("POST", "/tasks/<task_id>/claim", views.claim),
    ("POST", "/tasks/<task_id>/release", views.release),
    ("POST", "/tasks/<task_id>/transfer", tasks.transfer),
    ("POST", "/tasks/<task_id>/ask", tasks.ask),
    ("POST", "/tasks/<task_id>/give", tasks.give),
    ("POST", "/tasks/<task_id>/recall", tasks.recall),
    ("POST", "/batch", batch.batch),
    ("POST", "/batch/finish", batch.finish_batch),
)
for method, rule, view in ROUTES:
    blueprint.add_url_rule(rule, view.__name__, view, methods=[method])
