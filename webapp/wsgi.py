"""The WSGI entry: `webapp.serving` serves it, and any other server could."""

from __future__ import annotations

import os

from domain.ground.settings import read_settings
from jobs.runtime import build
from webapp.app import create_app

app = create_app(build(read_settings(os.environ)))
