"""The `pilot` command: the parts of the product, one by one and together."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

import click
from cryptography.fernet import Fernet
from redis import Redis
from rq import Worker
from sqlalchemy.exc import OperationalError

from domain.demo import DEMO_ACCOUNTS, PASSWORD
from domain.demo.books import SIZES
from domain.ground.errors import DomainError
from domain.ground.locks import SchedulerLock
from domain.ground.proofs import proofs_of
from domain.ground.schema import EXIT_STATUS, SchemaError
from domain.ground.settings import BadSetting, Settings, read_settings
from domain.ground.vault import open_vault
from domain.institutions import seals
from domain.platform import heads as published
from domain.platform import rights as granting
from domain.subjects import SUBJECTS
from forms import read_forms
from handlers import HANDLERS
from jobs import runtime as runtimes
from jobs import sandbox as outside
from jobs import scheduler as scheduling
from jobs import worker as working
from jobs.demo import loading as demonstration
from jobs.scenarios import playing as scenario_runner
from jobs.verifying import verify as find_faults
from processes.checks import SUFFIXES, check_file, diagrams_in
from processes.diagrams.decisions import SUFFIX
from processes.errors import DiagramInvalid
from webapp import supervisor

_MOST_HEADS = 1_000_000  # one is published a day
SCENARIOS = ".scenarios.yaml"


def _settings() -> Settings:
    try:
        return read_settings(os.environ)
    except BadSetting as error:
        raise click.ClickException(str(error)) from error


def _migrate(runtime: runtimes.Runtime) -> None:
    try:
        done = runtimes.migrate(runtime)
    except SchemaError as error:
        raise click.ClickException(str(error)) from error
    if done.before not in (None, done.after):
        click.echo(f"数据库已升级：结构 {done.before} → {done.after}")
    if done.copy is not None:
        click.echo(f"升级前的数据库已另存为 {done.copy}")


class _OtherSchema(click.ClickException):
    exit_code = EXIT_STATUS


def _runtime() -> runtimes.Runtime:
    """The product on a database that has its schema."""
    try:
        return runtimes.build_current(_settings())
    except SchemaError as error:
        raise _OtherSchema(str(error)) from error
    except OperationalError as error:
        raise click.ClickException(f"数据库没有应答：{error.orig}") from error


@click.group()
def main() -> None:
    """试点院校业务平台"""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("spiff").setLevel(logging.WARNING)


@main.command()
def run() -> None:
    """Everything on this machine, with demonstration data, until Ctrl-C."""
    sys.exit(supervisor.run(os.environ))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def web(host: str) -> None:
    """The web server."""
    command, _ = supervisor.web_command(host), _settings()
    os.execv(command[0], command)  # noqa: S606


@main.command()
def worker() -> None:
    """A worker of background jobs."""
    runtime = _runtime()
    runtime.database.engine.dispose()  # the jobs open it themselves
    working.run(runtime.settings)


@main.command()
def scheduler() -> None:
    """The scheduler: timers and the outbox's sweep."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scheduling.run(_runtime(), stop)


@main.command()
@click.option("--port", default=8099, show_default=True)
def sandbox(port: int) -> None:
    """The stand-in of the outside systems."""
    outside.serve(port)


@main.command()
def migrate() -> None:
    """Brings the database's schema up to date, and deploys the diagrams of `bpmn/` that have changed."""
    runtime = runtimes.build(_settings())
    _migrate(runtime)
    for definition in runtimes.deploy_all(runtime):
        click.echo(f"{definition.name}（{definition.key}）：第 {definition.version} 版")


@main.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="small", show_default=True, help="How much of everything.")
def demo(size: str) -> None:
    """Brings the schema up to date and loads made-up data into an empty database."""
    runtime = runtimes.build(_settings())
    _migrate(runtime)
    runtimes.deploy_all(runtime)
    made = demonstration.load(runtime, size)
    if made is None:
        click.echo("数据库中已有数据，没有改动。要载入另一份演示数据，请用 PILOT_HOME 指定一个空文件夹。")
    else:
        click.echo("演示数据已载入：" + "，".join(f"{name} {count:,}" for name, count in made.items()))
    for account, roles, party in DEMO_ACCOUNTS:
        click.echo(f"  {account:<14}{PASSWORD}  {roles}（{party}）")


def _check(paths: tuple[Path, ...]) -> int:
    found, forms = 0, read_forms()
    for path in paths:
        diagrams = diagrams_in(path, (*SUFFIXES, SUFFIX))
        if not diagrams:
            click.echo(f"{click.format_filename(path)}: 文件夹中没有流程图（{'、'.join(SUFFIXES)}）")
            found += 1
        for file in diagrams:
            for problem in check_file(file, HANDLERS, SUBJECTS, forms):
                click.echo(f"{click.format_filename(file)}: {problem}")
                found += 1
    return found


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(paths: tuple[Path, ...]) -> None:
    """Checks diagrams: a line a problem, exit 1 where there is one."""
    sys.exit(1 if _check(paths) else 0)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def deploy(paths: tuple[Path, ...]) -> None:
    """Checks and deploys diagrams."""
    if _check(paths):
        sys.exit(1)
    runtime = _runtime()
    for path in runtimes.in_order(file for folder in paths for file in diagrams_in(folder)):
        try:
            definition = runtimes.deploy_file(runtime, path, os.environ.get("USER", "pilot"))
        except DiagramInvalid as error:
            for problem in error.problems:
                click.echo(f"{path}: {problem}")
            sys.exit(1)
        click.echo(f"{path}: 已部署为第 {definition.version} 版")


@main.command()
@click.argument("keys", nargs=-1)
def scenario(keys: tuple[str, ...]) -> None:
    """Runs the scenarios beside the diagrams, and names the sequence flows that none takes."""
    found = {path.name.removesuffix(SCENARIOS): path for path in sorted(runtimes.BPMN_FOLDER.glob(f"*{SCENARIOS}"))}
    unknown = [key for key in keys if key not in found]
    if unknown:
        raise click.BadParameter(f"没有这些流程的场景：{'、'.join(unknown)}。请写流程的 id，例如 {min(found)}")
    failed = False
    for path in (found[key] for key in keys or found):
        report = scenario_runner.run_file(path)
        failed = failed or bool(report.failures)
        for name in report.passed:
            click.echo(f"通过  {name}")
        for failure in report.failures:
            click.echo(f"失败  {failure}")
        for flow in report.flows_not_taken:
            click.echo(f"未走到的连线  {flow}")
    sys.exit(1 if failed else 0)


@main.command()
@click.option("--heads", "kept", type=click.File(encoding="utf-8"), help="Heads that were kept outside, as `pilot heads` printed them.")
def verify(kept: TextIO | None) -> None:
    """Is everything consistent? A line for each fault, exit 1 where there is one."""
    runtime = _runtime()
    faults = find_faults(runtime, _heads(kept) if kept is not None else [])
    for fault in faults:
        click.echo(fault)
    click.echo("一致" if not faults else f"共 {len(faults)} 处不一致")
    sys.exit(1 if faults else 0)


def _heads(file: TextIO) -> list[dict[str, object]]:
    """The heads in a file, a line each."""
    found: list[dict[str, object]] = []
    number = 0
    try:
        for line in file:
            number += 1
            if line.strip():
                head = json.loads(line)
                if not isinstance(head, dict) or type(head.get("number")) is not int or not 0 < head["number"] < _MOST_HEADS:
                    raise ValueError("no head")
                found.append(head)
    except (ValueError, RecursionError) as error:  # no JSON, too deep, or not UTF-8
        raise click.ClickException(f"第 {max(number, 1)} 行不是 pilot heads 输出的内容，请核对文件") from error
    return found


@main.command()
@click.option("--since", default=1, show_default=True, help="The first one to print.")
def heads(since: int) -> None:
    """Prints the published heads, a JSON object a line, to be kept where whoever runs this installation cannot change them."""
    runtime = runtimes.build(_settings())
    with runtime.database.reading() as session:
        for head in published.heads_since(session, since):
            click.echo(json.dumps(published.exported(head, proofs_of(session)), ensure_ascii=False))


@main.command()
@click.argument("account")
@click.option("--give", multiple=True, type=click.Choice(granting.GIVEN), help="A role to give.")
@click.option("--take", multiple=True, type=click.Choice(granting.GIVEN), help="A role to take away.")
def rights(account: str, give: tuple[str, ...], take: tuple[str, ...]) -> None:
    """Gives roles to a person, takes them away, and says which the person holds then."""
    runtime = _runtime()
    try:
        if give or take:
            with runtime.database.writing() as session:
                by = os.environ.get("USER", "pilot")[:50]
                granting.change_roles(session, account, give, take, by, runtime.engine.clock())
        with runtime.database.reading() as session:
            click.echo(f"{account}：{'、'.join(granting.roles_of(session, account)) or '没有角色'}")
    except DomainError as error:
        raise click.ClickException(str(error)) from error


@main.command()
def new_seal_key() -> None:
    """Prints a new key for SEAL_KEYS."""
    click.echo(Fernet.generate_key().decode("ascii"))


@main.command()
def rotate_seal_keys() -> None:
    """Encrypts the keys of all seals anew with the first of SEAL_KEYS; the others may be taken away afterwards."""
    runtime = _runtime()
    with runtime.database.writing() as session:
        count = seals.rotate_keys(session, open_vault(runtime.settings))
    click.echo(f"已重新加密 {count} 个签章密钥")


@main.command()
@click.argument("part", type=click.Choice(["worker", "scheduler"]))
def health(part: str) -> None:
    """Exit 0 where the part is at work: a worker registered with RQ, a scheduler's lease that holds."""
    runtime = runtimes.build(_settings())
    if part == "worker":
        alive = bool(Worker.all(connection=Redis.from_url(runtime.settings.redis_url)))
    else:
        with runtime.database.reading() as session:
            lock = session.get(SchedulerLock, 1)
            alive = lock is not None and lock.until > runtime.engine.clock()
    sys.exit(0 if alive else 1)


@main.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line (the only form there is).")
def bench(name: str, as_json: bool) -> None:
    """Measures against a floor in the same run."""
    from webapp import benches  # builds an app of its own: only where it is asked for

    try:
        click.echo(json.dumps(benches.run(name), ensure_ascii=False))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
