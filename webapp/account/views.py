"""Login, logout, password."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from sqlalchemy import select

from domain import throttle
from domain.errors import DomainError
from domain.parties import Person
from domain.passwords import change_password, check_password
from webapp.context import actor, current_actor, db, public, runtime
from webapp.links import is_local

blueprint = Blueprint("account", __name__)
WRONG = "账号或密码不正确，请核对后重试。"  # the same for an unknown account and for a wrong password
TOO_MANY = "登录失败次数过多，请 15 分钟后再试。"


@blueprint.get("/login")
@public
def login() -> Any:
    """The login page."""
    if current_actor() is not None:
        return redirect(url_for("home.index"))
    return render_template("login.html", account="", next=request.args.get("next", ""))


@blueprint.post("/login")
@public
def log_in() -> Any:
    """Checks account and password, and begins a fresh session."""
    account = request.form.get("account", "").strip()[:50]
    password = request.form.get("password", "")[:200]
    target = request.form.get("next", "")
    address, now = (request.remote_addr or "")[:45], runtime().engine.clock()
    if throttle.too_many(db(), account, address, now):
        return render_template("login.html", account=account, next=target, problem=TOO_MANY), 429
    person = db().scalars(select(Person).where(Person.account == account, Person.active)).first()
    if not check_password(person.password_hash if person else None, password) or person is None:
        throttle.failed(db(), account, address, now)
        g.commit = True  # the page is an error, yet the attempt counts
        return render_template("login.html", account=account, next=target, problem=WRONG), 400
    _begin(person)
    return redirect(target if is_local(target) else url_for("home.index"))


@blueprint.post("/logout")
@public
def logout() -> Any:
    """Ends the session."""
    session.clear()
    return redirect(url_for("account.login"))


@blueprint.get("/account/password")
def password() -> Any:
    """The form for a new password."""
    return render_template("password.html")


@blueprint.post("/account/password")
def set_password() -> Any:
    """Changes the password; other sessions of this person end, this one goes on."""
    old, new, again = (request.form.get(name, "")[:200] for name in ("old", "new", "again"))
    if new != again:
        return render_template("password.html", problem="两次输入的新密码不一致，请重新输入。"), 400
    try:
        person = change_password(db(), actor().person_id, old, new)
    except DomainError as error:
        return render_template("password.html", problem=str(error)), 400
    _begin(person)
    flash("密码已修改，其他设备上的登录已失效。", "success")
    return redirect(url_for("home.index"))


def _begin(person: Person) -> None:
    session.clear()
    session.permanent = True
    session["person"], session["stamp"] = person.id, person.stamp
