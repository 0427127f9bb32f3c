"""批量修改考生信息 (row 5.2.3.4): a template filled with today's data comes back, and what was changed in it is changed."""

from __future__ import annotations

from domain.exams.candidates import candidates_meant, known_candidates
from forms.lists.candidates import CANDIDATES
from jobs.imports.description import Amends, Import

CANDIDATE_CHANGES = Import(
    key="candidate-changes",
    title="批量修改考生信息",
    noun="考生",
    role="试点院校",
    back="/candidates/",
    unique=(),
    known=known_candidates,
    process="candidate",
    amends=Amends(CANDIDATES, candidates_meant, ("name", "id_number"), ("kind", "document", "id_number")),
)
