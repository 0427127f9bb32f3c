"""Login, logout, password."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from domain.ground.errors import DomainError
from domain.ground.parties import Person
from domain.platform.passwords import change_password, choose_password, end_sessions
from webapp.account import unsent_forms
from webapp.account.first_login import activate
from webapp.account.trying import try_password
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
    tried = try_password(account, request.form.get("password", ""))
    if tried.too_many:
        return TOO_MANY
    if tried.person is None:
        return WRONG
    _begin(tried.person)
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
            known = db().scalar(select(Person.account).where(Person.id == who.person_id)) or ""
            if try_password(known, old).too_many:  # whoever found a session open must not find out the password here
                return render_template("password.html", first=False, problem=TOO_MANY), 429
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
