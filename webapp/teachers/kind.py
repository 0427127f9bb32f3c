"""教师 as a kind of record (manual 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.institutions.teachers import Teacher, new_teacher, teacher_of
from forms.lists.teachers import TEACHERS
from webapp.listing import Button
from webapp.records.kinds import Opening, RecordKind

SCHOOL = "试点院校"
OPENING = Opening("新增教师", "保存后即开通账号：登录账号为手机号，首次登录密码以短信发到该手机。")


def create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> Teacher:
    """A new teacher with an account, of answers that passed the form's check: what is saved has an account at once.

    Raises:
        MobileTaken, IdNumberTaken
    """
    return new_teacher(session, actor, now, answers)


def _buttons(actor: Actor) -> Sequence[Button]:
    if SCHOOL not in actor.roles:
        return ()
    address = url_for("imports.index", kind="teachers")
    return (Button("批量导入教师信息", address), Button("导入记录", f"{address}#records"))


KIND = RecordKind(
    key="teacher",
    noun="教师",
    listing=TEACHERS,
    help="教师的手机号就是登录账号；首次登录密码以短信发出，教师登录并修改密码后即为已激活。",
    empty="还没有教师。点击“新增”添加一位，或用“批量导入教师信息”从 Excel 导入。",
    find=teacher_of,
    begin=lambda session, actor, now, token: OPENING,
    reopen=lambda session, actor, token: OPENING,
    create=create,
    buttons=_buttons,
)
