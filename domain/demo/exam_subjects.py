"""考试科目 of the demonstration's certificates, without processes: `jobs.demo` starts those."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.exams.exam_subjects import EVERYBODY, ExamSubject, InForce

THEORY = {"name": "理论知识", "method": "理论", "room_type": "计算机机房", "minutes": 90}
PRACTICE = {"method": "实操", "room_type": "实训室", "minutes": 150}


def new_exam_subjects(session: Session, now: datetime) -> list[ExamSubject]:
    """Flushed subjects: of every certificate 理论知识 for all, and a practical one; every fifth's differs by category of candidates."""
    made = []
    for number, certificate in enumerate(session.scalars(select(Certificate).order_by(Certificate.code))):
        practices = (("操作技能", EVERYBODY),) if number % 5 else (("操作技能", "中职"), ("操作技能", "高职"), ("综合项目", "社会考生"))
        for kind, name, whom in ((THEORY, THEORY["name"], EVERYBODY), *((PRACTICE, name, whom) for name, whom in practices)):
            facts = {**kind, "name": name, "audience": whom, "full_mark": 100, "pass_mark": 60, "created_at": now}
            made.append(
                ExamSubject(party_id=certificate.party_id, certificate_id=certificate.id, in_force=[InForce(began_at=now)], **facts)
            )
    session.add_all(made)
    session.flush()
    return made
