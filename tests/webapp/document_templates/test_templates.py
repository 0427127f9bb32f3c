"""文档模板 through the pages: checked, shown, saved as versions, put in use and taken back; who may do what; two designers at once."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.platform.document_templates import TemplateUse, TemplateVersion, digest, keep, number_in_use, use
from jobs import confinement
from jobs.documents.templates import template_of
from tests.conftest import NOON, World
from tests.jobs.documents.making import texts
from tests.racing import race, transaction
from tests.webapp.clients import site, user
from tests.webapp.routes import get, post

pytestmark = pytest.mark.row("5.2.8.3")
ROUTES = {
    "document_templates.index": get("designer operator: 200; 403"),
    "document_templates.show": get("designer operator: 200; 403", key="door"),
    "document_templates.version": get("designer operator: 200; 403", key="door", number="0"),
    "document_templates.version that is not there": get("designer operator: 404; 403", key="door", number="7"),
    "document_templates.version of nothing": get("designer operator: 404; 403", key="ticket", number="0"),
    "document_templates.preview_of_version": get("designer operator: 200; 403", key="door", number="0"),
    "document_templates.compare": get("designer operator: 200; 403", key="door"),
    "document_templates.edit": get("designer: 200; 403", key="door"),
    "document_templates.check": post("designer: 200; 403", {"text": "x"}, key="door"),
    "document_templates.preview": post("designer: 422; 403", {"text": "x"}, key="door"),
    "document_templates.save": post("designer: 422; 403", {"text": "x", "note": "看看"}, key="door"),
    "document_templates.put_in_use": post("designer: 302; 403", {"number": "0"}, key="door"),
    "document_templates.put_in_use of none": post("designer: 404; 403", {"number": "7"}, key="door"),
}  # fmt: skip
OWN = template_of("door")
CHANGED = OWN.replace("共 {{ count }} 人", "本场共 {{ count }} 人")
HERE = "/document-templates/door/"


def form(text: str = CHANGED, note: str = "人数前加“本场”", number: int = 0, newest: int = 0) -> dict[str, Any]:
    """As a browser posts it, with its ends of lines."""
    return {"text": text.replace("\n", "\r\n"), "note": note, "number": number, "newest": newest}


def save(client: FlaskClient, **changed: Any) -> None:
    answer = client.post(f"{HERE}save", data=form(**changed))
    assert (answer.status_code, answer.location) == (302, HERE), answer.text


def put_in_use(client: FlaskClient, number: int, seen: int) -> str:
    return client.post(f"{HERE}use", data={"number": number, "seen": seen, "back": HERE}, follow_redirects=True).text


def test_a_template_is_changed_and_taken_back(world: World) -> None:
    designer = user(site(world), "designer")
    assert "文档模板" in designer.get("/").text
    assert designer.get("/document-templates/").text.count('<td data-label="使用中">系统自带</td>') == 3
    editor = designer.get(f"{HERE}edit").text
    assert OWN in html.unescape(editor)
    assert "在系统自带的基础上修改" in editor
    assert "检查通过，没有发现问题；还没有保存。" in designer.post(f"{HERE}check", data=form()).text

    save(designer)
    page = designer.get(HERE).text
    assert "人数前加“本场”" in page
    assert "使用中：系统自带" in page
    assert digest(CHANGED)[:8] in page  # what is stored has the ends of lines of the check
    assert "从现在起，新生成的考场门贴使用第 1 版；已开始生成的不变。" in put_in_use(designer, 1, 0)
    assert "使用中：第 1 版，从 2026-11-25 12:00 起，由郑工（平台运营）选用" in designer.get(HERE).text
    assert '<td data-label="使用中">第 1 版</td>' in designer.get("/document-templates/").text
    assert "第 1 版已在使用中" in put_in_use(designer, 1, 1)
    assert "在第 1 版的基础上修改" in designer.get(f"{HERE}edit").text

    compared = designer.get(f"{HERE}compare?old=0&new=1").text
    assert compared.count('<tr class="gone">') == compared.count('<tr class="new">') == 1
    assert "本场共 {{ count }} 人" in compared
    assert "两个版本的内容相同" in designer.get(f"{HERE}compare?old=1&new=1").text

    assert "使用系统自带" in put_in_use(designer, 0, 1)
    assert designer.get(HERE).text.count('<td data-label="从何时起">') == 2  # both choices stay on record
    with world.runtime.database.reading() as session:
        version = session.scalars(select(TemplateVersion)).one()
        assert (version.text, version.sha256, version.author) == (CHANGED, digest(CHANGED), "郑工（平台运营）")
        uses = [(row.number, row.sha256) for row in session.scalars(select(TemplateUse).order_by(TemplateUse.id))]
        assert uses == [(1, digest(CHANGED)), (0, digest(OWN))]


def test_faults_are_told_with_their_lines_and_nothing_is_stored(world: World) -> None:
    designer = user(site(world), "designer")
    bad = CHANGED.replace("{{ plan }}", "{{ plam }}").replace("</body>", '<img src="http://127.0.0.1/">\n</body>')
    line = bad[: bad.index("plam")].count("\n") + 1
    for act in ("check", "save"):
        answer = designer.post(f"{HERE}{act}", data=form(bad))
        assert answer.status_code == (200 if act == "check" else 422)
        shown = html.unescape(answer.text)
        assert f'第 {line} 行：没有变量 plam，可用：plan、site' in shown  # fmt: skip
        assert '<code><p class="plan">{{ plam }}</p></code>' in shown
        assert "图片只能是照片" in shown
        assert bad in shown  # nothing typed is lost
    answer = designer.post(f"{HERE}preview", data=form(bad))
    assert answer.status_code == 422
    assert "没有变量 plam" in answer.text
    for changed, told in ({"note": " "}, "请填写改了什么"), ({"text": OWN}, "内容与系统自带相同"), ({"note": "x" * 201}, "请填写改了什么"):
        answer = designer.post(f"{HERE}save", data=form(**changed))
        assert answer.status_code == 422
        assert told in answer.text
    with world.runtime.database.reading() as session:
        assert not session.scalars(select(TemplateVersion)).all()


def test_a_preview_shows_made_up_documents_with_long_names(lite: World) -> None:
    designer = user(site(lite), "designer")
    answer = designer.post(f"{HERE}preview", data=form())
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    usual, long, none = texts(answer.data)
    assert "本场共31人" in usual
    assert "第一教学楼东侧综合实训中心第101考场" in long
    assert "本场共0人" in none
    attendance = designer.get("/document-templates/attendance/0/preview")
    shown = "".join(texts(attendance.data))
    assert "古丽米热·阿卜杜热西提" in shown
    assert "𠮷测" in shown


def test_those_who_only_read_are_offered_no_change(lite: World) -> None:
    app = site(lite)
    save(user(app, "designer"))
    reader = user(app, "operator")
    assert "文档模板" in reader.get("/").text
    pages = [reader.get(f"/document-templates{path}").text for path in ("/", "/door/", "/door/1/", "/door/compare")]
    for text in ("修改</a>", "使用这个版本", "恢复系统自带"):
        assert not any(text in page for page in pages), text
    assert "本场共 {{ count }} 人" in pages[2]
    assert "文档模板" not in user(app, "school1").get("/").text


def version(text: str, number: int = 0) -> TemplateVersion:
    return TemplateVersion(kind="door", text=text, note="改", based_on=number, created_at=NOON)


def test_of_two_designers_the_second_is_told(world: World) -> None:
    designer = world.actor("designer")

    def keeping(text: str) -> Callable[[Session], object]:
        return lambda session: keep(session, designer, version(text), 0)

    told = race(world, keeping("甲"), transaction(world, keeping("乙")))
    assert told == "郑工（平台运营） 已保存了第 1 版，您修改的时候最新的是系统自带；请先看下面的不同，再决定是否保存"

    def choosing(number: int) -> Callable[[Session], object]:
        return lambda session: use(session, designer, TemplateUse(kind="door", number=number, sha256="", at=NOON), 0)

    told = race(world, choosing(1), transaction(world, choosing(1)))
    assert "其他人已换用了另一个版本" in str(told)
    with world.runtime.database.reading() as session:
        assert [row.text for row in session.scalars(select(TemplateVersion))] == ["甲"]
        assert number_in_use(session, "door") == 1


def test_the_second_designer_sees_the_difference_and_may_save_all_the_same(lite: World) -> None:
    app = site(lite)
    designer = user(app, "designer")
    save(designer)
    own = CHANGED.replace("本场共", "本场考试共")
    answer = designer.post(f"{HERE}save", data=form(own, "我的修改"))
    assert answer.status_code == 409
    shown = html.unescape(answer.text)
    assert "已保存了第 1 版，您修改的时候最新的是系统自带" in shown
    assert '<h2>您的内容与第 1 版的不同</h2>' in shown  # fmt: skip
    assert own in shown
    assert 'name="newest" value="1"' in shown
    save(designer, text=own, note="我的修改", newest=1)
    assert "第 2 版" in designer.get(HERE).text
    assert "其他人已换用了另一个版本" not in put_in_use(designer, 2, 0)
    assert "其他人已换用了另一个版本" in put_in_use(designer, 1, 0)  # whose page was opened before


def test_a_stored_version_that_is_not_good_any_more_is_not_put_in_use(lite: World) -> None:
    with lite.runtime.database.writing() as session:
        keep(session, lite.actor("designer"), version(CHANGED.replace("{{ plan }}", "{{ gone }}")), 0)
    designer = user(site(lite), "designer")
    assert "第 1 版有 1 处问题，不能使用" in put_in_use(designer, 1, 0)
    with lite.runtime.database.reading() as session:
        assert number_in_use(session, "door") == 0


@pytest.mark.parametrize(
    "body",
    [
        "<p>" + "考" * 90_000,
        "{% for s in seats %}" + "<table><tr><td>a</td><td>b</td></tr></table>" * 2_000 + "{% endfor %}",
        "<table><tr><td>" * 3 + "<table>" + "<tr><td>a</td></tr>" * 3_000,
    ],
)
def test_a_template_that_asks_for_too_much_ends_within_its_bounds(lite: World, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    for name in ("check of a document template", "preview of a document template"):  # so that the test ends soon
        monkeypatch.setitem(confinement.WORK, name, confinement.Work("jobs.document_templates.apart", name.partition(" ")[0], seconds=2))  # type: ignore[index]  # a Mapping in name alone
    designer, text = user(site(lite), "designer"), OWN.partition("<body>")[0] + body
    for act in ("check", "preview", "save"):
        answer = designer.post(f"/document-templates/attendance/{act}", data=form(text))
        assert "模板过于复杂，未能在限定的时间和内存内排版" in answer.text, act
    with lite.runtime.database.reading() as session:
        assert not session.scalars(select(TemplateVersion)).all()


def test_the_longest_template_fits_into_what_a_form_may_hold(lite: World) -> None:
    designer = user(site(lite), "designer")
    text = OWN.replace("<body>", "<body><!--" + "考\n" * 1_900 + "考" * (100_000 - 3_800 - len(OWN) - 20) + "-->")
    answer = designer.post(f"{HERE}check", data=form(text), content_type="multipart/form-data")
    assert answer.status_code == 200
    assert "检查通过" in answer.text
