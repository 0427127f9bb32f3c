"""批量导入监考人员 (row 5.2.11.3)."""

from __future__ import annotations

from domain.exams.invigilators import certificates_of, known_invigilators, store_invigilators
from jobs.imports.description import Import
from jobs.invigilators import KEY

INVIGILATORS = Import(
    key="invigilators",
    title="批量导入监考人员",
    noun="监考人员",
    role="试点院校",
    back="/invigilators/",
    unique=("id_number",),
    known=known_invigilators,
    store=store_invigilators,
    process=KEY,
    form="invigilator.json",
    parts=certificates_of,
)
