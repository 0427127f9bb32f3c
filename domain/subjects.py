"""Which record types processes are about: the diagram's property `subject` names one."""

from __future__ import annotations

from domain.certificates.declaration_plans import DeclarationPlan
from domain.certificates.declarations import Declaration
from domain.exams.candidates import Candidate
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.invigilators import InvigilatorCertificate
from domain.exams.payment_slips import PaymentSlip
from domain.exams.plans import ExamPlan
from domain.exams.registration_corrections import RegistrationCorrection
from domain.exams.score_objections import ScoreObjection
from domain.ground.subjects import Subject
from domain.institutions.seals import OrganizationSeal, SchoolSeal
from domain.institutions.teachers import Teacher
from domain.issuing.issuances import Issuance
from domain.issuing.withdrawals import CertificateWithdrawal
from domain.standards.site_standards import SiteStandard
from domain.standards.skill_standards import SkillStandard
from domain.weekly.periods import ReportingPeriod
from domain.weekly.reports import WeeklyReport

SUBJECTS: dict[str, type[Subject]] = {
    "weekly_report": WeeklyReport,
    "reporting_period": ReportingPeriod,
    "declaration": Declaration,
    "declaration_plan": DeclarationPlan,
    "exam_site": ExamSite,
    "exam_subject": ExamSubject,
    "exam_plan": ExamPlan,
    "payment_slip": PaymentSlip,
    "registration_correction": RegistrationCorrection,
    "score_objection": ScoreObjection,
    "issuance": Issuance,
    "certificate_withdrawal": CertificateWithdrawal,
    "candidate": Candidate,
    "invigilator_certificate": InvigilatorCertificate,
    "skill_standard": SkillStandard,
    "site_standard": SiteStandard,
    "teacher": Teacher,
    "seal": SchoolSeal,
    "organization_seal": OrganizationSeal,
}
