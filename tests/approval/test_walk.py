"""CONTRIBUTING's list of the files of an approval about a new record, walked on a made-up one (`made_up/`): 教师进修.

In a copy of the project with exactly the listed files, the approval's pages, rights, scenarios, migration and the arrows of the house
hold; without any one of them they do not. So the list names every file that is needed, and none that is not.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE_UP = Path(__file__).parent / "made_up"
COPIED = ("bpmn", "domain", "forms", "handlers", "jobs", "processes", "tests", "webapp", "pyproject.toml")
WORDS = {"<key>": "study_leave", "<nouns>": "study_leaves", "<menu>": "institutions"}
MOST = 9
LINES = {  # file → lines that the approval adds, each after another line
    "domain/subjects.py": (
        (
            "from domain.institutions.seals import OrganizationSeal, SchoolSeal\n",
            "from domain.institutions.study_leaves import StudyLeave\n",
        ),
        ("SUBJECTS: dict[str, type[Subject]] = {\n", '    "study_leave": StudyLeave,\n'),
    ),
    "forms/lists/__init__.py": (
        ("    skill_standards,\n", "    study_leaves,\n"),
        ("        teachers.TEACHER,\n", "        study_leaves.STUDY_LEAVE,\n"),
    ),
}
CHECKS = (  # what proves an approval: its own test, and those that look at whatever there is
    *("-k", "(study_leave or in_the_table or has_scenarios or migrations_match) and not postgresql"),
    "tests/webapp/institutions",
    "tests/webapp/test_every_route.py",
    "tests/jobs/scenarios/test_playing.py",
    "tests/domain/ground/test_migrations.py",
)


def listed() -> list[str]:
    """The paths that CONTRIBUTING names, in its order."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("\n## An approval about a new record\n")[1].split("\n## ")[0]
    return re.findall(r"^\d+\. `([^`]+)`", section, re.MULTILINE)


def last_migration() -> str:
    return max(path.name for path in (ROOT / "domain/migrations/versions").glob("0*.py"))[:4]


def path_of(name: str) -> str:
    """A path of the list, for the made-up approval."""
    for word, meaning in {**WORDS, "<number>": f"{int(last_migration()) + 1:04}"}.items():
        name = name.replace(word, meaning)
    return name


def write(copy: Path, path: str) -> None:
    """Writes one file of the made-up approval, or adds its lines to one that is there."""
    target = copy / path
    if path in LINES:
        text = target.read_text(encoding="utf-8")
        for before, line in LINES[path]:
            assert text.count(before) == 1, (path, before)
            text = text.replace(before, before + line)
    else:
        source = MADE_UP / re.sub(r"/\d{4}_", "/", path)
        text = source.read_text(encoding="utf-8").replace('"LAST"', f'"{last_migration()}"').replace('"NEXT"', f'"{target.name[:4]}"')
    target.write_text(text, encoding="utf-8")


def project(copy: Path, files: list[str]) -> Path:
    """A copy of the project with these files of the made-up approval."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "made_up"))
        else:
            shutil.copy(source, copy / name)
    for path in files:
        write(copy, path)
    return copy


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=copy, capture_output=True, text=True, check=False)


def check(copy: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return run(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *names)


def test_the_list_is_short_and_names_what_there_is() -> None:
    files = [path_of(name) for name in listed()]
    made_up = {str(path.relative_to(MADE_UP)) for path in MADE_UP.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {re.sub(r"/\d{4}_", "/", path) for path in files} == made_up | set(LINES)
    assert len(files) <= MOST


@pytest.mark.row("8.3")
def test_with_the_listed_files_the_approval_works(tmp_path: Path) -> None:
    copy = project(tmp_path / "pilot", [path_of(name) for name in listed()])
    answer = check(copy, *CHECKS)
    assert answer.returncode == 0, answer.stdout[-3000:]
    for style in (("check",), ("format", "--check")):
        answer = run(copy, "-m", "ruff", *style, "domain", "forms", "tests")
        assert answer.returncode == 0, answer.stdout
    arrows = run(copy, "-c", "from importlinter.cli import lint_imports_command as lint; lint()")
    assert arrows.returncode == 0, arrows.stdout[-3000:]


@pytest.mark.parametrize("left_out", listed())
def test_without_any_one_of_them_it_does_not(tmp_path: Path, left_out: str) -> None:
    copy = project(tmp_path / "pilot", [path_of(name) for name in listed() if name != left_out])
    answer = check(copy, *CHECKS)
    assert answer.returncode != 0
    assert WORDS["<key>"] in answer.stdout + answer.stderr  # it is the approval that fails
