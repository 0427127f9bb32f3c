"""What the documents name is there: files, and the floors of the engine in the picture."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "tests/releases/README.md"]
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:py|md|html|js|svg|toml))`|\]\(((?!http)[^)#]+)[^)]*\)")
# a document may name a file from where it is about, such as `steps/posting.py` of the engine
_ABOUT = ("", "processes", "webapp", "jobs", "forms", "domain")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(document: Path) -> None:
    named = ["".join(found) for found in _PATH.findall(document.read_text(encoding="utf-8"))]
    starts = [document.parent, *(ROOT / name for name in _ABOUT)]
    assert [name for name in named if not any((start / name).exists() for start in starts)] == []


def test_the_picture_shows_the_floors() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    picture = set(re.split(r"[ ·]+", " ".join(re.findall(r">([^<]*)<", (ROOT / "docs/floors.svg").read_text(encoding="utf-8")))))
    for contract in contracts:
        if contract["name"].startswith("The floors of"):
            floors = {name for layer in contract["layers"] for name in layer.split(" | ")}
            assert floors - picture == set()
