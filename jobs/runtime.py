"""Puts the parts together for an entry point: settings, database, engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

# imported for their tables: the metadata must know them all
import domain.changes
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
from processes import definitions, tables
from processes.engine import Engine

BPMN_FOLDER = Path(__file__).parent.parent / "bpmn"
TABLES = (
    domain.changes.Change,
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
    """Deploys one diagram with the forms of `forms/`, in one transaction.

    Raises:
        processes.errors.DiagramInvalid: `problems` says why.
    """
    with runtime.database.writing() as session:
        return definitions.deploy(session, runtime.engine, path.read_bytes(), read_forms(), by)


def deploy_all(runtime: Runtime) -> list[definitions.Definition]:
    """Deploys the diagrams of `bpmn/` that have changed."""
    return [deploy_file(runtime, path, "系统") for path in sorted(BPMN_FOLDER.glob("*.bpmn"))]
