"""The menu of the manual."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from domain.parties import Actor


@dataclass(frozen=True)
class Entry:
    """One line of the menu; without an endpoint its screen is still to come."""

    name: str
    icon: str
    endpoint: str | None = None
    roles: frozenset[str] = frozenset()
    """Who sees it; empty: everyone."""

    @property
    def address(self) -> str | None:
        """Where it leads."""
        return url_for(self.endpoint) if self.endpoint else None


MENU = (
    Entry("工作台", "台", "home.index"),
    Entry("任务收件箱", "收", "inbox.index"),
    Entry("机构管理", "机"),
    Entry("标准管理", "标"),
    Entry("证书管理", "证"),
    Entry("考务管理", "考"),
    Entry("周报管理", "周", "weekly_report.index", frozenset({"试点院校", "省级", "省级初审", "省级复审"})),
    Entry("教师管理", "教"),
    Entry("流程设计", "设", roles=frozenset({"流程设计"})),
    Entry("流程监控", "监", roles=frozenset({"监控"})),
)


def entries(actor: Actor) -> list[Entry]:
    """The lines this person sees."""
    return [e for e in MENU if not e.roles or e.roles & actor.roles]
