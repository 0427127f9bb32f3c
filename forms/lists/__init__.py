"""All lists: one visible registry. A page, an export and a batch find a list by its name."""

from __future__ import annotations

from forms.listing import Listing
from forms.lists import (
    certificates,
    declaration_plans,
    declarations,
    exam_sites,
    organizations,
    schools,
    seals,
    site_standards,
    skill_standards,
    teachers,
    weekly,
)

LISTS: dict[str, Listing] = {
    listing.name: listing
    for listing in (
        weekly.REPORTS,
        weekly.PERIODS,
        organizations.ORGANIZATIONS,
        schools.SCHOOLS,
        skill_standards.SKILL_STANDARDS,
        site_standards.SITE_STANDARDS,
        certificates.CERTIFICATES,
        certificates.KEPT_CERTIFICATES,
        teachers.TEACHERS,
        exam_sites.EXAM_SITES,
        seals.SEALS,
        declarations.DECLARATIONS,
        declarations.LINES,
        declaration_plans.PLANS,
    )
}
