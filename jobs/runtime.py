"""Puts the parts together for an entry point: settings, database, engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

# imported for their tables: the metadata must know them all
import domain.background
import domain.changes
import domain.files
import domain.imports
import domain.locks
import domain.organizations
import domain.schools
import domain.throttle
from domain.base import Base, utc_now
from domain.database import Database, open_database
from domain.schema import upgrade
from domain.settings import Settings
from domain.subjects import SUBJECTS
from forms import read_forms
from forms.checking import check
from handlers import HANDLERS
from processes import definitions, tables, versions
from processes.decisions import read_folder
from processes.deploying import callees_first
from processes.engine import Engine

PRODUCT = "系统"  # who deployed what came with the product
BPMN_FOLDER = Path(__file__).parent.parent / "bpmn"
TABLES = (
    domain.background.BackgroundTask,
    domain.changes.Change,
    domain.files.StoredFile,
    domain.imports.ImportRecord,
    domain.locks.SchedulerLock,
    domain.organizations.Organization,
    domain.schools.School,
    domain.throttle.LoginAttempt,
    tables.instance,
)


@dataclass(frozen=True)
class Runtime:
    """What every entry point works with."""

    settings: Settings
    database: Database
    engine: Engine


def build(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Runtime:
    """Opens the database and makes the engine. Changes nothing."""
    if settings.database_url.startswith("sqlite"):
        settings.home.mkdir(parents=True, exist_ok=True)
    return Runtime(settings, open_database(settings.database_url), Engine(HANDLERS, SUBJECTS, check, clock))


def migrate(runtime: Runtime) -> None:
    """Brings the schema up to date."""
    upgrade(runtime.database.engine, Base.metadata)


def deploy_file(runtime: Runtime, path: Path, by: str) -> definitions.Definition:
    """Deploys one diagram with the forms of `forms/` and the decision tables beside it, in one transaction.

    Raises:
        processes.errors.DiagramInvalid: `problems` says why.
    """
    with runtime.database.writing() as session:
        return definitions.deploy(session, runtime.engine, path.read_bytes(), read_forms(), by, read_folder(path.parent))


def deploy_all(runtime: Runtime, folder: Path = BPMN_FOLDER) -> list[definitions.Definition]:
    """Deploys the diagrams of `bpmn/` that have changed; a process that a designer has taken over keeps the designer's version."""
    with runtime.database.reading() as session:
        taken_over = {row.key for row in versions.latest_versions(session) if row.deployed_by != PRODUCT}
    paths = [path for path in sorted(folder.glob("*.bpmn")) if path.stem not in taken_over]
    return [deploy_file(runtime, path, PRODUCT) for path in in_order(paths)]


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Files of diagrams, each after those that it calls."""
    return [Path(name) for name in callees_first({str(path): path.read_bytes() for path in paths})]
