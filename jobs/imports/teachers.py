"""批量导入教师信息 (row 7.1)."""

from __future__ import annotations

from domain.institutions.teachers import known_teachers, store_teachers
from jobs.imports.description import Import

TEACHERS = Import(
    key="teachers",
    title="批量导入教师信息",
    noun="教师",
    role="试点院校",
    back="/teachers/",
    unique=("mobile", "id_number"),
    known=known_teachers,
    store=store_teachers,
    process="teacher",
)
