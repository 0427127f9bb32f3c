"""Login, logout, password."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from domain.ground.database import one_at_a_time
from domain.ground.errors import DomainError
from domain.ground.parties import Person
from domain.platform import throttle
from domain.platform.passwords import change_password, check_login, choose_password, end_sessions
from webapp.account import unsent_forms
from webapp.account.first_login import activate
from webapp.context import actor, at_first_login, current_actor, db, later, public, runtime
from webapp.links import is_local

blueprint = Blueprint("account", __name__)
WRONG = "账号或密码不正确，请核对后重试。"  # the same for an unknown account and for a wrong password
TOO_MANY = "登录失败次数过多，请 15 分钟后再试。"


LOGINS = ("account.log_in", "account.log_in_again")


@blueprint.get("/login")
@public
def login() -> ResponseReturnValue:
    """The login page."""
    if current_actor() is not None:
        return redirect(url_for("home.index"))
    return render_template("login.html", account="", next=request.args.get("next", ""))


@blueprint.post("/login")
@public
def log_in() -> ResponseReturnValue:
    """Checks account and password, and begins a fresh session."""
    account, target = request.form.get("account", "").strip()[:50], request.form.get("next", "")
    problem = _enter(account)
    if problem is not None:
        return render_template("login.html", account=account, next=target, problem=problem), 429 if problem == TOO_MANY else 400
    return redirect(target if is_local(target) else url_for("home.index"))


@blueprint.post("/login/again")
@public
def log_in_again() -> ResponseReturnValue:
    """The login of a page that keeps what was posted after the login before had ended; then it may go on."""
    found = unsent_forms.read_unsent()
    if found is None:
        return redirect(url_for("account.login"))
    account = request.form.get("account", "").strip()[:50]
    problem = _enter(account)
    if problem is not None:
        return unsent_forms.page(*found, account, problem), 429 if problem == TOO_MANY else 400
    return redirect(url_for("account.password")) if actor().must_change else unsent_forms.page(*found)


def login_not_taken(message: str) -> str:
    """The page of a login that the database was too busy for: account, and what waits for the login, are kept."""
    account, found = request.form.get("account", "").strip()[:50], unsent_forms.read_unsent()
    if request.endpoint == "account.log_in_again" and found is not None:
        return unsent_forms.page(*found, account, message)
    return render_template("login.html", account=account, next=request.form.get("next", ""), problem=message)


def _enter(account: str) -> str | None:
    """Checks the posted password and begins a fresh session. Returns what is wrong, where it is not right."""
    password, now = request.form.get("password", "")[:200], runtime().engine.clock()
    address = throttle.counted_as(request.remote_addr or "")
    if throttle.too_many(db(), account, address, now):
        return TOO_MANY
    person = db().scalars(select(Person).where(Person.account == account, Person.active)).first()
    if person is not None:
        db().expunge(person)  # it outlives the transaction
    db().rollback()  # the hash takes its time, and must hold no lock
    right = check_login(person, password, runtime().settings.secret_key)
    one_at_a_time(db(), "login")
    if throttle.too_many(db(), account, address, now):  # others guessed meanwhile: many at once learn no more than one after the other
        return TOO_MANY
    if not right or person is None:
        throttle.failed(db(), account, address, now)
        g.commit = True  # the page is an error, yet the attempt counts
        return WRONG
    _begin(person)
    return None


@blueprint.get("/account/token")
def token() -> ResponseReturnValue:
    """The session's token against forgery: a page that was open when its login ended goes on with that of the new one."""
    return {"token": generate_csrf()}


@blueprint.post("/logout")
@public
def logout() -> ResponseReturnValue:
    """Ends all sessions of the person, as a new password does: a copy of the cookie opens nothing any more."""
    who = current_actor()
    if who is not None:
        end_sessions(db(), who.person_id)
    session.clear()
    flash("已退出登录，您在其他设备上的登录也已失效。", "success")
    return redirect(url_for("account.login"))


@blueprint.get("/account/password")
@at_first_login
def password() -> ResponseReturnValue:
    """The form for a new password."""
    return render_template("password.html", first=actor().must_change)


@blueprint.post("/account/password")
@at_first_login
def set_password() -> ResponseReturnValue:
    """Changes the password; other sessions of this person end, this one goes on. At a first login it also tells the process."""
    who = actor()
    old, new, again = (request.form.get(name, "")[:200] for name in ("old", "new", "again"))
    if new != again:
        return render_template("password.html", first=who.must_change, problem="两次输入的新密码不一致，请重新输入。"), 400
    try:
        if who.must_change:
            person = choose_password(db(), who.person_id, new, runtime().settings.secret_key)
            later(activate(runtime().engine, db(), who))
        else:
            person = change_password(db(), who.person_id, old, new)
    except DomainError as error:
        return render_template("password.html", first=who.must_change, problem=str(error)), 400
    _begin(person)
    flash("密码已修改，其他设备上的登录已失效。", "success")
    return redirect(url_for("home.index"))


def _begin(person: Person) -> None:
    session.clear()
    session.permanent = True
    session["person"], session["stamp"] = person.id, person.stamp
    session["proved"] = runtime().engine.clock().timestamp()
    g.pop("actor", None)  # who was asking when the request came
