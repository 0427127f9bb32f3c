"""All lists, and all kinds of records with a process: one visible registry. The next approval is a line of KINDS.

A page, an export and a batch find a list by its name; the pages, the menu and the scenarios find a kind by its key.
"""

from __future__ import annotations

from typing import Any

from forms.kinds import RecordKind
from forms.listing import Listing
from forms.lists import (
    candidates,
    certificate_withdrawals,
    certificates,
    declaration_plans,
    declarations,
    exam_plans,
    exam_sites,
    exam_subjects,
    invigilators,
    issuances,
    organizations,
    payment_slips,
    placed,
    registration_corrections,
    registrations,
    rooms,
    schools,
    score_objections,
    scores,
    seals,
    site_standards,
    skill_standards,
    teachers,
    weekly,
)

KINDS: dict[str, RecordKind[Any]] = {
    kind.key: kind
    for kind in (  # as they follow each other in the menu
        skill_standards.SKILL_STANDARD,
        site_standards.SITE_STANDARD,
        issuances.ISSUANCE,
        certificate_withdrawals.CERTIFICATE_WITHDRAWAL,
        declarations.DECLARATION,
        declaration_plans.DECLARATION_PLAN,
        exam_subjects.EXAM_SUBJECT,
        exam_plans.EXAM_PLAN,
        candidates.CANDIDATE,
        exam_sites.EXAM_SITE,
        registration_corrections.REGISTRATION_CORRECTION,
        payment_slips.PAYMENT_SLIP,
        score_objections.SCORE_OBJECTION,
        invigilators.INVIGILATOR_CERTIFICATE,
        weekly.WEEKLY_REPORT,
        teachers.TEACHER,
        seals.SEAL,
        seals.ORGANIZATION_SEAL,
    )
}
LISTS: dict[str, Listing] = {
    listing.name: listing
    for listing in (
        *(kind.listing for kind in KINDS.values()),
        weekly.PERIODS,
        declarations.LINES,
        organizations.ORGANIZATIONS,
        invigilators.INVIGILATORS,
        registrations.REGISTRATIONS,
        rooms.ROOMS,
        rooms.ALLOTMENTS,
        placed.PLANNED_SUBJECTS,
        placed.SUBJECTS_OF_SCHOOLS,
        placed.USED_ROOMS,
        placed.PLACED,
        scores.SCORES,
        scores.OUTCOMES,
        schools.SCHOOLS,
        certificates.CERTIFICATES,
        certificates.KEPT_CERTIFICATES,
    )
}
