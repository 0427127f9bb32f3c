"""Handlers about candidates: the comparison of a photo with the one that the public-security system has of that person."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from sqlalchemy.orm import Session

from domain.exams.candidates import Candidate
from domain.exams.photos import read_photo
from domain.ground.handling import BusinessError, Permanent
from domain.ground.settings import Settings
from handlers.outside import Outside, post

POLICE = Outside("公安系统照片比对", "系统会自动重试，请稍后查看")
NO_PERSON, MISMATCH = "no_person", "mismatch"


def prepare(session: Session, subject: Candidate, params: dict[str, Any]) -> dict[str, Any]:
    """The payload: who is meant, and which photo. Its bytes are read when it is sent.

    Raises:
        Permanent: there is no photo.
    """
    if subject.photo is None:
        raise Permanent("该考生还没有照片，请先导入照片")
    return {"name": subject.name, "document": subject.document, "number": subject.id_number, "photo": subject.photo}


def compare(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
    """Has the photo compared; nothing is returned where it is that person's.

    Raises:
        Transient: as `outside.post`.
        Permanent: the photo is lost, or the request is refused.
        BusinessError: it is another person's photo (`mismatch`), or nobody has that name and number (`no_person`).
    """
    photo = read_photo(settings.home, payload["photo"])
    if photo is None:
        raise Permanent("照片文件不存在，请重新导入该考生的照片")
    sent = {**payload, "photo": b64encode(photo).decode()}
    reply = post(POLICE, f"{settings.compare_url}/compare", sent, key)
    if reply.status_code == 404:
        raise BusinessError(NO_PERSON, "公安系统中没有与姓名、证件号一致的人，请核对姓名、证件类型和证件号")
    if not reply.is_success:
        raise Permanent("公安系统拒绝了这次比对，请联系系统管理员")
    try:
        answer = reply.json()
    except ValueError:  # the page of a proxy, say
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("match"), bool):
        raise Permanent("公安系统的应答无法识别，请联系系统管理员")
    if not answer["match"]:
        raise BusinessError(MISMATCH, f"照片与公安系统中的照片不一致{_score(answer.get('score'))}，请核对照片是否为本人")
    return {}


def _score(score: object) -> str:
    return f"（相似度 {score:.0%}）" if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1 else ""
