"""The list of 申报计划 (row 4.3.7)."""

from __future__ import annotations

from domain.certificates.declaration_plans import DeclarationPlan, plans_query
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
