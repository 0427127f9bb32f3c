"""考核站点 (manual 5.2.4): the usual screens of a kind of record."""

from __future__ import annotations

from webapp.records.flow import record_blueprint
from webapp.sites.kind import KIND

blueprint = record_blueprint(KIND, "/sites")
