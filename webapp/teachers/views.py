"""教师管理 (manual 7): the usual screens of a record."""

from __future__ import annotations

from webapp.records.flow import record_blueprint
from webapp.teachers.kind import KIND

blueprint = record_blueprint(KIND, "/teachers")
