"""Which record types processes are about: the diagram's property `subject` names one."""

from __future__ import annotations

from typing import Any

from domain.reports import ReportingPeriod, WeeklyReport

SUBJECTS: dict[str, type[Any]] = {
    "weekly_report": WeeklyReport,
    "reporting_period": ReportingPeriod,
}
