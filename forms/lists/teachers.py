"""The list of 教师管理."""

from __future__ import annotations

from domain.ground.parties import Person
from domain.institutions.teachers import Teacher, teachers_query
from forms.listing import Column, Filter, Listing, contains

TEACHERS = Listing(
    name="teacher",
    title="教师管理",
    record=Teacher,
    query=teachers_query,
    columns=(
        Column("姓名", lambda row: row.person.name, sort=Person.name, field="name"),
        Column("手机号", lambda row: row.person.account, field="mobile"),
        Column("证件号", lambda row: row.id_number, field="id_number"),
        Column("性别", lambda row: row.sex, field="sex"),
        Column("专业", lambda row: row.major, sort=Teacher.major, field="major"),
        Column("职称", lambda row: row.rank, field="rank"),
        Column("邮箱", lambda row: row.email, field="email"),
        Column("状态", lambda row: row.status, "badge"),
        Column("创建时间", lambda row: row.created_at, "moment", sort=Teacher.created_at),
    ),
    filters=(
        Filter("name", "姓名", contains(Person.name), field="name"),
        Filter("mobile", "手机号", contains(Person.account), field="mobile"),
        Filter("major", "专业", contains(Teacher.major), field="major"),
    ),
    key="teacher",
)
