"""批量导入考生照片 through the pages: pieces, thumbnails, crops, one candidate's photo, and what others may not."""

from __future__ import annotations

import html
import re
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from domain.demo.portraits import RED, Pose, draw
from domain.platform.background import BackgroundTask
from domain.platform.photo_imports import PhotoImport, PhotoItem, PhotoState, recount
from tests.conftest import World
from tests.jobs.photos import samples
from tests.jobs.photos.flow import accurate, ask_for_blue, bring, candidates, number, pupils, record, work
from tests.jobs.photos.samples import blue, good, jpeg, wide
from tests.webapp.clients import site, user
from webapp.photos import views

pytestmark = pytest.mark.row("5.2.3.3")
FETCH = {"X-Requested-With": "fetch"}


def begin(client: FlaskClient, content: bytes, name: str = "照片.zip") -> dict[str, object]:
    answer = client.post("/candidates/photos/", data={"name": name, "size": len(content), "modified": "1", "ground": "红"}, headers=FETCH)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.get_json()
    return found


def piece(client: FlaskClient, address: object, at: int, content: bytes) -> tuple[int, dict[str, object]]:
    answer = client.post(f"{address}?at={at}", data=content, content_type="application/octet-stream", headers=FETCH)
    return answer.status_code, answer.get_json()


def test_an_import_that_was_stopped_waits_for_somebody_in_the_list_too(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(1)])
    content = samples.archive(tmp_path / "a.zip", {f"{number(1)}.jpg": jpeg()}).read_bytes()
    school = user(site(lite), "school1")
    begun = begin(school, content)
    assert piece(school, begun["pieces"], 0, content)[0] == 200
    address = school.post(str(begun["begin"]), headers=FETCH).get_json()["address"]
    stopped = '<span class="badge tone-attention">待继续</span>'
    assert stopped not in school.get("/candidates/photos/").text
    assert school.post("/background/1/cancel").status_code == 302
    assert stopped in school.get("/candidates/photos/").text
    assert stopped in school.get(address).text
    assert school.post(f"{address}/resume").status_code == 302
    assert stopped not in school.get("/candidates/photos/").text


def test_a_zip_goes_up_in_pieces_and_on_after_another_login(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(1)])
    app = site(lite)
    content = samples.archive(tmp_path / "a.zip", {f"{number(1)}.jpg": jpeg()}).read_bytes()
    school = user(app, "school1")
    begun = begin(school, content)
    half = len(content) // 2
    assert piece(school, begun["pieces"], 0, content[:half]) == (200, {"received": half})
    assert piece(school, begun["pieces"], 0, content[:half]) == (409, {"received": half})
    assert piece(school, begun["pieces"], half + 1, content[half + 1 :]) == (409, {"received": half})
    assert piece(school, begun["pieces"], half, content[half:] + b"more")[0] == 409
    assert f"共 {-(-len(content) // 1024)} KB" in school.get(f"/candidates/photos/{begun['id']}").text
    assert "继续上传" in school.get(f"/candidates/photos/{begun['id']}").text
    school.get("/logout")
    assert app.test_client().post(f"{begun['pieces']}?at={half}", data=b"x", headers=FETCH).status_code == 401
    again = user(app, "school1")
    assert begin(again, content)["received"] == half
    assert piece(again, begun["pieces"], half, content[half:])[0] == 200
    assert "开始导入" in again.get(f"/candidates/photos/{begun['id']}").text
    answer = again.post(str(begun["begin"]), headers=FETCH)
    assert answer.get_json() == {"address": f"/candidates/photos/{begun['id']}"}
    assert "正在读取压缩包" in again.get(f"/candidates/photos/{begun['id']}").text
    work(lite, int(str(begun["id"])))
    page = again.get(f"/candidates/photos/{begun['id']}").text
    assert "共 <b>1</b> 张：已导入 <b>1</b> 张" in page
    assert "王小明（320102***" in page


def test_a_whole_zip_comes_with_its_form_where_no_script_runs(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(1)])
    path = samples.archive(tmp_path / "a.zip", {f"{number(1)}.jpg": jpeg()})
    school = user(site(lite), "school1")
    answer = school.post("/candidates/photos/", data={"file": (BytesIO(path.read_bytes()), "照片.zip"), "ground": "红"})
    assert (answer.status_code, answer.location) == (302, "/candidates/photos/1")
    work(lite, 1)
    assert record(lite, 1).given == 1
    refused = school.post("/candidates/photos/", data={"file": (BytesIO(b"x"), "照片.rar")})
    assert (refused.status_code, "请选择 .zip 压缩包" in refused.text) == (422, True)
    assert "请先选择" in school.post("/candidates/photos/", data={}).text


def test_thumbnails_say_why_and_crops_are_taken(lite: World, tmp_path: Path) -> None:
    ids = pupils(lite, [number(at) for at in range(4)])
    files = {f"{number(0)}.jpg": jpeg(good()), f"{number(1)}.jpg": jpeg(blue())}
    files |= {f"{number(at)}.jpg": jpeg(wide(at).picture) for at in (2, 3)}
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", files))
    school = user(site(lite), "school1")
    page = school.get(f"/candidates/photos/{import_id}").text
    assert "全部裁剪并采用（2 张）" in page
    assert page.count("照片像素 800×900，应为 295×413") == 2
    for address in re.findall(r'(?:src|href)="(/candidates/photos/[^"]+\.jpg)"', page):
        assert school.get(address).mimetype == "image/jpeg"
    assert "底色偏蓝：检测到 #" in school.get(f"/candidates/photos/{import_id}?tab=refused").text
    given = school.get(f"/candidates/photos/{import_id}?tab=given").text
    assert "王小明" in given
    assert not any(number(at) in page + given for at in range(4))  # beside names stand masked numbers alone
    assert school.post(f"/candidates/photos/{import_id}/crop", data={"number": "3"}, follow_redirects=True).text.count("已裁剪并采用") == 1
    assert candidates(lite)[ids[2]][0] == "信息待认证"
    assert school.post(f"/candidates/photos/{import_id}/crop", data={"number": "3"}).status_code == 409
    assert school.post(f"/candidates/photos/{import_id}/crop").status_code == 302
    assert "可以离开本页" in school.get(f"/candidates/photos/{import_id}").text
    work(lite, import_id)
    assert [status for status, _ in candidates(lite).values()] == ["信息待认证", "无照片", "信息待认证", "信息待认证"]
    with school.get(f"/candidates/photos/{import_id}/failed.xlsx") as answer:
        assert answer.data[:2] == b"PK"


def test_the_page_asks_before_a_photo_replaces_another_one(lite: World, tmp_path: Path) -> None:
    ids = pupils(lite, [number(at) for at in range(4)])
    same = jpeg(good())
    bring(lite, samples.archive(tmp_path / "a.zip", {f"{number(0)}.jpg": jpeg(), f"{number(1)}.jpg": jpeg(), f"{number(2)}.jpg": same}))
    before = candidates(lite)
    files = {f"{number(at)}.jpg": jpeg(good(at + 10)) for at in (0, 1, 3)} | {f"{number(2)}.jpg": same}
    import_id = bring(lite, samples.archive(tmp_path / "b.zip", files))
    address = f"/candidates/photos/{import_id}"
    school = user(site(lite), "school1")
    page = school.get(address).text
    assert "<b>2</b> 张将替换已有照片" in page
    assert "已导入 <b>2</b> 张（新照片 1 张，与原照片相同 1 张）" in page
    assert page.count("<figcaption>原照片</figcaption>") == page.count("<figcaption>新照片</figcaption>") == 2
    assert "确定全部替换吗？" in page
    assert candidates(lite)[ids[0]] == before[ids[0]]
    assert school.get(f"{address}/1/earlier.jpg").data == school.get(f"/candidates/{ids[0]}/photo.jpg").data
    other = user(site(lite), "school2")
    assert other.get(f"{address}/1/earlier.jpg").status_code == 404
    for path in ("asking/take", "asking/leave", "misnamed/take", "misnamed/leave"):
        assert other.post(f"{address}/{path}").status_code == 404
    assert school.post(f"{address}/mendable/leave").status_code == 404
    assert "已保留 1 位考生的原照片" in school.post(f"{address}/asking/leave", data={"number": "2"}, follow_redirects=True).text
    assert school.post(f"{address}/asking/take", data={"number": "2"}).status_code == 409
    assert "已替换原照片。" in school.post(f"{address}/asking/take", data={"number": "1"}, follow_redirects=True).text
    after = candidates(lite)
    assert after[ids[1]] == before[ids[1]]
    assert after[ids[0]] != before[ids[0]]
    assert "（新照片 1 张，替换原照片 1 张，与原照片相同 1 张）" in school.get(address).text
    given = school.get(f"{address}?tab=given").text
    assert (given.count("<p>已替换原照片</p>"), given.count("<p>与原照片相同</p>")) == (1, 1)
    assert "待确认" in school.get("/candidates/photos/").text


def test_a_number_inside_a_name_is_taken_with_a_click(lite: World, tmp_path: Path) -> None:
    ids = pupils(lite, [number(at) for at in range(3)])
    files = {f"王小明+{number(0)}.jpg": jpeg(good()), f"{number(1)}(1).jpg": jpeg(wide().picture), f"{number(2)} 副本.jpg": jpeg(good(2))}
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", files))
    address = f"/candidates/photos/{import_id}"
    school = user(site(lite), "school1")
    page = school.get(address).text
    assert f"文件名应只有证件号：其中的“{number(0)}”是本校考生的证件号" in page
    assert f'href="/candidates/{ids[0]}"' in page  # who is meant
    assert "<b>3</b> 张的文件名不只有证件号" in page
    assert "已作为这位考生的照片" in school.post(f"{address}/misnamed/take", data={"number": "1"}, follow_redirects=True).text
    assert "1 张照片没有采用" in school.post(f"{address}/misnamed/leave", data={"number": "3"}, follow_redirects=True).text
    assert school.post(f"{address}/misnamed/take").status_code == 302
    work(lite, import_id)
    assert [candidates(lite)[one][0] for one in ids] == ["信息待认证", "信息待认证", "无照片"]


def test_a_crop_for_somebody_with_a_photo_asks_before_it_replaces_that(lite: World, tmp_path: Path) -> None:
    (only,) = pupils(lite, [number(1)])
    bring(lite, samples.archive(tmp_path / "a.zip", {f"{number(1)}.jpg": jpeg(good(1))}))
    import_id = bring(lite, samples.archive(tmp_path / "b.zip", {f"{number(1)}.jpg": jpeg(wide().picture)}))
    before = candidates(lite)[only]
    school = user(site(lite), "school1")
    assert "这位考生已有照片，替换前会请您确认" in school.get(f"/candidates/photos/{import_id}").text
    answer = school.post(f"/candidates/photos/{import_id}/crop", data={"number": "1"}, follow_redirects=True)
    assert "这位考生已有另一张照片" in answer.text
    assert candidates(lite)[only] == before


def test_the_frame_of_a_crop_is_moved(lite: World, tmp_path: Path) -> None:
    (only,) = pupils(lite, [number(1)])
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {f"{number(1)}.jpg": jpeg(wide().picture), f"{number(2)}.jpg": jpeg()}))
    school, address = user(site(lite), "school1"), f"/candidates/photos/{import_id}/1"
    assert f'href="{address}/frame"' in school.get(f"/candidates/photos/{import_id}").text
    page = school.get(f"{address}/frame").text
    assert f'href="{address}/source.jpg"' in page
    assert school.get(f"{address}/source.jpg").mimetype == "image/jpeg"
    size, x, y = (int(one) for one in re.findall(r'name="(?:size|x|y)" min="0" max="1000" value="([0-9]+)"', page))
    before = school.get(f"{address}.jpg").data
    answer = school.post(f"{address}/frame", data={"size": size + 40, "x": x, "y": y}, follow_redirects=True)
    assert "裁剪框已调整" in answer.text
    after = school.get(f"{address}.jpg").data
    assert after != before
    assert candidates(lite)[only] == ("无照片", None)  # nothing is given yet
    refused = school.post(f"{address}/frame", data={"size": 0, "x": 500, "y": 1000})
    assert (refused.status_code, "按这个位置裁剪时，照片底色不是红色" in refused.text) == (422, True)
    for wrong in ({}, {"size": "-1", "x": "0", "y": "0"}, {"size": "0", "x": "1001", "y": "0"}, {"size": "x", "x": "0", "y": "0"}):
        assert school.post(f"{address}/frame", data=wrong).status_code == 422
    assert school.get(f"{address}.jpg").data == after
    other = user(site(lite), "school2")
    assert [other.get(f"{address}/{path}").status_code for path in ("frame", "source.jpg")] == [404, 404]
    assert other.post(f"{address}/frame", data={"size": 0, "x": 0, "y": 0}).status_code == 404
    assert school.get(f"/candidates/photos/{import_id}/2/frame").status_code == 404  # no crop mends that
    assert school.post(f"/candidates/photos/{import_id}/crop", data={"number": "1"}).status_code == 302
    assert school.get(f"/candidates/{only}/photo.jpg").data == after
    assert school.post(f"{address}/frame", data={"size": size, "x": x, "y": y}).status_code == 409


def test_the_frame_of_one_photo_is_moved(lite: World) -> None:
    candidate, other = pupils(lite, [number(1), number(2)])
    school = user(site(lite), "school1")
    address = f"/candidates/{candidate}/photo"

    def token(page: str) -> str:
        return html.unescape(re.findall(r'name="crop" value="([^"]+)"', page)[-1])

    _, first = upload(school, candidate, jpeg(wide().picture))
    refused = school.post(address, data={"crop": token(first), "size": "0", "x": "500", "y": "1000"})
    assert (refused.status_code, "按这个位置裁剪时，照片底色不是红色" in refused.text) == (422, True)
    moved = school.post(address, data={"crop": token(refused.text), "size": "400", "x": "500", "y": "300"})
    assert (moved.status_code, "裁剪并采用" in moved.text) == (200, True)
    assert token(moved.text) != token(first)
    assert (
        "裁剪结果已过期"
        in school.post(f"/candidates/{other}/photo", data={"crop": token(moved.text), "size": "0", "x": "0", "y": "0"}).text
    )
    assert "裁剪结果已过期" in school.post(address, data={"crop": token(moved.text), "size": "9999", "x": "0", "y": "0"}).text
    assert candidates(lite)[candidate] == ("无照片", None)
    assert school.post(address, data={"crop": token(moved.text)}).status_code == 302
    assert candidates(lite)[candidate][0] == "信息待认证"


def test_a_photo_of_too_many_bytes_is_offered_smaller(lite: World) -> None:
    (candidate,) = pupils(lite, [number(1)])
    school = user(site(lite), "school1")
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    body = head + jpeg() + bytes(5 * 1024 * 1024) + b"\r\n--x--\r\n"  # as one piece: the client would leave a file of its own open
    with school.post(f"/candidates/{candidate}/photo", data=body, content_type="multipart/form-data; boundary=x") as answer:
        status, page = answer.status_code, answer.text
    assert (status, "照片大小为 5.1 MB，应在 5 MB 以内" in page, "裁剪并采用" in page) == (422, True, True)


def test_pictures_are_for_the_school_alone_and_for_no_cache(lite: World, tmp_path: Path) -> None:
    (candidate,) = pupils(lite, [number(1)])
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {f"{number(1)}.jpg": jpeg()}))
    app = site(lite)
    addresses = (f"/candidates/{candidate}/photo.jpg", f"/candidates/photos/{import_id}/1.jpg")
    for address in addresses:
        answer = user(app, "school1").get(address)
        assert answer.status_code == 200
        assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/jpeg", "no-store")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        for account in ("school2", "province1", "organization1", "operator", "supervisor"):
            assert user(app, account).get(address).status_code == 404, account
        assert app.test_client().get(address).status_code == 302  # to the log-in
    assert user(app, "school1").get(f"/candidates/photos/{import_id}/1/preview.jpg").status_code == 404  # a good photo has none
    assert user(app, "school1").get(f"/candidates/photos/{import_id}/7.jpg").status_code == 404


def upload(client: FlaskClient, record_id: int, content: bytes, name: str = "a.jpg", **data: str) -> tuple[int, str]:
    answer = client.post(f"/candidates/{record_id}/photo", data={"file": (BytesIO(content), name), **data})
    return answer.status_code, answer.text


def test_one_candidate_gets_a_photo(lite: World) -> None:
    (candidate,) = pupils(lite, [number(1)])
    school = user(site(lite), "school1")
    address = f"/candidates/{candidate}/photo"
    assert f'href="{address}"' in school.get(f"/candidates/{candidate}").text
    assert f'href="{address}"' in school.get(f"/candidates/{candidate}/edit").text
    assert "还没有照片" in school.get(address).text
    assert "请先选择照片" in school.post(address).text
    status, page = upload(school, candidate, jpeg(blue()))
    assert (status, "底色偏蓝：检测到 #" in page) == (422, True)
    assert upload(school, candidate, jpeg(good()))[0] == 302
    assert candidates(lite)[candidate][0] == "信息待认证"
    page = school.get(f"/candidates/{candidate}").text
    assert f'src="{address}.jpg"' in page
    assert "照片已上传" in re.sub(r"\s+|<[^>]+>", "", page)
    assert candidates(lite)[candidate][1] not in page  # no hash for people
    assert "更换照片" in page


def test_the_crop_of_one_photo_is_offered_and_taken(lite: World) -> None:
    (candidate, other) = pupils(lite, [number(1), number(2)])
    school = user(site(lite), "school1")
    status, page = upload(school, candidate, jpeg(draw(1, RED, (900, 900), Pose(0.5, 0.45, 0.4)).picture))
    assert status == 422
    assert "照片像素 900×900，应为 295×413" in page
    token = re.search(r'name="crop" value="([^"]+)"', page)
    assert token is not None
    offered = {"crop": html.unescape(token[1])}
    assert user(site(lite), "school2").post(f"/candidates/{candidate}/photo", data=offered).status_code == 404
    assert "裁剪结果已过期" in school.post(f"/candidates/{other}/photo", data=offered).text
    assert "裁剪结果已过期" in school.post(f"/candidates/{candidate}/photo", data={"crop": "x" * 64}).text
    assert school.post(f"/candidates/{candidate}/photo", data=offered).status_code == 302
    assert candidates(lite)[candidate][0] == "信息待认证"


def test_at_accurate_information_no_photo_is_offered_or_taken(lite: World) -> None:
    (candidate,) = pupils(lite, [number(1)])
    school = user(site(lite), "school1")
    assert upload(school, candidate, jpeg(good(1)))[0] == 302
    accurate(lite, candidate)
    assert "更换照片" not in school.get(f"/candidates/{candidate}").text
    assert "不能修改照片" in school.get(f"/candidates/{candidate}/photo").text
    before = candidates(lite)
    status, page = upload(school, candidate, jpeg(good(2)))
    assert (status, "当前状态为“信息准确”，不能修改“照片”" in page) == (409, True)
    assert candidates(lite) == before


def test_only_schools_import_photos_and_each_its_own(lite: World, tmp_path: Path) -> None:
    pupils(lite, [number(1)])
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {f"{number(1)}.jpg": jpeg(wide().picture)}))
    app = site(lite)
    for account in ("province1", "organization1", "operator", "designer"):
        client = user(app, account)
        assert client.get("/candidates/photos/").status_code == 403
        assert client.post("/candidates/photos/", data={"name": "a.zip", "size": "5"}, headers=FETCH).status_code == 403
    other = user(app, "school2")
    assert other.get(f"/candidates/photos/{import_id}").status_code == 404
    for path in ("begin", "resume", "drop", "crop", "pieces?at=0"):
        assert other.post(f"/candidates/photos/{import_id}/{path}").status_code == 404
    assert "照片.zip" not in other.get("/candidates/photos/").text
    assert "照片.zip" in user(app, "school1").get("/candidates/photos/").text


def test_an_upload_can_be_dropped(lite: World) -> None:
    school = user(site(lite), "school1")
    begun = begin(school, b"x" * 100)
    assert school.post(f"/candidates/photos/{begun['id']}/begin").status_code == 409
    assert school.post(f"/candidates/photos/{begun['id']}/drop").status_code == 302
    assert "已放弃" in school.get(f"/candidates/photos/{begun['id']}").text
    assert piece(school, begun["pieces"], 0, b"x")[0] == 404
    assert school.post(f"/candidates/photos/{begun['id']}/drop").status_code == 409


def test_many_thumbnails_are_pages(lite: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "SHOWN", 2)
    import_id = bring(lite, samples.archive(tmp_path / "a.zip", {f"{at}.jpg": b"x" for at in range(5)}))
    school = user(site(lite), "school1")
    page = school.get(f"/candidates/photos/{import_id}?tab=refused&page=2").text
    assert "第 2/3 页" in page
    assert [f">{at}.jpg" in page for at in range(5)] == [False, False, True, True, False]


def test_the_progress_of_a_zip_moves_while_its_photos_are_looked_at(lite: World, tmp_path: Path) -> None:
    path = samples.archive(tmp_path / "a.zip", {f"{number(1)}.jpg": jpeg()})
    school = user(site(lite), "school1")
    begun = begin(school, path.read_bytes())
    piece(school, begun["pieces"], 0, path.read_bytes())
    address = school.post(str(begun["begin"]), headers=FETCH).get_json()["address"]
    assert school.get(f"{address}.json").get_json() == {"over": False, "handled": 0, "total": None, "sentence": "正在读取压缩包…"}
    with lite.runtime.database.writing() as session:
        import_id = int(str(begun["id"]))
        for at, state in enumerate((PhotoState.WAITING, PhotoState.GOOD, PhotoState.REFUSED), 1):
            session.add(PhotoItem(import_id=import_id, number=at, place=at, name="a.jpg", id_number="a", state=state))
        session.flush()
        recount(session, import_id)
        task = session.get_one(BackgroundTask, session.get_one(PhotoImport, import_id).task_id)
        task.total, task.failed = 3, 1
    sentence = "共 3 张，已检查 2 张，已导入 0 张，未通过或待确认 1 张，正在检查和导入…"
    assert school.get(f"{address}.json").get_json() == {"over": False, "handled": 3, "total": 6, "sentence": sentence}
    assert 'max="6" value="3"' in school.get(address).text


def test_another_ground_is_offered_where_a_certificate_asks_for_it(lite: World) -> None:
    (candidate,) = pupils(lite, [number(1)])
    school = user(site(lite), "school1")
    assert 'name="ground"' not in school.get("/candidates/photos/").text
    assert upload(school, candidate, jpeg(blue()), ground="蓝")[0] == 422
    ask_for_blue(lite)
    page = school.get("/candidates/photos/").text
    assert '<option value="蓝">蓝色</option>' in page
    assert "红色或蓝色底（按报考证书的要求）" in page
    assert upload(school, candidate, jpeg(blue()), ground="蓝")[0] == 302
