"""Which record types processes are about: the diagram's property `subject` names one."""

from __future__ import annotations

from typing import Any

from domain.declaration_plans import DeclarationPlan
from domain.declarations import Declaration
from domain.exam_sites import ExamSite
from domain.reports import ReportingPeriod, WeeklyReport
from domain.seals import Seal
from domain.site_standards import SiteStandard
from domain.skill_standards import SkillStandard
from domain.teachers import Teacher

SUBJECTS: dict[str, type[Any]] = {
    "weekly_report": WeeklyReport,
    "reporting_period": ReportingPeriod,
    "declaration": Declaration,
    "declaration_plan": DeclarationPlan,
    "exam_site": ExamSite,
    "skill_standard": SkillStandard,
    "site_standard": SiteStandard,
    "teacher": Teacher,
    "seal": Seal,
}
