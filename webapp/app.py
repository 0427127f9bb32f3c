"""The Flask application: blueprints, security headers, and pages for what goes wrong."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from domain.ground.base import in_shanghai
from domain.ground.errors import DomainError
from domain.ground.storage import out_of_space
from domain.platform.background import TaskState
from domain.platform.imports import ImportState
from domain.platform.photo_imports import PhotoImportState, PhotoState
from forms.lists import KINDS
from jobs.confinement import Busy
from processes.diagrams.expressions import ExpressionError
from processes.errors import EngineFault, NotAllowed, NotFound, ProcessError
from processes.states import EventKind, MessageState, TaskKind, TaskRowState, TextState, VoteState
from processes.tasks.actions import ActionKind
from webapp import assets, context, cookies, menu, request_checks
from webapp.account import unsent_files
from webapp.account.proving import chosen_first, must_prove
from webapp.account.unsent_forms import may_keep, may_send_again, page_that_keeps, page_to_send_again
from webapp.account.views import LOGINS, login_not_taken
from webapp.account.views import blueprint as account
from webapp.acts.views import blueprint as records
from webapp.allotments.views import blueprint as allotments
from webapp.arranging.views import blueprint as arranging
from webapp.background.views import blueprint as background
from webapp.bulk.views import blueprint as bulk
from webapp.certificates.views import blueprint as certificates
from webapp.checking.views import blueprint as checking
from webapp.copies.views import blueprint as copies
from webapp.declarations.views import blueprint as declarations
from webapp.designer.views import blueprint as designer
from webapp.document_templates.views import blueprint as document_templates
from webapp.fields.views import blueprint as field_checks
from webapp.files.views import blueprint as files
from webapp.files.views import stored_files
from webapp.health import blueprint as health
from webapp.home.views import blueprint as home
from webapp.imports.amending import blueprint as amending
from webapp.imports.views import blueprint as imports
from webapp.inbox.routes import blueprint as inbox
from webapp.institutions.seals import ORGANIZATIONS as organization_seals
from webapp.institutions.seals import SCHOOLS as seals
from webapp.institutions.views import blueprint as institutions
from webapp.invigilators.views import blueprint as invigilators
from webapp.issuing.views import blueprint as issuing
from webapp.links import is_local
from webapp.monitor.routes import blueprint as monitor
from webapp.notices.views import blueprint as notices
from webapp.payments.views import blueprint as payments
from webapp.photos.routes import blueprint as photos
from webapp.photos.single import photo_page
from webapp.placed.views import people as placed
from webapp.placed.views import rooms as used_rooms
from webapp.placed.views import subjects as planned_subjects
from webapp.printing.views import blueprint as printing
from webapp.records.screens import record_blueprint
from webapp.registrations.views import blueprint as registrations
from webapp.results.views import blueprint as results
from webapp.rooms.views import blueprint as rooms
from webapp.scores.views import blueprint as scores
from webapp.scores.views import results as outcomes
from webapp.search.views import blueprint as search
from webapp.substitutes.views import blueprint as substitutes
from webapp.weekly.views import blueprint as reports

if TYPE_CHECKING:
    from jobs.runtime import Runtime

BLUEPRINTS = (
    health,
    home,
    account,
    inbox,
    institutions,
    seals,
    organization_seals,
    certificates,
    invigilators,
    reports,
    records,
    field_checks,
    files,
    background,
    bulk,
    imports,
    amending,
    registrations,
    allotments,
    arranging,
    rooms,
    payments,
    planned_subjects,
    used_rooms,
    placed,
    scores,
    outcomes,
    search,
    printing,
    substitutes,
    copies,
    notices,
    designer,
    document_templates,
    monitor,
    declarations,
    photos,
    issuing,
    checking,
    results,
)
# templates name states by these, not by the texts that the database keeps
STATES = (
    ActionKind,
    EventKind,
    ImportState,
    MessageState,
    PhotoImportState,
    PhotoState,
    TaskKind,
    TaskRowState,
    TaskState,
    TextState,
    VoteState,
)
MAX_REQUEST = 21 * 1024 * 1024  # one file of 20 MB, and the form around it
CSP = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# bpmn-js writes style attributes into its drawing; pages with a diagram set g.diagram and get this one
CSP_DIAGRAM = CSP + "; style-src 'self' 'unsafe-inline'"
RESULTS = "results"
"""The blueprint of candidates, who have no account."""
STALE = "页面停留过久或登录已变化，请返回上一页刷新后重试。"
PAGES = {
    400: ("请求有误", "请返回上一页，核对后重试。"),
    401: ("登录已失效", "刚才的操作没有完成，请重新登录后再试。"),
    403: ("没有权限", "您没有查看或办理此内容的权限，如有疑问请联系管理员。"),
    404: ("没有找到", "页面或记录不存在，可能已被删除，或您无权查看。"),
    405: ("不能这样操作", "请返回上一页，使用页面上的按钮操作。"),
    409: ("现在不能这样操作", "状态已变化，请刷新后再操作。"),
    413: ("内容过大", "提交的内容超过 20 MB，请减小后重试。"),
    429: ("操作过于频繁", "请稍后再试。"),
    503: ("系统繁忙", "现在使用的人较多，或数据库暂时没有应答。本次没有保存，请稍后再试。"),
    507: ("存储空间不足", "服务器的存储空间已满，本次没有保存。请联系系统管理员清理空间，之后再试。"),
    500: ("系统出错", "系统出现问题，已记录，请稍后重试。如仍不成功，请把下面的编号告诉技术支持。"),
}


def create_app(runtime: Runtime) -> Flask:
    """The web application on an opened runtime."""
    app = Flask(__name__, static_folder=None)  # webapp/assets.py serves the static files
    settings = runtime.settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="pilot",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        MAX_FORM_PARTS=5000,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form may stay open for an afternoon
    )
    app.session_interface = cookies.Sessions()
    app.extensions["pilot"] = runtime
    if settings.proxies:  # else every log-in would come from one address, and some wrong passwords would shut everybody out
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    CSRFProtect(app)
    assets.install(app)
    request_checks.install(app)
    unsent_files.install(app)
    context.install(app)
    app.after_request(_headers)
    for blueprint in (*BLUEPRINTS, *usual_screens()):
        app.register_blueprint(blueprint)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ProcessError, _rule)
    app.register_error_handler(DomainError, _rule)
    app.register_error_handler(ExpressionError, _diagram_at_fault)
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(Busy, _busy)
    app.register_error_handler(OSError, _storage)
    app.register_error_handler(500, _fault)
    app.add_template_filter(moment, "moment")
    app.add_template_global(stored_files)
    app.add_template_global(photo_page)
    app.add_template_global(context.seen_at)
    app.add_template_global(must_prove)
    app.add_template_global(chosen_first)
    app.jinja_env.globals.update({one.__name__: one for one in STATES})
    app.context_processor(_page)
    return app


def usual_screens() -> Iterator[Blueprint]:
    """The screens of the kinds of records that have no pages of their own besides."""
    own = {blueprint.name for blueprint in BLUEPRINTS}
    return (record_blueprint(kind) for kind in KINDS.values() if kind.key not in own)


def moment(value: datetime | None) -> str:
    """A moment as people read it: 2026-11-23 14:05, in Shanghai."""
    return in_shanghai(value).strftime("%Y-%m-%d %H:%M") if value else ""


def error_page(status: int, message: str | None = None, number: str | None = None) -> tuple[str, int]:
    """A page that says what is wrong and what to do."""
    title, advice = PAGES.get(status, PAGES[400])
    g.quiet = True  # the database may be what failed: the frame of this page asks it for nothing
    name = "results/error.html" if request.blueprint == RESULTS else "error.html"  # candidates have no 工作台 to go back to
    return render_template(name, status=status, title=title, message=message or advice, number=number, onward=g.get("onward")), status


def wants_json() -> bool:
    """Whether the page's own script is asking."""
    return request.headers.get("X-Requested-With") == "fetch"


def _page() -> dict[str, Any]:
    user = g.get("actor")
    return {"user": user, "menu": menu.sections, "waiting_count": menu.waiting, "unread_count": menu.unread}


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP_DIAGRAM if g.get("diagram") else CSP)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _rule(error: ProcessError | DomainError) -> ResponseReturnValue:
    g.failed = True  # the redirect below is no success: nothing of this request is kept
    status = 403 if isinstance(error, NotAllowed) else 404 if isinstance(error, NotFound) else 409
    if wants_json():
        return {"message": str(error)}, status
    back = request.form.get("back", "") if request.method == "POST" else ""
    if status == 409 and is_local(back):
        flash(str(error), "danger")
        return redirect(back)
    return error_page(status, str(error))


def _diagram_at_fault(error: ExpressionError) -> ResponseReturnValue:
    """An expression of the diagram that only now turns out not to be computable."""
    return _rule(EngineFault(f"流程图有误，目前不能办理，请联系流程设计人员。{error}"))


def _database_busy(error: OperationalError) -> ResponseReturnValue:
    """A deadlock, a lock that took too long, a database that is away: nothing was kept, and trying again helps."""
    current_app.logger.warning("the database did not answer: %s", error)
    return _not_kept(507 if out_of_space(error) else 503)


def _busy(error: Busy) -> ResponseReturnValue:
    """What was handed in could not be looked at for the moment."""
    return _not_kept(503)


def _storage(error: OSError) -> ResponseReturnValue:
    """A disk that is full; any other trouble with a file is a fault like others."""
    if not out_of_space(error):
        raise error
    current_app.logger.error("no space left: %s", error)
    return _not_kept(507)


def _not_kept(status: int) -> ResponseReturnValue:
    g.failed = True
    session.pop("_flashes", None)  # no word of success
    title, message = PAGES[status]
    if wants_json():
        return {"message": message}, status
    if request.endpoint in LOGINS:
        return login_not_taken(message), status
    if not may_send_again():
        return error_page(status)
    g.quiet = True
    return page_to_send_again(status, title, message)


def _csrf(error: CSRFError) -> ResponseReturnValue:
    if wants_json():
        return {"message": STALE}, 401
    if request.endpoint == "account.log_in":
        flash(STALE, "warning")
        return redirect(url_for("account.login"))
    if request.blueprint == RESULTS:
        flash(STALE, "warning")
        return redirect(url_for("results.index"))
    if may_keep():
        return page_that_keeps(401)
    return error_page(400, STALE) if "person" in session else error_page(401)


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    if status == 401 and request.method == "GET":
        return redirect(url_for("account.login"))
    if status == 401 and may_keep() and not wants_json():
        return page_that_keeps(status)
    return error_page(status if status in PAGES else 400)


def _fault(error: Exception) -> ResponseReturnValue:
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, OperationalError) and out_of_space(cause):  # of the commit, which comes after what hands errors to their handlers
        return _database_busy(cause)
    number = secrets.token_hex(4)
    session.pop("_flashes", None)  # no word of success: what a view said before it broke, or before its commit did
    current_app.logger.error("fault %s", number)
    return error_page(500, number=number)
