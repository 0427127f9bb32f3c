"""The outbox on the way to the SMS gateway: through Redis and a real worker, and through what can go wrong."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from redis import Redis
from sqlalchemy import delete, event, update

from domain.ground.handling import External, Permanent, Transient
from domain.ground.settings import Settings
from domain.platform.passwords import first_password
from domain.weekly.reports import WeeklyReport
from handlers import accounts
from jobs import leases, outbox, scheduler
from jobs.runtime import Runtime
from processes import tables
from processes.diagrams import retries
from processes.engine import Engine
from processes.errors import Refused, StaleAttempt
from processes.monitor import managing
from processes.outside import answers
from tests.conftest import FOREVER, World, free_port
from tests.jobs.conftest import Live, wait_for
from tests.jobs.submitted import get, set_job, submitted


class Killed(BaseException):
    """As near to a kill as one process comes."""


def retry(world: World, instance: int) -> None:
    """A person in charge tries again."""
    with world.runtime.database.writing() as session:
        managing.retry(world.runtime.engine, session, world.actor("supervisor"), instance)


def calling(world: World, call: Any, prepare: Any = None) -> Runtime:
    """The same product with another SMS handler."""
    engine = world.runtime.engine
    handlers = dict(engine.handlers)
    sms = handlers["sms.notify"]
    assert isinstance(sms, External)
    handlers["sms.notify"] = External(prepare or sms.prepare, call)
    return replace(world.runtime, engine=Engine(handlers, engine.subjects, engine.check, engine.clock))


@pytest.mark.row("6.5")
def test_an_sms_goes_through_redis_and_a_worker(live: Live) -> None:
    _, _, job_id = submitted(live.world)
    outbox.hand_out(live.world.runtime.settings.redis_url, [job_id])
    live.start_worker()
    wait_for(lambda: live.job(job_id).state == "done")
    assert live.outside.asked == [job_id]
    assert "待审核" in live.outside.sent[job_id]["messages"][0]["text"]


@pytest.mark.row("6.5")
def test_a_killed_worker_and_an_emptied_redis_send_once(live: Live, redis: Redis) -> None:
    runtime = live.world.runtime
    live.outside.mode, live.outside.seconds = "delay", FOREVER
    _, _, job_id = submitted(live.world)
    outbox.hand_out(runtime.settings.redis_url, [job_id])
    worker = live.start_worker()
    wait_for(lambda: live.outside.asked)
    worker.kill()  # in the middle of the call
    worker.wait()
    live.outside.go_on.set()
    redis.flushall()
    live.outside.mode = "ok"
    assert live.job(job_id).state == "running"
    wait_for(lambda: job_id in live.outside.sent)  # the gateway sent it, and nobody was left to hear so
    set_job(runtime, job_id, next_at=runtime.engine.clock() - timedelta(seconds=1))  # the lease is over
    live.start_worker()
    scheduler.turn(runtime, "test")
    wait_for(lambda: live.job(job_id).state == "done")
    assert live.outside.asked == [job_id, job_id]  # asked twice with the same key,
    lines = [json.loads(line) for line in live.log.read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines] == [job_id]  # sent once
    assert live.job(job_id).attempt == 2


@pytest.mark.row("6.5")
def test_redis_away_loses_nothing(live: Live) -> None:
    runtime = live.world.runtime
    _, _, job_id = submitted(live.world)
    away = replace(runtime, settings=replace(runtime.settings, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    scheduler.turn(away, "test")  # a warning in the log, no error
    assert live.job(job_id).state == "pending"
    set_job(runtime, job_id, next_at=runtime.engine.clock())
    live.start_worker()
    scheduler.turn(runtime, "test")
    wait_for(lambda: live.job(job_id).state == "done")
    assert list(live.outside.sent) == [job_id]


@pytest.mark.row("6.5")
def test_a_passing_fault_is_tried_again_later_each_time(live: Live) -> None:
    runtime = live.world.runtime
    live.outside.mode = "fail"
    _, instance, job_id = submitted(live.world)
    for attempt in range(1, retries.DEFAULT_MAX + 2):
        before = runtime.engine.clock()
        assert outbox.run_job(runtime, job_id)
        job, incident = get(runtime, job_id)
        assert job.attempt == attempt
        if attempt <= retries.DEFAULT_MAX:
            assert (job.state, incident) == ("pending", None)
            assert job.next_at - before >= retries.DEFAULT_DELAY * 2 ** (attempt - 1) * 0.5
            assert job_id not in outbox.sweep(runtime)  # not due yet
    assert job.state == "failed"
    assert "短信平台忙" in (incident or "")
    live.outside.mode = "ok"
    retry(live.world, instance)
    assert outbox.run_job(runtime, job_id)
    job, incident = get(runtime, job_id)
    assert (job.state, incident) == ("done", None)
    assert live.outside.asked == [job_id] * (retries.DEFAULT_MAX + 2)


@pytest.mark.row("6.5")
def test_a_refusal_is_an_incident_until_a_person_retries(live: Live) -> None:
    runtime = live.world.runtime
    live.outside.mode = "refuse"
    _, instance, job_id = submitted(live.world)
    assert outbox.run_job(runtime, job_id)
    job, incident = get(runtime, job_id)
    assert job.state == "failed"
    assert "拒绝发送" in (incident or "")
    retry(live.world, instance)
    with pytest.raises(Refused, match="没有失败"):
        retry(live.world, instance)
    job, incident = get(runtime, job_id)
    assert (job.state, job.tries, incident) == ("pending", 0, None)
    live.outside.mode = "ok"
    assert job_id in outbox.sweep(runtime)
    assert outbox.run_job(runtime, job_id)
    assert list(live.outside.sent) == [job_id]


def test_a_late_answer_from_before_a_retry_changes_nothing(lite: World) -> None:
    _, instance, job_id = submitted(lite)
    set_job(lite.runtime, job_id, state="running", attempt=1)
    with lite.runtime.database.writing() as session:
        answers.fail(lite.runtime.engine, session, job_id, 1, "没有应答", None)
    retry(lite, instance)
    seen: list[int] = []

    def call(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
        with lite.runtime.database.writing() as session, pytest.raises(StaleAttempt):
            answers.answer(lite.runtime.engine, session, key, 1, {})
        seen.append(get(lite.runtime, key)[0].attempt)
        return {}

    assert outbox.run_job(calling(lite, call), job_id)
    assert seen == [2]
    assert get(lite.runtime, job_id)[0].state == "done"


def test_the_first_attempt_sends_what_a_retry_sends(world: World) -> None:
    _, _, job_id = submitted(world)
    sent: list[dict[str, Any]] = []

    def call(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
        sent.append(payload)
        if len(sent) == 1:
            raise Transient("短信平台忙")
        return {}

    runtime = calling(world, call, lambda *_: {"messages": ({"to": "13900000000", "text": "一"},), "numbers": {1: 1.0}})
    outbox.run_job(runtime, job_id)
    set_job(runtime, job_id, next_at=world.clock())
    assert outbox.run_job(runtime, job_id)
    assert sent[0] == sent[1] == get(runtime, job_id)[0].payload


def test_a_job_that_kills_each_worker_becomes_an_incident(world: World) -> None:
    _, instance, job_id = submitted(world)

    def call(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
        raise Killed

    deadly = calling(world, call)
    for _ in range(retries.DEFAULT_MAX + 1):
        with pytest.raises(Killed):
            outbox.run_job(deadly, job_id)
        world.clock.now += outbox.LEASE
        assert job_id in outbox.sweep(deadly)
    assert not outbox.run_job(deadly, job_id)
    job, incident = get(deadly, job_id)
    assert job.state == "failed"
    assert incident
    retry(world, instance)
    assert outbox.run_job(calling(world, lambda *_: {}), job_id)
    assert get(deadly, job_id)[0].state == "done"


@pytest.mark.parametrize(
    ("error", "words"),
    [(KeyError("x"), "找不到所需的值：'x'"), (TypeError("x"), "值的类型不正确：x"), (ValueError("x"), "值不正确：x")],
)
@pytest.mark.parametrize("where", ["prepare", "call"])
def test_a_handler_s_mistake_is_an_incident(lite: World, error: Exception, words: str, where: str) -> None:
    def wrong(*_: Any) -> dict[str, Any]:
        raise error

    _, _, job_id = submitted(lite)
    outbox.run_job(calling(lite, wrong, wrong if where == "prepare" else None), job_id)
    job, incident = get(lite.runtime, job_id)
    assert job.state == "failed"
    assert words in (incident or "")


@pytest.mark.row("6.5")
@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("prepare", Transient("短信平台忙")),
        ("call", Transient("短信平台忙")),
        ("call", ConnectionResetError("reset")),
        ("call", OSError(28, "No space left on device", "/a/path")),
        ("call", TimeoutError()),
    ],
)
def test_what_passes_is_tried_again_wherever_it_happens(world: World, where: str, error: Exception) -> None:
    _, _, job_id = submitted(world)
    failing = True

    def wrong(*_: Any) -> dict[str, Any]:
        if failing:
            raise error
        return {}

    runtime = calling(world, wrong, wrong if where == "prepare" else None)
    outbox.run_job(runtime, job_id)
    job, incident = get(runtime, job_id)
    assert (job.state, job.tries, incident) == ("pending", 1, None)
    told = str(error) if isinstance(error, Transient) else "网络或磁盘出错" + (f"：{error.strerror}" if error.strerror else "")
    assert job.error == told
    assert job.next_at > world.clock()
    set_job(runtime, job_id, tries=retries.DEFAULT_MAX, next_at=world.clock())
    outbox.run_job(runtime, job_id)
    job, incident = get(runtime, job_id)
    assert (job.state, incident) == ("failed", told)
    retry(world, job.instance_id)
    failing = False
    assert outbox.run_job(runtime, job_id)
    assert get(runtime, job_id)[0].state == "done"


@pytest.mark.row("6.5")
def test_an_answer_that_the_process_cannot_take_is_an_incident_at_once(world: World) -> None:
    _, instance, job_id = submitted(world)
    runtime = calling(world, lambda *_: {"number": object()})  # nothing that could be written down
    assert outbox.run_job(runtime, job_id)
    job, incident = get(runtime, job_id)
    assert job.state == "failed"
    assert (incident or "").startswith("外部任务已完成，但流程不能继续")
    retry(world, instance)
    assert outbox.run_job(calling(world, lambda *_: {}), job_id)
    assert get(runtime, job_id)[0].state == "done"


@pytest.mark.parametrize("url", ["http://127.0.0.1:port", "ftp://127.0.0.1", "nothing"])
def test_a_wrong_gateway_address_is_an_incident(lite: World, url: str) -> None:
    _, _, job_id = submitted(lite)
    outbox.run_job(replace(lite.runtime, settings=replace(lite.runtime.settings, sms_url=url)), job_id)
    assert "短信平台的地址配置有误" in (get(lite.runtime, job_id)[1] or "")


def test_a_deleted_record_has_nobody_to_tell(world: World) -> None:
    report, _, job_id = submitted(world)
    with world.runtime.database.writing() as session:
        session.execute(delete(WeeklyReport).where(WeeklyReport.id == report))
    outbox.run_job(world.runtime, job_id)
    job, incident = get(world.runtime, job_id)
    assert (job.state, incident) == ("cancelled", None)  # `done` would say that the outside had it


def test_the_sandbox_refuses_what_it_does_not_understand(live: Live) -> None:
    base = live.world.runtime.settings.sms_url
    bodies: list[Any] = [{"seconds": "soon"}, {"seconds": -1}, {"seconds": None}, {"sms": "explode"}, []]
    for body in bodies:
        assert httpx.post(f"{base}/switch", json=body).status_code == 400
    assert httpx.post(f"{base}/switch", content=b'{"seconds": NaN}').status_code == 400
    assert live.outside.mode == "ok"
    assert httpx.post(f"{base}/switch", json={"sms": "delay", "seconds": 0.5}).status_code == 200
    assert live.outside.seconds == 0.5


class _Repeats(BaseHTTPRequestHandler):
    """A gateway that says what it did not like."""

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = f"内容不合规：{sent['messages'][0]['text']}".encode()
        self.send_response(422)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def test_a_gateway_that_repeats_what_it_refuses_gives_no_password_away(lite: World) -> None:
    """The reason is kept, and shown to those in charge: it must not hold the first password of a teacher."""
    settings = lite.runtime.settings
    with ThreadingHTTPServer(("127.0.0.1", 0), _Repeats) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        away = replace(settings, sms_url=f"http://127.0.0.1:{server.server_address[1]}")
        with pytest.raises(Permanent) as refused:
            accounts.call({"to": "13900000000", "text": "密码：{密码}。", "nonce": "n"}, "key", away)
        server.shutdown()
    assert str(refused.value) == "短信平台拒绝发送，请核对接收人的手机号后重发"
    assert first_password(settings.secret_key, "n") not in str(refused.value)


@pytest.mark.row("8.1")
@pytest.mark.parametrize("world", ["postgresql"], indirect=True)  # SQLite lets one transaction write at a time anyway
def test_a_sweep_lets_be_what_was_handed_out_meanwhile(world: World) -> None:
    """Two sweeps of a lost job: between the look of the second and its write, the first one's job begins anew."""
    _, _, job_id = submitted(world)
    runtime, table = world.runtime, tables.job
    lost = update(table).where(table.c.id == job_id).values(state="running", attempt=1, next_at=world.clock() - timedelta(minutes=1))
    with runtime.database.writing() as session:
        session.execute(lost)

    looked: list[str] = []

    def meanwhile(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE process_job") and not looked:
            looked.append(statement)
            assert outbox.sweep(runtime) == [job_id]
            with runtime.database.writing() as other:
                assert leases.claim(other, outbox.LEASED, job_id, world.clock(), outbox.LEASE)

    event.listen(runtime.database.engine, "before_cursor_execute", meanwhile)
    assert outbox.sweep(runtime) == []
    assert looked
    job, _ = get(runtime, job_id)
    assert (job.state, job.attempt, job.next_at) == ("running", 2, world.clock() + outbox.LEASE)


@pytest.mark.row("6.5")
def test_a_worker_sends_what_is_due_together(live: Live) -> None:
    live.outside.mode, live.outside.seconds = "delay", FOREVER
    runtime = live.world.runtime
    jobs = [submitted(live.world, account)[2] for account in ("school1", "school2", "school3")]
    set_job(runtime, jobs[2], next_at=runtime.engine.clock() + timedelta(minutes=1))  # it failed before, and is not due
    outbox.hand_out(runtime.settings.redis_url, jobs[:1])
    live.start_worker()
    wait_for(lambda: set(live.outside.asked) == set(jobs[:2]))  # neither has an answer yet
    live.outside.go_on.set()
    wait_for(lambda: [live.job(one).state for one in jobs] == ["done", "done", "pending"])
    assert sorted(live.outside.asked) == sorted(jobs[:2])


@pytest.mark.row("6.5")
def test_of_jobs_sent_together_each_has_its_own_answer(live: Live) -> None:
    runtime = live.world.runtime
    jobs = [submitted(live.world, account)[2] for account in ("school1", "school2")]

    def call(payload: Any, key: str, settings: Settings) -> dict[str, Any]:
        if key == jobs[0]:
            raise Permanent("这一个不行")
        return {}

    outbox.run_together(calling(live.world, call), jobs[:1])
    assert [live.job(one).state for one in jobs] == ["failed", "done"]
    outbox.run_together(runtime, jobs[1:2])  # the queue brings it, too: it is over
    assert live.job(jobs[1]).attempt == 1
