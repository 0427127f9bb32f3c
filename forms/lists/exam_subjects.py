"""考试科目 (manual 5.2.1): their list and their screens."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from domain.certificates.certificates import GRADES, Certificate, certificates_query
from domain.exams.exam_subjects import AUDIENCES, METHODS, ExamSubject, exam_subjects_query, new_exam_subject
from domain.ground.parties import Actor, Party
from forms.adapting import Choices
from forms.kinds import Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains, equals

EXAM_SUBJECTS = Listing(
    name="exam_subject",
    title="考试科目",
    record=ExamSubject,
    query=exam_subjects_query,
    columns=(
        Column("科目名称", lambda row: row.name, sort=ExamSubject.name, field="name"),
        Column("证书名称", lambda row: row.certificate.name, sort=Certificate.name, field="certificate"),
        Column("等级", lambda row: row.certificate.grade, field="certificate"),
        Column("参考对象", lambda row: row.audience, sort=ExamSubject.audience, field="audience"),
        Column("状态", lambda row: row.status, "badge"),
        Column("考试方式", lambda row: row.method, field="method"),
        Column("考场类型", lambda row: row.room_type, field="room_type"),
        Column("满分", lambda row: row.full_mark, "number", field="full_mark"),
        Column("合格分", lambda row: row.pass_mark, "number", field="pass_mark"),
        Column("时长（分钟）", lambda row: row.minutes, "number", field="minutes"),
        Column("培训评价组织", lambda row: row.party.name, sort=Party.name),
    ),
    filters=(
        Filter("certificate", "证书名称", contains(Certificate.name), field="certificate"),
        Filter("grade", "等级", equals(Certificate.grade), GRADES, field="certificate"),
        Filter("audience", "参考对象", equals(ExamSubject.audience), AUDIENCES, field="audience"),
        Filter("name", "科目名称", contains(ExamSubject.name), field="name"),
        Filter("method", "考试方式", equals(ExamSubject.method), METHODS, field="method"),
        Filter("organization", "培训评价组织", contains(Party.name), fixed_for=frozenset({"培训评价组织"})),
    ),
    key="exam_subject",
)


def _own_certificates(session: Session, actor: Actor, about: ExamSubject | str) -> Mapping[str, Choices]:
    return {"own_certificates": [certificate.label for certificate in session.scalars(certificates_query(actor))]}


EXAM_SUBJECT = RecordKind(
    noun="考试科目",
    listing=EXAM_SUBJECTS,
    help="各证书的考试科目，由培训评价组织发布。参考对象不是“所有考生”的科目，报考时须填写考生所属的参考对象。",
    empty="还没有考试科目。参与试点的证书由其培训评价组织发布科目后，会列在这里。",
    address="/exam-subjects",
    begin=lambda session, actor, now, token: Opening("新增考试科目", answers={"audience": "所有考生", "full_mark": 100, "pass_mark": 60}),
    create=lambda session, actor, now, token, answers: new_exam_subject(session, actor, now, answers),
    choices=_own_certificates,
)
