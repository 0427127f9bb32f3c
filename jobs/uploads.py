"""Finds out what an uploaded file is, in a process of its own (`jobs.confinement`): a package or a picture may ask for all memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import cast

from domain.ground.filetypes import WrongType, media_type_of
from jobs import confinement
from jobs.confinement import Json, Unfinished


def media_type_apart(name: str, path: Path, accept: Collection[str]) -> str:
    """`filetypes.media_type_of`, confined, of the file at `path`, which was uploaded as `name`.

    Raises:
        WrongType: what is wrong with the file; also that it could not be looked at within the bounds.
        Busy: other files are being looked at.
    """
    try:
        found = confinement.run("look at an upload", {"name": name, "path": str(path), "accept": [*accept]})
    except Unfinished as error:
        raise WrongType(f"“{name}”过于复杂，不能检查，请用原软件另存后重新上传。") from error
    if not isinstance(found, dict) or "problem" in found:
        raise WrongType(str(found["problem"]) if isinstance(found, dict) else None)
    return str(found["type"])


def look(asked: Mapping[str, Json]) -> Json:
    """`media_type_apart`, inside."""
    try:
        with Path(str(asked["path"])).open("rb") as stream:
            return {"type": media_type_of(str(asked["name"]), stream, cast(list[str], asked["accept"]))}
    except WrongType as error:
        return {"problem": str(error)}
