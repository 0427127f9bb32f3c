"""All imports: one visible registry. The next one is a description in a module of its own, and a line here."""

from __future__ import annotations

from jobs.imports.candidate_changes import CANDIDATE_CHANGES
from jobs.imports.candidates import OUTSIDERS, PUPILS
from jobs.imports.description import Import
from jobs.imports.invigilators import INVIGILATORS
from jobs.imports.teachers import TEACHERS

IMPORTS: dict[str, Import] = {one.key: one for one in (PUPILS, OUTSIDERS, CANDIDATE_CHANGES, TEACHERS, INVIGILATORS)}
