"""The lists of 证书信息管理 (manual 4.1): one opens with the piloted certificates, the other is for those who keep certificates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, false, or_, select

from domain.certificates.certificates import GRADES, Certificate, certificate_major, certificates_query
from domain.certificates.majors import Major
from domain.certificates.pilots import marked, participating
from domain.exams.exam_subjects import ExamSubject
from domain.ground.parties import Actor, Party
from domain.ground.tones import Tone
from forms.listing import Column, Filter, Listing, contains, equals

PILOTED = "已参与试点"


def _by_scope(actor: Actor, query: Select[Any], text: str) -> Select[Any]:
    return query.where(Certificate.id.in_(participating(actor))) if text == PILOTED else query


def _by_major(query: Select[Any], text: str) -> Select[Any]:
    named = select(Major.id).where(or_(Major.name.contains(text, autoescape=True), Major.code.startswith(text, autoescape=True)))
    links = select(certificate_major.c.certificate_id).where(certificate_major.c.major_id.in_(named))
    return query.where(Certificate.id.in_(links))


NONE_IN_FORCE, SOME_IN_FORCE = "无启用科目", "有启用科目"


def _by_subjects(query: Select[Any], text: str) -> Select[Any]:
    """With or without an exam subject in force, as its diagram says: nothing else has the tone of what is done."""
    examined = Certificate.id.in_(select(ExamSubject.certificate_id).where(ExamSubject.tone == Tone.DONE))
    return query.where({SOME_IN_FORCE: examined, NONE_IN_FORCE: ~examined}.get(text, false()))


NAME = Filter("name", "证书名称", contains(Certificate.name))
GRADE = Filter("grade", "等级", equals(Certificate.grade), GRADES)
ORGANIZATION = Filter("organization", "培训评价组织", contains(Party.name), fixed_for=frozenset({"培训评价组织"}))
MAJOR = Filter("major", "对应专业", _by_major)
SUBJECTS = Filter("subjects", "考试科目", _by_subjects, (SOME_IN_FORCE, NONE_IN_FORCE))

CERTIFICATES = Listing(
    name="certificates",
    title="证书信息管理",
    record=Certificate,
    query=lambda actor: marked(certificates_query(actor), actor),
    columns=(
        Column("证书名称", lambda row: row.name, sort=Certificate.name),
        Column("证书编码", lambda row: row.code, sort=Certificate.code),
        Column("等级", lambda row: row.grade),
        Column("培训评价组织", lambda row: row.party.name, sort=Party.name),
        Column("考核费用（元/人）", lambda row: row.yuan, "number", sort=Certificate.fee),
        Column("试点情况", lambda row: PILOTED if row.piloted else "未参与"),
    ),
    filters=(Filter("scope", "证书范围", for_actor=_by_scope, options=(PILOTED,), default=PILOTED), NAME, GRADE, ORGANIZATION, MAJOR),
)
KEPT_CERTIFICATES = replace(CERTIFICATES, name="kept_certificates", filters=(NAME, GRADE, SUBJECTS, ORGANIZATION, MAJOR))
