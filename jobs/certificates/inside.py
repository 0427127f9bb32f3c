"""Looks at a PDF that a stranger hands in, inside a process of its own (`jobs.confinement`); it loads pyHanko, which that keeps loaded."""

from __future__ import annotations

import hashlib
import logging
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace

from jobs.certificates.revisions import BROKEN, Structure, added_after, orderly, structure_of
from jobs.certificates.seen import ENCRYPTED, NOT_PDF, UNREADABLE, Seen, Signature
from jobs.certificates.signatures import Range, signatures_of
from jobs.confinement import Json


def look_inside(asked: Mapping[str, Json]) -> Json:
    """`checking.look`, inside."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what is odd about strangers' files is told, not logged
    return look(b64decode(str(asked["content"]))).as_json()


def look(content: bytes) -> Seen:
    """What there is to see. Signatures are checked, by whom they are is not judged."""
    seen = Seen(hashlib.sha256(content).hexdigest(), len(content), ended=b"%%EOF" in content[-1024:])
    if not content.startswith(b"%PDF-"):
        return replace(seen, problem=NOT_PDF)
    found = list(signatures_of(content))
    seen = replace(seen, signatures=tuple(signature for _, signature in found))
    try:
        structure = structure_of(content)
    except BROKEN:
        return replace(seen, problem=UNREADABLE)
    if structure.encrypted:
        return replace(seen, problem=ENCRYPTED)
    named = tuple(_named(structure, at, signature) for at, signature in found)
    seen = replace(seen, title=structure.title, revisions=structure.revisions, signatures=named)
    try:
        return replace(
            seen,
            orderly=orderly(structure, [at for at, _ in found], len(content)),
            added=_added(structure, [at for at, signature in found if signature.good]),
        )
    except BROKEN:
        return replace(seen, problem=UNREADABLE)


def _named(structure: Structure, at: Range, signature: Signature) -> Signature:
    field = next((one for one in structure.fields if one.range == at), None)
    return signature if field is None else replace(signature, field=field.name, signed_at=field.signed_at)


def _added(structure: Structure, good: list[Range]) -> tuple[str, ...]:
    return added_after(structure, good[-1]) if good else ()
