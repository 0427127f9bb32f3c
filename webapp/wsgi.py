"""The WSGI entry: `webapp.serving` serves it, and any other server could."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from domain.ground.schema import EXIT_STATUS, SchemaError
from domain.ground.settings import read_settings
from jobs.runtime import build_current
from webapp.app import create_app

PATIENCE = timedelta(seconds=3)
"""How long a page waits for a lock of the database before it says that the system is busy."""

try:
    app = create_app(build_current(read_settings(os.environ), PATIENCE))
except SchemaError as error:
    print(error, file=sys.stderr)
    sys.exit(EXIT_STATUS)
