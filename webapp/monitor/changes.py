"""流程监控: 迁移 of one instance to another version, with a preview, and 跳转 to another step."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template, request
from flask.typing import ResponseReturnValue

from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.deployment import versions
from processes.monitor import migrating, moving
from processes.monitor.managing import LONGEST_REASON
from webapp import steps
from webapp.context import actor, db, runtime
from webapp.monitor.instance import back, instance_or_404

_MAP = "to:"  # begins the name of a field of the form; the id of an element with a token follows, the value is the new element's


def migrating_page(instance_id: int) -> str:
    """The preview of 迁移, to the newest version unless another is asked for: whether it is possible, and where the tokens will be."""
    row = instance_or_404(instance_id)
    others = [one for one in versions.versions_of(db(), row.key) if one.id != row.definition_id]
    number = request.args.get("version", type=int) or (others[0].version if others else 0)
    target = versions.version(db(), row.key, number) if others else None
    plan = None if target is None or row.state is None else migrating.preview(db(), row, target.id, _mapping(request.args))
    return render_template(
        "monitor/migrate.html",
        row=row,
        definition=load(db(), row.definition_id),
        others=others,
        target=target,
        plan=plan,
        mark=_MAP,
        longest=LONGEST_REASON,
    )


def migrate(instance_id: int) -> ResponseReturnValue:
    """迁移 as the preview showed it; refused where the instance has changed since."""
    row, form = instance_or_404(instance_id), request.form
    target = versions.version(db(), row.key, form.get("version", 0, type=int))
    reason, seen, mapping = form.get("reason", ""), form.get("seen", -1, type=int), _mapping(form)
    problem = steps.attempt(
        lambda: migrating.migrate(runtime().engine, db(), actor(), instance_id, target.id, reason, mapping, seen), lambda: instance_id
    )
    return back(instance_id, f"已迁移到第 {target.version} 版，流程下一步之前可以撤销。", problem)


def moving_page(instance_id: int) -> str:
    """The page of 跳转, which asks from which step to which."""
    row = instance_or_404(instance_id)
    definition: Definition = load(db(), row.definition_id)
    return render_template("monitor/move.html", row=row, definition=definition, moves=moving.moves(db(), row), longest=LONGEST_REASON)


def move(instance_id: int) -> ResponseReturnValue:
    """跳转: moves a token to another step."""
    form = request.form
    token, to, reason = form.get("token", ""), form.get("to", ""), form.get("reason", "")
    problem = steps.attempt(lambda: moving.move(runtime().engine, db(), actor(), instance_id, token, to, reason), lambda: instance_id)
    return back(instance_id, "已跳转。", problem)


def _mapping(values: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(_MAP): to for name, to in values.items() if name.startswith(_MAP) and to}
