"""报考管理 (manual 5.2.6): the list, a registration's page, 删除; and 报考 of candidates who were ticked in their list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.exams.candidates import OUTSIDER, Candidate
from domain.exams.placed import Placed, placed_query
from domain.exams.plans import BY_SUBJECT, Sitting
from domain.exams.registering import OUTSIDE, Answer, NoPlan, Terms, Wish, answer_to, open_plan, open_plans, register, terms_of
from domain.exams.registrations import UNPLACED, Registration, delete_registrations, registration_of
from domain.exams.rooms import subject_label
from domain.ground.parties import Actor
from forms.kinds import SCHOOL
from forms.lists.candidates import CANDIDATES
from forms.lists.placed import place_of, span
from forms.lists.registrations import FORM, REGISTRATIONS
from jobs.imports.registrations import past_imports
from processes.errors import NotAllowed
from webapp.context import actor, db, reads_only, runtime
from webapp.links import posted_back
from webapp.listing import Button, ListScreen, Pick, render_list
from webapp.placed.views import TICKETS, tickets_of
from webapp.posted_data import posted_filters, ticked_rows
from webapp.printing.beginning import begin_printing
from webapp.printing.views import DOCUMENTS
from webapp.records.plain_kinds import PlainKind, Section, plain_page, seen_record

blueprint = Blueprint("registrations", __name__, url_prefix="/registrations")
DELETE = "删除后考生可以重新报考。确定删除“{title}”的报考吗？"
DELETE_MANY = "只删除未排考且未缴费的报考，删除后考生可以重新报考。确定删除吗？"
MOST = 5_000  # candidates that are registered at once from their list; an import takes more
SHOWN = 200  # of those who cannot be registered, on the page before


def _find(session: Session, who: Actor, registration_id: int) -> Registration | None:
    return registration_of(session, who, registration_id, _now())


def _keeps(who: Actor, row: Registration) -> bool:
    return SCHOOL in who.roles and row.party_id == who.party_id


REGISTRATION = PlainKind(
    noun="报考",
    form=FORM,
    listing=REGISTRATIONS,
    index=lambda: url_for("registrations.index"),
    show=lambda row: url_for("registrations.show", registration_id=row.id),
    name=lambda row: row.title(),
    find=_find,
    keeps=_keeps,
)


def _may_delete(who: Actor, row: Registration) -> bool:
    """Whether 删除 is offered: not where it would always be refused. Seats that are not published yet are not told here."""
    return _keeps(who, row) and not row.paid and row.status == UNPLACED


def _row_buttons(who: Actor, row: Registration) -> list[Button]:
    if not _may_delete(who, row):
        return []
    ask = DELETE.format(title=row.title())
    return [Button("删除", url_for("registrations.remove", registration_id=row.id), post=True, confirm=ask)]


def _above(who: Actor, part: str) -> list[Button]:
    if SCHOOL not in who.roles:
        return []
    return [
        Button("批量导入报考", url_for("registrations.begin"), primary=True),
        Button("从考生列表报考", url_for("candidate.index")),
    ]


SCREEN = ListScreen(
    REGISTRATIONS,
    help="在考试计划的报考时间内为考生报考；报考后保留考生当时的信息。只能删除未排考且未缴费的报考。",
    show=REGISTRATION.show,
    buttons=_above,
    row_buttons=_row_buttons,
    empty="还没有报考。在考生列表中勾选考生后点击“报考”，或用“批量导入报考”从 Excel 导入。",
    export="批量导出报考数据",
    picks=(
        Pick(
            "批量删除报考数据",
            "registrations.remove_many",
            frozenset({SCHOOL}),
            confirm="只删除未排考且未缴费的报考，删除后考生可以重新报考。确定删除吗？",
        ),
        tickets_of(REGISTRATIONS.name),
    ),
)


@blueprint.get("/")
def index() -> str:
    """The list."""
    return render_list(SCREEN, db(), actor())


@blueprint.get("/<int:registration_id>")
def show(registration_id: int) -> str:
    """One registration, with what it keeps of the candidate."""
    row, who = seen_record(REGISTRATION, registration_id), actor()
    correct = [Button("申请更正", url_for("registration_correction.new", **dict[str, Any]({"for": row.id})))] if _keeps(who, row) else []
    seats = db().scalars(placed_query(who).where(Placed.registration_id == row.id).order_by(None).order_by(Sitting.starts_at)).all()
    ticket = [Button(TICKETS, url_for(".ticket", registration_id=row.id), post=True)] if seats else []
    return plain_page(REGISTRATION, row, [_seats(seats)], [*correct, *ticket, *_row_buttons(who, row)])


def _seats(seats: Sequence[Placed]) -> Section:
    """排考安排: where and when somebody is examined, as far as it is published."""
    rows = [
        (
            *(subject_label(one.sitting.subject), span(one.sitting.starts_at, one.sitting.ends_at), one.room.site.title()),
            *(place_of(one.room), one.room.name, f"{one.number:02}", one.ticket or ""),
        )
        for one in seats
    ]
    heads = ("科目", "考试时间", "考核站点", "地点", "考场名称", "座位号", "准考证号")
    return Section("排考安排", heads, rows, "还没有发布排考安排。")


@blueprint.post("/<int:registration_id>/ticket")
def ticket(registration_id: int) -> ResponseReturnValue:
    """导出准考证 of one."""
    row = seen_record(REGISTRATION, registration_id)
    back = url_for(".show", registration_id=row.id)
    return begin_printing(
        f"准考证：{row.name}", {"source": REGISTRATIONS.name, "document": DOCUMENTS["tickets"], "ids": [row.id], "back": back}
    )


@blueprint.post("/<int:registration_id>/delete")
def remove(registration_id: int) -> ResponseReturnValue:
    """删除 of one."""
    seen_record(REGISTRATION, registration_id)
    return _removed([registration_id])


@blueprint.post("/delete")
def remove_many() -> ResponseReturnValue:
    """批量删除报考数据: the ticked ones, or all under the filters once all were chosen."""
    listing = REGISTRATIONS.asked_at(_now())
    ids = ticked_rows(listing)
    if not ids and request.form.get("all") == "1":
        chosen = listing.narrowed(actor(), posted_filters()).order_by(None).with_only_columns(Registration.id).limit(MOST)
        ids = list(db().scalars(chosen))
    if not ids:
        flash("没有选中任何报考，请勾选后再试。", "warning")
        return redirect(posted_back("registrations.index"))
    return _removed(ids)


def _removed(ids: Sequence[int]) -> ResponseReturnValue:
    if SCHOOL not in actor().roles:
        raise NotAllowed
    refused = delete_registrations(db(), actor(), ids)
    if gone := len(ids) - len(refused):
        flash(f"已删除 {gone} 条报考。", "success")
    for reason in dict.fromkeys(refused.values()):
        flash(f"{sum(one == reason for one in refused.values())} 条{reason}。", "warning")
    return redirect(posted_back("registrations.index"))


@blueprint.get("/import")
def begin() -> str:
    """批量导入报考: first the plan is chosen; of one that registers by subject the certificate, too. 导入记录 of those whose time is
    over stay in reach."""
    if SCHOOL not in actor().roles:
        raise NotAllowed
    terms = [terms_of(db(), plan) for plan in open_plans(db(), actor(), _now())]
    past = past_imports(db(), actor(), terms)
    return render_template("registrations/import.html", terms=terms, by_subject=BY_SUBJECT, past=past)


@dataclass(frozen=True)
class Target:
    """What candidates may be registered for: a certificate of a plan, or one of its subjects."""

    key: str
    label: str
    certificate_id: int
    subject_id: int | None


def _targets(terms: Terms) -> list[Target]:
    found = []
    for offer in terms.offers.values():
        label = f"{terms.plan.title()} — {offer.certificate.label}"
        if terms.plan.mode == BY_SUBJECT:
            for subject, _ in offer.subjects:
                key = f"{terms.plan.id}:{offer.certificate.id}:{subject.id}"
                found.append(Target(key, f"{terms.plan.title()} — {subject.title()}", offer.certificate.id, subject.id))
        else:
            found.append(Target(f"{terms.plan.id}:{offer.certificate.id}", label, offer.certificate.id, None))
    return found


@blueprint.post("/choose")
@reads_only
def choose() -> ResponseReturnValue:
    """报考 of candidates who were ticked, or of all under the filters: what for, who can be, and who cannot and why."""
    ids = _chosen()
    if not ids:
        flash("没有符合条件的考生，没有可以报考的内容。", "warning")
        return redirect(posted_back("candidate.index"))
    if len(ids) > MOST:
        flash(f"一次最多为 {MOST} 名考生报考，请缩小查询条件，或使用“批量导入报考”。", "warning")
        return redirect(posted_back("candidate.index"))
    now = _now()
    offered = [terms_of(db(), plan) for plan in open_plans(db(), actor(), now)]
    targets = [target for terms in offered for target in _targets(terms)]
    key = request.form.get("target", "")
    found = next(((terms, target) for terms in offered for target in _targets(terms) if target.key == key), None)
    about: dict[str, Any] = {}
    if found is not None:
        wishes = _wishes(found[1], ids)
        about = _told(wishes, answer_to(db(), actor(), found[0], wishes))
    page = render_template(
        "registrations/choose.html",
        total=len(ids),
        ids=ticked_rows(CANDIDATES) if request.form.get("all") != "1" else [],
        back=posted_back("candidate.index"),
        targets=targets,
        target=key if found is not None else "",
        most=SHOWN,
        **about,
    )
    return page


@blueprint.post("/register")
def enter() -> ResponseReturnValue:
    """报考: those against whom nothing stands now."""
    if SCHOOL not in actor().roles:
        raise NotAllowed
    plan_id, _, _ = request.form.get("target", "").partition(":")
    ids = _chosen()[:MOST]
    try:
        asked = int(plan_id) if plan_id.isdecimal() and len(plan_id) < 10 else 0
        terms = terms_of(db(), open_plan(db(), actor(), asked, _now(), hold=True))
        target = _target(terms)
        made, refused = _registered(terms, _wishes(target, ids))
    except NoPlan as error:
        flash(str(error), "danger")
        return redirect(posted_back("candidate.index"))
    flash(f"已为 {made} 名考生报考“{target.label}”。", "success" if made else "info")
    if refused:
        flash(f"{refused} 名考生没有报考，原因已在上一页列出。", "warning")
    return redirect(url_for(".index", plan_number=terms.plan.number))


def _registered(terms: Terms, wishes: Sequence[Wish]) -> tuple[int, int]:
    """Registers those against whom nothing stands. Returns how many were, and how many were not."""
    answer = answer_to(db(), actor(), terms, wishes)
    good = [wish for at, wish in enumerate(wishes) if at not in answer.refused]
    try:
        with db().begin_nested():
            register(db(), actor(), terms, good, _now())
    except IntegrityError:  # somebody else has registered one of them meanwhile: look again
        answer = answer_to(db(), actor(), terms, wishes)
        good = [wish for at, wish in enumerate(wishes) if at not in answer.refused]
        register(db(), actor(), terms, good, _now())
    return len(good), len(answer.refused)


def _target(terms: Terms) -> Target:
    """What was chosen of a plan.

    Raises:
        NoPlan: the plan does not offer it.
    """
    found = next((one for one in _targets(terms) if one.key == request.form.get("target")), None)
    if found is None:
        raise NoPlan
    return found


def _now() -> datetime:
    return runtime().engine.clock()


def _chosen() -> list[int]:
    """Ids of the candidates that are meant: one more than `MOST` at most."""
    listing = CANDIDATES.asked_at(_now())
    ticked = [] if request.form.get("all") == "1" else ticked_rows(listing)
    query = listing.picked(actor(), posted_filters(), ticked).order_by(None).order_by(Candidate.id)
    return list(db().scalars(query.with_only_columns(Candidate.id).limit(MOST + 1)))


def _wishes(target: Target, ids: Sequence[int]) -> list[Wish]:
    """Each candidate's wish; their 参考对象 is what their record says."""
    query = CANDIDATES.query(actor()).where(Candidate.id.in_(ids)).order_by(None).order_by(Candidate.id)
    rows = db().execute(query.with_only_columns(Candidate.id, Candidate.kind, Candidate.level, maintain_column_froms=True)).all()
    return [Wish(id, target.certificate_id, target.subject_id, OUTSIDE if kind == OUTSIDER else level) for id, kind, level in rows]


def _told(wishes: Sequence[Wish], answer: Answer) -> dict[str, Any]:
    def line(at: int, reason: str) -> tuple[str, str]:
        candidate = answer.candidates.get(wishes[at].candidate_id)
        return candidate.title() if candidate is not None else "—", reason

    return {
        "good": len(wishes) - len(answer.refused),
        "refused": [line(at, reason) for at, (_, reason) in sorted(answer.refused.items())],
        "warned": [line(at, reason) for at, reason in sorted(answer.warned.items())],
    }
