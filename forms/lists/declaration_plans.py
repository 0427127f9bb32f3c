"""申报计划 (row 4.3.7): their list and their screens."""

from __future__ import annotations

from domain.certificates.declaration_plans import DeclarationPlan, all_labels, new_plan, plans_query
from forms.kinds import PROVINCE, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains

PLANS = Listing(
    name="declaration_plan",
    title="申报计划",
    record=DeclarationPlan,
    query=plans_query,
    columns=(
        Column("计划名称", lambda row: row.title(), sort=DeclarationPlan.name, field="name"),
        Column("年度", lambda row: (row.data or {}).get("year", ""), "number", field="year"),
        Column("申报开始时间", lambda row: row.starts_at, "moment", sort=DeclarationPlan.starts_at, field="starts_at"),
        Column("申报结束时间", lambda row: row.ends_at, "moment", sort=DeclarationPlan.ends_at, field="ends_at"),
        Column("状态", lambda row: row.status, "badge"),
        Column("创建时间", lambda row: row.created_at, "moment", sort=DeclarationPlan.created_at),
    ),
    filters=(Filter("name", "计划名称", contains(DeclarationPlan.name), field="name"),),
    key="declaration_plan",
)

DECLARATION_PLAN = RecordKind(
    noun="申报计划",
    listing=PLANS,
    help="发布申报计划后，本省院校在申报时间内可申报证书试点；到开始时间自动开放，到结束时间自动截止。",
    empty="还没有申报计划。点击“新建申报计划”填写申报时间和可申报证书。",
    address="/declaration-plans",
    menu=MenuLine(PROVINCE, under="证书管理"),
    begin=lambda session, actor, now, token: Opening("新建申报计划", "保存后可以继续修改；发布后本省院校可以看到。"),
    create=lambda session, actor, now, token, answers: new_plan(session, actor, now, answers),
    choices=lambda session, actor, about: {"all_certificates": all_labels(session)},
)
