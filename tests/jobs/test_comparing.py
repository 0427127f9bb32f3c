"""The comparison of a photo, as the handler calls it: each answer of the outside, and what people read of it."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from domain.exams.candidates import Candidate
from domain.exams.photos import keep_photo
from domain.ground.handling import BusinessError, Permanent, Transient
from domain.ground.settings import Settings
from handlers import candidates, outside
from tests.conftest import FOREVER, free_port
from tests.jobs.conftest import Live

pytestmark = pytest.mark.row("5.2.3.6")


def payload(settings: Settings) -> dict[str, str]:
    return {"name": "王小明", "document": "居民身份证", "number": "11010519491231002X", "photo": keep_photo(settings.home, b"photo")}


def test_a_photo_that_is_that_persons(live: Live) -> None:
    settings = live.world.runtime.settings
    assert candidates.compare(payload(settings), "a", settings) == {}
    live.outside.compare = "mismatch"
    assert candidates.compare(payload(settings), "a", settings) == {}  # a repeated key gets the first answer


@pytest.mark.parametrize(
    ("mode", "error", "told"),
    [
        ("mismatch", BusinessError, "照片与公安系统中的照片不一致（相似度 41%），请核对照片是否为本人"),
        ("unknown", BusinessError, "公安系统中没有与姓名、证件号一致的人，请核对姓名、证件类型和证件号"),
        ("refuse", Permanent, "公安系统拒绝了这次比对，请联系系统管理员"),
        ("fail", Transient, "公安系统照片比对忙，系统会自动重试，请稍后查看"),
        ("delay", Transient, "公安系统照片比对没有应答，系统会自动重试，请稍后查看"),
    ],
)
def test_what_else_comes_back(live: Live, monkeypatch: pytest.MonkeyPatch, mode: str, error: type[Exception], told: str) -> None:
    settings = live.world.runtime.settings
    live.outside.compare, live.outside.seconds = mode, FOREVER
    if mode == "delay":
        monkeypatch.setattr(outside, "TIMEOUT", httpx.Timeout(FOREVER, read=0.1))  # the answer waits until the test is over
    with pytest.raises(error) as caught:
        candidates.compare(payload(settings), "a", settings)
    live.outside.go_on.set()
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"compare_url": "nowhere"}, Permanent, "公安系统照片比对的地址配置有误，请联系系统管理员"),
        ({"compare_url": f"http://127.0.0.1:{free_port()}"}, Transient, "公安系统照片比对没有应答，系统会自动重试，请稍后查看"),
    ],
)
def test_an_address_that_leads_nowhere(settings: Settings, changes: dict[str, str], error: type[Exception], told: str) -> None:
    with pytest.raises(error) as caught:
        candidates.compare(payload(settings), "a", replace(settings, **changes))  # type: ignore[arg-type]  # they are texts
    assert str(caught.value) == told


def test_a_photo_that_is_lost(settings: Settings) -> None:
    with pytest.raises(Permanent, match="照片文件不存在，请重新导入该考生的照片"):
        candidates.compare({**payload(settings), "photo": "0" * 64}, "a", settings)


def test_without_a_photo_there_is_nothing_to_compare() -> None:
    with pytest.raises(Permanent, match="该考生还没有照片"):
        candidates.prepare(None, Candidate(name="王小明"), {})  # type: ignore[arg-type]  # it asks the session for nothing


@pytest.mark.parametrize("body", [{"compare": "perhaps"}, {"compare": "unknown", "seconds": 31}])
def test_the_sandbox_refuses_a_switch_that_it_does_not_have(live: Live, body: dict[str, object]) -> None:
    base = live.world.runtime.settings.compare_url
    assert httpx.post(f"{base}/switch", json=body).status_code == 400
    assert httpx.post(f"{base}/compare", json={"name": "王小明"}, headers={"Idempotency-Key": "a"}).status_code == 400
    assert httpx.post(f"{base}/switch", json={"compare": "unknown"}).status_code == 200
    assert live.outside.compare == "unknown"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that a test sets."""
    found = [1000.0]
    monkeypatch.setattr(outside, "monotonic", lambda: found[0])
    return found


@pytest.mark.row("6.5")
def test_who_does_not_answer_is_left_alone_for_a_while(live: Live, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    settings, asked = live.world.runtime.settings, live.outside.asked
    monkeypatch.setattr(outside, "TIMEOUT", httpx.Timeout(FOREVER, read=0.1))
    live.outside.compare, live.outside.seconds = "delay", FOREVER

    def fails(key: str) -> None:
        with pytest.raises(Transient, match="没有应答"):
            candidates.compare(payload(settings), key, settings)

    fails("a")
    fails("b")
    assert asked == ["a"]
    now[0] += outside.REST
    fails("c")  # it is tried again
    now[0] += outside.REST
    fails("d")  # and left alone for longer
    assert asked == ["a", "c"]
    now[0] += outside.REST
    live.outside.go_on.set()
    live.outside.compare = "ok"
    assert candidates.compare(payload(settings), "e", settings) == {}
    assert candidates.compare(payload(settings), "f", settings) == {}
    assert asked == ["a", "c", "e", "f"]


def test_of_calls_at_once_one_that_is_answered_counts(now: list[float]) -> None:
    line = outside._Line()
    line.not_answered(980.0)
    line.not_answered(980.0)  # sent at the same moment
    assert line.rests
    now[0] += outside.REST
    assert not line.rests
    line.answered()
    line.not_answered(1010.0)  # sent before that answer came
    assert not line.rests
