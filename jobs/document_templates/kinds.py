"""The documents whose template designers may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from jobs.documents import bundles
from jobs.documents.checking import problems
from jobs.documents.naming import Named, named_values
from jobs.documents.samples import samples
from jobs.documents.templates import template_of


@dataclass(frozen=True)
class TemplateKind:
    """A document with a template."""

    label: str
    about: str
    """What it is, in a sentence."""
    own: Callable[[], str]
    """The text that comes with the product."""
    problems: Callable[[str], list[str]]
    """What is wrong with a text, in Chinese; nothing: it may be used. Ends of lines are `\\n`."""
    preview: Callable[[str], bytes]
    """A PDF of made-up documents by a text in which nothing is wrong."""
    named: Callable[[], Sequence[Named]]
    """What a text may name."""


def _printed(kind: bundles.Kind[Any], about: str) -> tuple[str, TemplateKind]:
    """A kind of `jobs.documents`, by the key of its template."""
    key = kind.template
    ways = (partial(template_of, key), partial(problems, key), partial(_preview, kind), partial(named_values, key))
    return key, TemplateKind(kind.label, about, *ways)


def _preview(kind: bundles.Kind[Any], text: str) -> bytes:
    from domain.demo.portraits import as_jpeg, draw  # with what draws pictures, which nothing else here needs

    made, photo = BytesIO(), as_jpeg(draw(3).picture, 88)
    bundles.with_template(kind, text).draw(samples(kind.template, rare=True, photo=photo), made, lambda done: None)
    return made.getvalue()


TEMPLATES: Mapping[str, TemplateKind] = dict(
    (
        _printed(bundles.DOORS, "贴在考场门上，一个考场一场考试一张，横版 A4"),
        _printed(bundles.ATTENDANCE, "考生入场和离场时签名，每个考场从第 1 页编起，竖版 A4"),
        _printed(bundles.SLIPS, "院校付款用，一张申请单一份，竖版 A4"),
    )
)
"""Key, as it stands in addresses and is stored → the document."""
