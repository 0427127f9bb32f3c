"""What people hand in is opened by confined processes alone: files, pictures, keys, workbooks, diagrams and scenarios."""

from __future__ import annotations

import csv
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import puremagic
import pytest
import yaml
from cryptography.hazmat.primitives.serialization import pkcs12
from flask.testing import FlaskClient
from lxml import etree
from PIL import Image

from tests.conftest import World
from tests.domain.ground.contents import PDF, docx, png, xlsx
from tests.domain.institutions.pkcs12 import p12, picture
from tests.jobs.imports.files import HEADER, teacher, workbook
from tests.webapp.clients import site, user
from tests.webapp.designer import diagrams
from tests.webapp.files.uploads import send as send_file
from tests.webapp.imports.uploads import send as send_import
from tests.webapp.institutions.test_seals import upload as send_seal

pytestmark = pytest.mark.row("9.1")
OPENERS: tuple[tuple[Any, str], ...] = (
    (etree, "fromstring"),
    (etree, "iterparse"),
    (zipfile.ZipFile, "__init__"),
    (Image, "open"),
    (pkcs12, "load_pkcs12"),
    (pkcs12, "load_key_and_certificates"),
    (yaml, "load"),
    (csv, "reader"),
    (puremagic, "magic_stream"),
)


@contextmanager
def opening() -> Iterator[list[str]]:
    """What this process opens meanwhile, by the names of the functions that do."""
    found: list[str] = []

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **given: Any) -> Any:
            if not any(isinstance(one, str) and one in sys.path for one in args):  # Python looks there for its packages
                found.append(name)
            return real(*args, **given)

        return run

    with pytest.MonkeyPatch.context() as patch:
        for module, name in OPENERS:
            patch.setattr(module, name, counted(f"{module.__name__}.{name}", getattr(module, name)))
        yield found


FILES = {"纪要.pdf": PDF, "照片.png": png(), "纪要.docx": docx(), "名单.xlsx": xlsx(), "假.pdf": b"PK\x03\x04", "假.docx": PDF}


def test_files_of_forms(lite: World) -> None:
    school = user(site(lite), "school1")
    with opening() as opened:
        answers = {name: send_file(school, name, content).status_code for name, content in FILES.items()}
    assert answers == {name: 422 if name.startswith("假") else 200 for name in FILES}
    assert opened == []


def test_keys_and_pictures(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    key, shown = p12(), picture()
    with opening() as opened:
        assert send_seal(school, shown, key).status_code == 302
        assert send_seal(school, b"x", b"x").status_code == 422
        page(school, "/institutions/seals/1", "/institutions/seals/1/picture")
    assert set(opened) <= {"lxml.etree.fromstring"}  # the deployed diagram of seals


def test_imports(lite: World, tmp_path: Path) -> None:
    book = workbook(tmp_path / "a", [HEADER, teacher(1)]).read_bytes()
    school = user(site(lite), "school1")
    with opening() as opened:
        assert send_import(school, book).status_code == 302
        assert send_import(school, "姓名,手机号\n王,13900000000\n".encode(), "教师.csv").status_code == 302
        page(school, "/imports/teachers/")
    assert opened == []


def test_diagrams_and_scenarios(lite: World) -> None:
    designer = user(site(lite), "designer")
    with opening() as opened:
        assert "已导入为草稿" in diagrams.upload(designer, diagrams.XML.encode())
        for what in ("draft", "check", "try"):
            assert diagrams.send(designer, what, scenarios="- name: [a").status_code in (200, 409)
        page(designer, "/designer/weekly_report/edit", "/designer/weekly_report/model.json")
    assert opened == []


@pytest.mark.parametrize("what", ["draft", "check", "try", "deploy"])
def test_scenarios_with_a_null(lite: World, what: str) -> None:
    assert diagrams.send(user(site(lite), "designer"), what, scenarios="- name: a\0", note="改").status_code == 400


def page(client: FlaskClient, *addresses: str) -> None:
    for address in addresses:
        assert client.get(address).status_code == 200, address
