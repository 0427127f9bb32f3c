"""The list of 试点院校管理 (manual 2.2)."""

from __future__ import annotations

from domain.certificates.majors import LEVELS
from domain.ground.parties import Party
from domain.institutions.schools import School, schools_query
from forms.listing import Column, Filter, Listing, contains, equals

SCHOOLS = Listing(
    name="schools",
    title="试点院校管理",
    record=School,
    query=schools_query,
    columns=(
        Column("院校名称", lambda row: row.name, sort=Party.name),
        Column("院校代码", lambda row: row.code, sort=School.code),
        Column("层次", lambda row: row.level, sort=School.level),
        Column("省份", lambda row: row.province),
        Column("城市", lambda row: row.city, sort=School.city),
        Column("地址", lambda row: row.address),
        Column("联系人", lambda row: row.contact),
        Column("联系手机", lambda row: row.mobile),
    ),
    filters=(
        Filter("name", "院校名称", contains(Party.name)),
        Filter("level", "层次", equals(School.level), LEVELS),
        Filter("city", "城市", contains(School.city)),
    ),
)
