"""The handlers that service tasks may call, in one visible registry."""

from __future__ import annotations

from domain.ground.handling import External, Handler, Inline
from handlers import (
    accounts,
    candidates,
    declarations,
    exam_plans,
    exam_subjects,
    issuing,
    payments,
    records,
    registrations,
    reports,
    score_objections,
    sms,
)

HANDLERS: dict[str, Handler] = {
    "reports.remind": External(reports.prepare_reminder, reports.send_reminder, needs=("text",)),
    "sms.notify": External(sms.prepare, sms.call, needs=("role", "text")),
    "account.first_password": External(accounts.prepare, accounts.call, needs=("text",)),
    "candidate.compare": External(candidates.prepare, candidates.compare),
    "record.delete": Inline(records.delete, deletes=True),
    "report.delete": Inline(records.delete, deletes=True),  # as the diagrams of 周报 and 考核站点 name it, deployed versions too
    "site.delete": Inline(records.delete, deletes=True),
    "declaration.hand_in": Inline(declarations.hand_in, needs=("at", "late")),
    "declaration.in_window": Inline(declarations.in_window, needs=("at", "late")),
    "declaration.begin_pilots": Inline(declarations.begin_pilots, needs=("at",)),
    "plan.publish": Inline(declarations.publish, needs=("at",)),
    "plan.withdraw": Inline(declarations.withdraw),
    "plan.open": Inline(declarations.open_now, needs=("at",)),
    "plan.close": Inline(declarations.close_now, needs=("at",)),
    "plan.delete": Inline(declarations.delete_plan, deletes=True),
    "exam_subject.enable": Inline(exam_subjects.enable, needs=("at",)),
    "exam_subject.disable": Inline(exam_subjects.disable, needs=("at",)),
    "exam_plan.publish": Inline(exam_plans.publish, needs=("at",)),
    "exam_plan.check_end": Inline(exam_plans.check_end, needs=("before", "at")),
    "exam_plan.open_objections": Inline(exam_plans.find_objections, needs=("before",), gives=("objections", "objection_count")),
    "exam_plan.withdraw": Inline(exam_plans.withdraw),
    "exam_plan.delete": Inline(exam_plans.delete, deletes=True),
    "registration.correct": Inline(registrations.correct, needs=("at",)),
    "score_objection.correct": Inline(score_objections.correct, needs=("at",)),
    "score_objection.dismiss": Inline(score_objections.dismiss),
    "payment_slip.confirm": Inline(payments.confirm),
    "payment_slip.delete": Inline(payments.delete, deletes=True),
    "exam_plan.issue": Inline(exam_plans.issue, needs=("at",), gives=("issuances", "issued")),
    "issuance.sign": Inline(issuing.sign, needs=("side", "at")),
    "issuance.number": Inline(issuing.number, needs=("at",)),
    "issuance.keep": Inline(issuing.keep, needs=("sealed", "size", "keys", "at")),
    "issuance.withdraw": Inline(issuing.withdraw, needs=("why", "at")),
    "withdrawal.refuse": Inline(issuing.refuse_withdrawal),
    "issuance.fail": Inline(issuing.fail, needs=("why",)),
    "certificate.draw": External(issuing.prepare_drawing, gives=("drawn",)),
    "certificate.seal": External(issuing.prepare_sealing, needs=("drawn",), gives=("sealed", "size", "keys")),
    "exam_plan.tell_schools": External(exam_plans.prepare_telling, exam_plans.tell, needs=("text",)),
}
