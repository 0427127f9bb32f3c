"""What has become unlawful in an arranging since it was stored: a sitting was moved, a room shrank, a certification was taken back."""

from __future__ import annotations

from sqlalchemy.orm import Session

from jobs.arrangements.reading import Given, names_of, read
from jobs.arranging.duties import Watch
from jobs.arranging.given import Duty, Rule
from jobs.arranging.index import Index
from jobs.arranging.ledger import settle


def unlawful(session: Session, plan_id: int) -> list[str]:
    """The seats and duties of a plan that break a rule as things are now, a sentence each."""
    given = read(session, plan_id)
    index = Index(given.wanted)
    ledger, lost, _ = settle(index)
    seats = [(was, rules) for was, rules in lost.values() if was.sitting in given.sittings]
    duties = _duties(given, Watch(index, ledger))
    if not seats and not duties:
        return []
    names = names_of(session, given)
    told = [
        f"{names.people[was.registration]} “{names.subjects[was.subject]}” {names.rooms[was.room]} {was.seat} 号"
        f"（{names.sittings[was.sitting]}）：{'、'.join(rules)}"
        for was, rules in seats
    ]
    told += [
        f"监考人员 {names.invigilators[one.invigilator]} {names.rooms[one.room]}（{names.sittings[one.sitting]}）：{'、'.join(rules)}"
        for one, rules in duties
    ]
    return told


def _duties(given: Given, watch: Watch) -> list[tuple[Duty, list[Rule]]]:
    found = []
    for one in given.wanted.duties:
        rules = watch.faults(one)
        if rules and one.sitting in given.sittings:
            found.append((one, rules))
        else:
            watch.add(one)
    return found
