"""标准管理 (manual 3): the usual screens of two kinds of records."""

from __future__ import annotations

from webapp.records.flow import record_blueprint
from webapp.standards.kinds import SITE, SKILL

skills = record_blueprint(SKILL, "/standards/skills")
sites = record_blueprint(SITE, "/standards/sites")
