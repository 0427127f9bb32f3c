"""The menu of the manual, and the counts of the top bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flask import current_app, g, request, url_for
from sqlalchemy import select

from domain.ground.parties import Actor
from forms.kinds import OPERATOR, ORGANIZATION, PROVINCE, SCHOOL
from forms.lists import KINDS
from processes.notices.notices import unread_number
from processes.tasks.inbox import waiting_number
from webapp.context import db, runtime


@dataclass(frozen=True)
class Entry:
    """One line of the menu: a page, or (with `under`) a heading over pages.

    A page is shown once its endpoint is registered, so an entry never leads nowhere; a heading is shown while a page under it is.
    """

    name: str
    icon: str = ""
    endpoint: str = ""
    roles: tuple[str, ...] = ()
    """Who sees it; empty: everyone."""
    under: tuple[Entry, ...] = ()
    order: tuple[str, ...] = ()
    """Of a heading: its lines in the order of the manual; what is not named stands behind them."""


@dataclass(frozen=True)
class Line:
    """What the template shows of an entry. `address` is empty for a heading."""

    name: str
    icon: str
    address: str
    current: bool
    under: Sequence[Line] = ()


WORK = (
    Entry("工作台", "home", "home.index"),
    Entry("任务收件箱", "inbox", "inbox.index"),
)


def _with_kinds(headings: Sequence[Entry]) -> tuple[Entry, ...]:
    """The menu of the manual: under each heading its pages and the kinds of records that name it, in its order; then those without a
    heading."""
    lines = [
        (kind.menu.under, Entry(kind.listing.title, kind.menu.icon, f"{kind.key}.index", kind.menu.roles))
        for kind in KINDS.values()
        if kind.menu is not None
    ]
    kinds = {one.name: [line for name, line in lines if name == one.name] for one in headings}
    filled = [replace(one, under=_in_order(one.order, (*one.under, *kinds[one.name]))) for one in headings]
    return (*filled, *(line for name, line in lines if not name))


def _in_order(names: Sequence[str], lines: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(lines, key=lambda one: names.index(one.name) if one.name in names else len(names)))


EXAM_AFFAIRS = (  # manual 5.2.1 to 5.2.11
    *("考试科目", "考试计划", "考生管理", "考核站点申报", "考核站点分配", "考核站点分配查询", "考场管理", "报考管理", "报考信息更正"),
    *("缴费管理", "排考", "考核站点编排", "考场编排", "排考明细", "科目成绩", "成绩异议", "考证结果", "监考人员"),
)
HEADINGS = (
    Entry(
        "机构管理",
        "building-bank",
        under=(
            Entry("培训评价组织管理", endpoint="institutions.organizations", roles=(SCHOOL, ORGANIZATION, *PROVINCE, OPERATOR)),
            Entry("试点院校管理", endpoint="institutions.schools", roles=(SCHOOL, ORGANIZATION, *PROVINCE, OPERATOR)),
        ),
    ),
    Entry("标准管理", "books"),
    Entry(
        "证书管理",
        "certificate",
        under=(Entry("证书信息管理", endpoint="certificates.index", roles=(SCHOOL, ORGANIZATION, *PROVINCE, OPERATOR)),),
    ),
    Entry(
        "考务管理",
        "writing",
        order=EXAM_AFFAIRS,
        under=(
            Entry("考试科目", endpoint="exam_subject.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("考试计划", endpoint="exam_plan.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("考核站点分配", endpoint="allotments.index", roles=(ORGANIZATION,)),
            Entry("考核站点分配查询", endpoint="allotments.index", roles=(SCHOOL, OPERATOR)),
            Entry("考场管理", endpoint="rooms.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("报考管理", endpoint="registrations.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("排考", endpoint="arranging.index", roles=(ORGANIZATION,)),
            Entry("考核站点编排", endpoint="planned_subjects.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("考场编排", endpoint="used_rooms.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("排考明细", endpoint="placed.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("科目成绩", endpoint="scores.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("考证结果", endpoint="outcomes.index", roles=(SCHOOL, ORGANIZATION, OPERATOR)),
            Entry("监考人员", endpoint="invigilators.index", roles=(SCHOOL,)),
        ),
    ),
)
MANUAL = _with_kinds(HEADINGS)
TOOLS = (
    Entry("后台任务", "progress", "background.index"),
    Entry("流程设计", "sitemap", "designer.index", ("流程设计",)),
    Entry("文档模板", "file", "document_templates.index", ("流程设计", "系统管理")),
    Entry("流程监控", "activity", "monitor.index", ("监控",)),
)
MENU = (WORK, MANUAL, TOOLS)


def sections(actor: Actor) -> list[list[Line]]:
    """The lines this person sees, in the three parts of the menu; at most one page is the current one."""
    shown = [[entry for entry in map(lambda one: _visible(one, actor), part) if entry] for part in MENU]
    addresses = [url_for(page.endpoint) for part in shown for page in _pages(part)]
    path = g.get("belongs_to", request.path).partition("?")[0]  # a page of another address may say to which list it belongs
    inside = [a for a in addresses if path == a or (a != "/" and path.startswith(a.rstrip("/") + "/"))]
    here = max(inside, key=len, default="")
    return [[_line(entry, here) for entry in part] for part in shown if part]


def waiting(actor: Actor) -> int | None:
    """How many tasks wait, up to a cap; None on a page about a fault, which asks the database for nothing."""
    return _numbers(actor)[0]


def unread(actor: Actor) -> int | None:
    """How many notices (消息) are unread, up to a cap; None on a page about a fault."""
    return _numbers(actor)[1]


def _numbers(actor: Actor) -> tuple[int | None, int | None]:
    """Both, in one query a page."""
    if g.get("quiet"):
        return None, None
    if "numbers" not in g:
        query = select(waiting_number(actor, runtime().engine.clock()), unread_number(actor))
        g.numbers = tuple(db().execute(query).one())
    found: tuple[int, int] = g.numbers
    return found


def _visible(entry: Entry, actor: Actor) -> Entry | None:
    if entry.roles and not actor.roles.intersection(entry.roles):
        return None
    if entry.endpoint:
        return entry if entry.endpoint in current_app.view_functions else None
    under = tuple(one for one in entry.under if _visible(one, actor))
    return Entry(entry.name, entry.icon, under=under) if under else None


def _pages(part: Sequence[Entry]) -> Iterator[Entry]:
    for entry in part:
        yield from entry.under or (entry,)


def _line(entry: Entry, here: str) -> Line:
    under = [_line(one, here) for one in entry.under]
    address = url_for(entry.endpoint) if entry.endpoint else ""
    return Line(entry.name, entry.icon, address, address == here if address else any(one.current for one in under), under)
