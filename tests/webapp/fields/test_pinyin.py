"""What pages ask while a name is typed."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.webapp.clients import user

pytestmark = pytest.mark.row("5.2.3.1")


def test_the_readings_of_a_name_are_offered(app: Flask) -> None:
    school = user(app, "school1")
    offered = school.post("/fields/pinyin", data={"name": " 覃　乐 "}).json
    assert offered == {"pinyin": "QIN LE", "words": [[["覃", ["QIN", "TAN"]]], [["乐", ["LE", "YUE"]]]]}
    assert school.post("/fields/pinyin", data={"name": "\U0002ebf0"}).json == {"pinyin": "", "words": [[["\U0002ebf0", []]]]}
    assert school.post("/fields/pinyin").json == {"pinyin": "", "words": []}
    assert len(school.post("/fields/pinyin", data={"name": "张" * 10_000}).json["words"][0]) == 200
    assert app.test_client().post("/fields/pinyin", data={"name": "张三"}).status_code == 401
