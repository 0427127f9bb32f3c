"""Builds what every entry point works with: settings, database and engine."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

# imported for their tables: the metadata must know them all
import domain.exams.allotments
import domain.exams.arrangings
import domain.exams.rooms
import domain.exams.scores
import domain.exams.seats
import domain.ground.locks
import domain.institutions.organizations
import domain.institutions.schools
import domain.platform.background
import domain.platform.changes
import domain.platform.document_templates
import domain.platform.files
import domain.platform.heads
import domain.platform.imports
import domain.platform.looks
import domain.platform.photo_imports
import domain.platform.throttle
from domain.ground.base import Base, utc_now
from domain.ground.database import Database, open_database, unsafe_settings
from domain.ground.home import make_private
from domain.ground.proofs import proofs_with
from domain.ground.schema import SchemaError, Upgrade, check_schema, upgrade
from domain.ground.settings import Settings
from domain.subjects import SUBJECTS
from forms import read_forms
from forms.checking import check
from handlers import HANDLERS
from jobs import heads
from processes import tables
from processes.definitions import definition
from processes.deployment import deploying, versions
from processes.deployment.deploying import callees_first
from processes.diagrams.decisions import read_folder
from processes.engine import Engine

_log = logging.getLogger(__name__)
PRODUCT = "系统"  # who deployed what came with the product
BPMN_FOLDER = Path(__file__).parent.parent / "bpmn"
TABLES = (
    domain.exams.allotments.Allotment,
    domain.exams.arrangings.Arrangement,
    domain.exams.rooms.Room,
    domain.exams.scores.Score,
    domain.exams.seats.Seat,
    domain.platform.background.BackgroundTask,
    domain.platform.changes.Change,
    domain.platform.document_templates.TemplateVersion,
    domain.platform.files.StoredFile,
    domain.platform.heads.Head,
    domain.platform.imports.ImportRecord,
    domain.platform.looks.Look,
    domain.platform.photo_imports.PhotoImport,
    domain.ground.locks.SchedulerLock,
    domain.institutions.organizations.Organization,
    domain.institutions.schools.School,
    domain.platform.throttle.LoginAttempt,
    tables.instance,
)


@dataclass(frozen=True)
class Runtime:
    """What every entry point works with."""

    settings: Settings
    database: Database
    engine: Engine


def settle() -> None:
    """For a process that works from now on: what it has loaded stays, so that Python's collector no longer looks through all of it.

    A look through 250,000 objects takes about a tenth of a second, and comes again and again while an import makes thousands of rows.
    """
    gc.collect()
    gc.freeze()


def build(settings: Settings, clock: Callable[[], datetime] = utc_now, patience: timedelta | None = None) -> Runtime:
    """Opens the database and makes the engine. Changes nothing but the rights to the installation's folder.

    `patience`: how long to wait for a lock of the database (`open_database`).
    """
    make_private(settings.home)
    database = open_database(settings.database_url, proofs_with(settings), patience)
    return Runtime(settings, database, Engine(HANDLERS, SUBJECTS, check, clock))


def build_current(settings: Settings, patience: timedelta | None = None) -> Runtime:
    """As `build`, for whoever works with a database that must be there already.

    Raises:
        domain.ground.schema.SchemaError: it is not of this product's schema; the message says, in Chinese, what to do.
    """
    runtime = build(settings, patience=patience)
    try:
        check_schema(runtime.database)
    except SchemaError:
        runtime.database.engine.dispose()
        raise
    for danger in unsafe_settings(runtime.database):
        _log.warning("%s", danger)
    return runtime


def migrate(runtime: Runtime) -> Upgrade:
    """Brings the schema up to date, and says what that took. Where nothing is proved yet, proves what the database holds.

    Raises:
        domain.ground.schema.SchemaError: nothing has changed; the message says why, in Chinese.
    """
    done = upgrade(runtime.database, Base.metadata)
    heads.begin(runtime.database, runtime.engine)
    return done


def deploy_file(runtime: Runtime, path: Path, by: str) -> definition.Definition:
    """Deploys one diagram with the forms of `forms/` and the decision tables beside it, in one transaction.

    Raises:
        processes.errors.DiagramInvalid: `problems` says why.
    """
    with runtime.database.writing() as session:
        return deploying.deploy(session, runtime.engine, path.read_bytes(), read_forms(), by, read_folder(path.parent))


def deploy_all(runtime: Runtime, folder: Path = BPMN_FOLDER) -> list[definition.Definition]:
    """Deploys the diagrams of `bpmn/` that have changed; a process that a designer has taken over keeps the designer's version."""
    with runtime.database.reading() as session:
        taken_over = {row.key for row in versions.latest_versions(session) if row.deployed_by != PRODUCT}
    paths = [path for path in sorted(folder.glob("*.bpmn")) if path.stem not in taken_over]
    return [deploy_file(runtime, path, PRODUCT) for path in in_order(paths)]


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Files of diagrams, each after those that it calls."""
    return [Path(name) for name in callees_first({str(path): path.read_bytes() for path in paths})]
