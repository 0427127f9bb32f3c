"""The HTML templates of 门贴, 签到表 and 缴费申请单, which may be changed: Jinja in a sandbox, with only the values that are given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from domain.ground.errors import DomainError
from jobs.documents.fonts import printed

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment
    from markupsafe import Markup

FOLDER = Path(__file__).parent / "templates"
Value = str | int | bool | list[str] | list[dict[str, "str | int"]]
Values = Mapping[str, Value]
"""What a template may name: texts, numbers and lists of them."""


class BadTemplate(DomainError):
    """文档模板有误，无法生成文档。"""


def template_of(kind: str) -> str:
    """The product's own template of a kind: `door`, `attendance` or `slip`."""
    return (FOLDER / f"{kind}.html").read_text("utf-8")


def filled(template: str, values: Values) -> str:
    """The HTML of a template with these values, each of which is text: nothing in it is markup, and what no font has is replaced.

    Raises:
        BadTemplate: it is no template, or names something that is not given; with the words of `jobs.documents.checking` it can be mended.
    """
    from jinja2 import TemplateError

    try:
        return _compiled(template).render(**values)
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise BadTemplate(f"文档模板有误，无法生成文档：{error}") from error


@cache
def environment() -> SandboxedEnvironment:
    """Where templates run: no other files, no functions, few filters."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, finalize=_as_text, trim_blocks=True)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests = {name: made.tests[name] for name in TESTS}
    return made


FILTERS = ("default", "length")
TESTS = ("defined",)


@cache
def _compiled(template: str) -> Template:
    return environment().from_string(template)


def _as_text(value: object) -> Markup:
    """A value as it is printed, with its marks escaped."""
    from markupsafe import escape

    return escape(printed(str(value)))
