"""Opens an uploaded PKCS#12, and decodes an uploaded picture, in a process of its own: a hostile one may ask for years of computing, or
for all memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from domain.institutions.seal_keys import BadKey, SealKey, read_key
from domain.institutions.seal_pictures import BadPicture, checked_picture
from jobs import confinement
from jobs.confinement import Json, Unfinished


def read_key_apart(content: bytes, password: str) -> SealKey:
    """`seal_keys.read_key`, confined. Key and password pass through a pipe, never through arguments or files.

    Raises:
        BadKey: what is wrong with the file; also that it could not be opened within its bounds.
    """
    try:
        found = confinement.run("seal key", {"content": content.hex(), "password": password})
    except Unfinished as error:
        raise BadKey("签章密钥文件无法打开，请用常用工具重新导出后上传") from error
    if not isinstance(found, dict) or "problem" in found:
        raise BadKey(str(found["problem"]) if isinstance(found, dict) else None)
    times = {name: datetime.fromisoformat(str(found[name])) for name in ("valid_from", "valid_to")}
    return SealKey(**{**found, **times, "pem": str(found["pem"]).encode("ascii")})  # type: ignore[arg-type]


def picture_apart(content: bytes) -> bytes:
    """`seal_pictures.checked_picture`, confined.

    Raises:
        BadPicture: what is wrong with the picture; also that it could not be decoded within its bounds.
    """
    try:
        found = confinement.run("seal picture", {"content": content.hex()})
    except Unfinished as error:
        raise BadPicture("签章图片无法打开，请重新导出后上传") from error
    if isinstance(found, dict):
        raise BadPicture(str(found["problem"]))
    return bytes.fromhex(str(found))


def open_key(asked: Mapping[str, Json]) -> Json:
    """`read_key_apart`, inside."""
    try:
        found = read_key(bytes.fromhex(str(asked["content"])), str(asked["password"]))
    except BadKey as error:
        return {"problem": str(error)}
    times = {"valid_from": found.valid_from.isoformat(), "valid_to": found.valid_to.isoformat()}
    return {**asdict(found), **times, "pem": found.pem.decode("ascii")}


def check_picture(asked: Mapping[str, Json]) -> Json:
    """`picture_apart`, inside."""
    try:
        return checked_picture(bytes.fromhex(str(asked["content"]))).hex()
    except BadPicture as error:
        return {"problem": str(error)}
