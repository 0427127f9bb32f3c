"""Checks and previews of a template that somebody writes, in a process of its own: a text of a few lines may ask for hours of layout."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from jobs import confinement
from jobs.confinement import Json, Unfinished
from jobs.document_templates.kinds import TEMPLATES

TOO_MUCH = "模板过于复杂，未能在限定的时间和内存内排版，请简化（如减少嵌套的表格、重复的内容）"


@dataclass(frozen=True)
class Preview:
    """What a template comes to."""

    problems: list[str]
    pdf: bytes = b""
    """Nothing where there are problems."""


def problems_apart(key: str, text: str) -> list[str]:
    """What is wrong with a text as the template of a kind of `TEMPLATES`, confined.

    Raises:
        Busy: others are at it.
    """
    try:
        found = confinement.run("check of a document template", {"key": key, "text": text})
    except Unfinished:
        return [TOO_MUCH]
    return [str(one) for one in found] if isinstance(found, list) else [TOO_MUCH]


def preview_apart(key: str, text: str) -> Preview:
    """A PDF of made-up documents, confined; or what is wrong with the text. Raises as `problems_apart`."""
    try:
        found = confinement.run("preview of a document template", {"key": key, "text": text})
    except Unfinished:
        return Preview([TOO_MUCH])
    if isinstance(found, str):
        return Preview([], b64decode(found))
    return Preview([str(one) for one in found] if isinstance(found, list) else [TOO_MUCH])


def check(asked: Mapping[str, Json]) -> Json:
    """`problems_apart`, inside."""
    return list(TEMPLATES[str(asked["key"])].problems(str(asked["text"])))


def preview(asked: Mapping[str, Json]) -> Json:
    """`preview_apart`, inside."""
    kind, text = TEMPLATES[str(asked["key"])], str(asked["text"])
    found = kind.problems(text)
    return list(found) if found else b64encode(kind.preview(text)).decode()
