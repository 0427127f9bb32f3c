"""批量导入考生信息 (row 5.2.3.2), opened from the list of 院校考生 or from that of 社会考生: which, is no column."""

from __future__ import annotations

from urllib.parse import urlencode

from domain.exams.candidates import OUTSIDER, PUPIL, known_candidates, store_candidates
from jobs.imports.description import Import


def _of(key: str, kind: str) -> Import:
    return Import(
        key=key,
        title=f"批量导入考生信息（{kind}）",
        noun=kind,
        role="试点院校",
        back=f"/candidates/?{urlencode({'kind': kind})}",
        unique=("id_number",),
        within={"id_number": ("document",)},
        known=known_candidates,
        store=store_candidates,
        process="candidate",
        given={"kind": kind},
    )


PUPILS, OUTSIDERS = _of("candidates", PUPIL), _of("social-candidates", OUTSIDER)
