"""All kinds of records with a process: one visible registry. The next approval is a line here."""

from __future__ import annotations

from webapp.declarations.kinds import DECLARATION, PLAN
from webapp.institutions.seal_kind import KIND as SEAL
from webapp.records.kinds import RecordKind
from webapp.sites.kind import KIND as EXAM_SITE
from webapp.standards.kinds import SITE, SKILL
from webapp.teachers.kind import KIND as TEACHER
from webapp.weekly.kind import KIND as WEEKLY

KINDS: dict[str, RecordKind] = {kind.key: kind for kind in (WEEKLY, SKILL, SITE, TEACHER, EXAM_SITE, SEAL, DECLARATION, PLAN)}
