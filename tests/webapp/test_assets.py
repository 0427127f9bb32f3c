"""Static files: kept by browsers for ever under an address that changes with the content, and compressed."""

from __future__ import annotations

import gzip
import re

from flask.testing import FlaskClient

from tests.conftest import World
from tests.webapp.clients import site, user
from webapp.assets import STATIC

SHEET = "/static/css/pilot.css"


def test_pages_name_files_by_their_content(client: FlaskClient) -> None:
    page = client.get("/login").get_data(as_text=True)
    addresses = re.findall(r'(?:href|src)="(/static/[^"#]+)', page)
    assert len(addresses) >= 3
    for address in addresses:
        answer = client.get(address)
        assert re.search(r"\?v=[0-9a-f]{12}$", address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_an_address_without_the_hash_is_asked_for_again(client: FlaskClient) -> None:
    for address in (SHEET, f"{SHEET}?v=000000000000"):
        answer = client.get(address)
        assert answer.headers["Cache-Control"] == "public, no-cache"
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        assert again.data == b""


def test_text_is_compressed_for_browsers_that_can(client: FlaskClient) -> None:
    plain, packed = client.get(SHEET), client.get(SHEET, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data == (STATIC / "css" / "pilot.css").read_bytes()
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != packed.headers["ETag"]


def test_nothing_outside_the_folder_is_served(client: FlaskClient) -> None:
    for name in ("../app.py", "%2e%2e/app.py", "css", "css/none.css", "css/pilot.css/x"):
        assert client.get(f"/static/{name}").status_code == 404


def test_answers_that_know_no_person_carry_no_cookie(lite: World) -> None:
    client = user(site(lite), "school1")
    assert client.get("/").headers.getlist("Set-Cookie")
    for address in ("/healthz", "/static/js/lists.js", "/static/none.js"):
        assert client.get(address).headers.getlist("Set-Cookie") == []
