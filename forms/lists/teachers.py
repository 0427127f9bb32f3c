"""教师 (manual 7): their list and their screens."""

from __future__ import annotations

from domain.ground.id_numbers import masked
from domain.ground.identity import tidy_mobile
from domain.ground.names import tidy_name
from domain.ground.parties import Person
from domain.institutions.teachers import Teacher, new_teacher, teachers_query
from forms.kinds import SCHOOL, Link, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains

TEACHERS = Listing(
    name="teacher",
    title="教师管理",
    record=Teacher,
    query=teachers_query,
    columns=(
        Column("姓名", lambda row: row.person.name, sort=Person.name, field="name"),
        Column("手机号", lambda row: row.person.account, field="mobile"),
        Column("证件号", lambda row: row.id_number, field="id_number", shown=lambda row: masked(row.id_number or "")),
        Column("性别", lambda row: row.sex, field="sex"),
        Column("专业", lambda row: row.major, sort=Teacher.major, field="major"),
        Column("职称", lambda row: row.rank, field="rank"),
        Column("邮箱", lambda row: row.email, field="email"),
        Column("状态", lambda row: row.status, "badge"),
        Column("创建时间", lambda row: row.created_at, "moment", sort=Teacher.created_at),
    ),
    filters=(
        Filter("name", "姓名", contains(Person.name, tidy_name), field="name"),
        Filter("mobile", "手机号", contains(Person.account, tidy_mobile), field="mobile"),
        Filter("major", "专业", contains(Teacher.major), field="major"),
    ),
    key="teacher",
)

OPENING = Opening("新增教师", "保存后即开通账号：登录账号为手机号，首次登录密码以短信发到该手机。")
TEACHER = RecordKind(
    noun="教师",
    listing=TEACHERS,
    help="教师的手机号就是登录账号；首次登录密码以短信发出，教师登录并修改密码后即为已激活。",
    empty="还没有教师。点击“新增”添加一位，或用“批量导入教师信息”从 Excel 导入。",
    address="/teachers",
    menu=MenuLine((SCHOOL,), icon="school"),
    begin=lambda session, actor, now, token: OPENING,
    reopen=lambda session, actor, token: OPENING,
    create=lambda session, actor, now, token, answers: new_teacher(session, actor, now, answers),
    links=(
        Link("批量导入教师信息", "imports.index", frozenset({SCHOOL}), {"kind": "teachers"}),
        Link("导入记录", "imports.index", frozenset({SCHOOL}), {"kind": "teachers"}, anchor="records"),
    ),
)
