"""The WSGI entry: `webapp.serving` serves it, and any other server could."""

from __future__ import annotations

import os
import sys

from domain.ground.schema import SchemaError
from domain.ground.settings import read_settings
from jobs.runtime import build_current
from webapp.app import create_app

try:
    app = create_app(build_current(read_settings(os.environ)))
except SchemaError as error:
    sys.exit(str(error))
