"""Templates name states by the enumerations, so that a renamed state is not simply never true in a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import webapp
from webapp.app import STATES

FOLDER = Path(webapp.__file__).parent / "templates"
TEMPLATES = {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.html"))}
BY_NAME = {one.__name__: one for one in STATES}
# the kinds of a list's columns are no states
_TEXT = re.compile(r"\b(?!column\.)\w+\.(?:state|kind) (?:==|!=|in|not in) [\['\"(]+\w*['\"]?")
_NAMED = re.compile(rf"\b({'|'.join(BY_NAME)})\.(\w+)")


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_state_is_compared_with_a_text(name: str) -> None:
    assert [found for found in _TEXT.findall(TEMPLATES[name]) if not found.endswith(tuple(BY_NAME))] == []


def test_the_named_states_exist() -> None:
    named = [found for text in TEMPLATES.values() for found in _NAMED.findall(text)]
    assert {enumeration for enumeration, _ in named} == set(BY_NAME)
    assert [f"{enumeration}.{state}" for enumeration, state in named if state not in BY_NAME[enumeration].__members__] == []
