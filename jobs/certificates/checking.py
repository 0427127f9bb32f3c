"""Checks a PDF that somebody hands in, in a process of its own: a hostile one may ask for all memory or years of computing."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast

from jobs import confinement
from jobs.certificates.judging import Checked, Known, Verdict, judged
from jobs.certificates.seen import NOT_PDF, UNREADABLE, Seen, seen_of
from jobs.confinement import Unfinished

LARGEST = 10 * 1024 * 1024  # bytes; a certificate has some hundred thousand


def check(content: bytes, known: Mapping[str, Known], issued: str | None = None) -> Checked:
    """What this file is worth, as `judging.judged` has it.

    A caller who looks for what was issued by what the file says (`Seen.number`) or is (`Seen.digest`) calls `look`, then `judged`.

    Raises:
        confinement.Busy: others are at it; trying again helps.
    """
    if len(content) > LARGEST:
        seen = Seen(hashlib.sha256(content).hexdigest(), len(content), NOT_PDF)
        most = LARGEST // 1024 // 1024
        return Checked(Verdict.TOO_LARGE, (f"文件超过 {most} MB，本平台签发的证书没有这么大，请上传从本平台下载的证书原文件",), seen)
    return judged(look(content), known, issued)


def look(content: bytes) -> Seen:
    """What there is to see in a file of at most `LARGEST` bytes. Raises as `check`."""
    try:
        told = confinement.run("look at a certificate", {"content": b64encode(content).decode("ascii")})
    except Unfinished:  # no program of the product writes what takes so long to read
        return Seen(hashlib.sha256(content).hexdigest(), len(content), UNREADABLE)
    return seen_of(cast(Mapping[str, Any], told))
