"""Moves by hand: which rules one would break, and the arranging after it."""

from __future__ import annotations

from dataclasses import replace

from jobs.arranging.duties import Watch
from jobs.arranging.given import Arranging, Broken, BrokenDuty, Duty, Moved, Placed, Rule
from jobs.arranging.index import Index, place_of
from jobs.arranging.ledger import Ledger, own_faults
from jobs.arranging.reasons import reasons_of, remedies_of


class Hand:
    """An arranging as somebody moves people in it: built once, asked many times."""

    def __init__(self, arranging: Arranging) -> None:
        self.arranging = arranging
        self.index = Index(arranging.wanted)
        self.ledger = Ledger(self.index, arranging.placed)
        self.watch = Watch(self.index, self.ledger)
        for one in arranging.duties:
            self.watch.add(one)

    def broken(self, move: Placed) -> tuple[Broken, ...]:
        """Each rule that a seat would break if its owner, who may have another now, sat there; none where it may be done."""
        found = [Broken(rule, move) for rule in own_faults(self.index, move)]
        if any(one.rule in (Rule.NOT_REGISTERED, Rule.ROOM) for one in found) or move.sitting not in self.index.sittings:
            return tuple(found)
        was = self.ledger.of.get((move.registration, move.subject))
        if was:
            self.ledger.remove(was)
        try:
            found += [Broken(rule, move, self._against(rule, move)) for rule in self.ledger.faults(move)]
        finally:
            if was:
                self.ledger.add(was)
        certificate = self.index.subjects[move.subject].certificate
        for duty in self.watch.duties.get((move.room, move.sitting), ()):
            if certificate not in self.index.invigilators[duty.invigilator].certificates:
                found.append(Broken(Rule.INVIGILATOR, move, None, duty.invigilator))
        return tuple(found)

    def broken_duty(self, duty: Duty, instead_of: Duty | None = None) -> tuple[BrokenDuty, ...]:
        """Each rule that a duty would break, once the same or another person is free of an old one."""
        if instead_of:
            self.watch.remove(instead_of)
        try:
            return tuple(BrokenDuty(rule, duty, self._also(duty) if rule is Rule.DUTY_TWICE else None) for rule in self.watch.faults(duty))
        finally:
            if instead_of:
                self.watch.add(instead_of)

    def after(self, move: Placed) -> Arranging:
        """The arranging once the move is done, its seat fixed: a later arranging keeps it.

        Raises:
            ValueError: the move breaks a rule.
        """
        if broken := self.broken(move):
            raise ValueError(broken)
        now = replace(move, fixed=True)
        was = self.ledger.of.get((move.registration, move.subject))
        ledger = Ledger(self.index, [one for one in self.arranging.placed if one is not was])
        ledger.add(now)
        watch = Watch(self.index, ledger)
        for duty in self.arranging.duties:
            if (duty.room, duty.sitting) in watch.certificates:  # a room that is empty now is guarded no longer
                watch.add(duty)
        missing = reasons_of(self.index, ledger)
        moved = (Moved(was, now, ()),) if was else ()
        remedies = remedies_of(self.index, ledger, missing, watch, {})
        return replace(
            self.arranging,
            placed=tuple(ledger.placed()),
            duties=watch.all(),
            missing=missing,
            short=watch.short(),
            moved=moved,
            remedies=remedies,
        )

    def _against(self, rule: Rule, move: Placed) -> Placed | None:
        """Whose seat it is that a rule is about; of several the first."""
        ledger, clash = self.ledger, self.index.clash[move.sitting]
        key = move.room, move.sitting
        if rule is Rule.SEAT_TAKEN:
            return ledger.seats[key][move.seat]
        if rule is Rule.OTHER_SUBJECT:
            return next(one for _, one in sorted(ledger.seats[key].items()) if one.subject != move.subject)
        if rule is Rule.TWO_PLACES:
            people = ledger.people[self.index.registrations[move.registration].identity]
            return next(one for one in people if one.sitting in clash)
        used = ledger.places[place_of(self.index.rooms[move.room])]
        room, sitting = next((room, sitting) for sitting, room in sorted(used.items()) if sitting in clash and (room, sitting) != key)
        return next(one for _, one in sorted(ledger.seats[room, sitting].items()))

    def _also(self, duty: Duty) -> Duty:
        person = self.index.invigilators[duty.invigilator].identity
        return next(one for one in self.watch.busy[person] if one.sitting in self.index.clash[duty.sitting])


def broken(arranging: Arranging, move: Placed) -> tuple[Broken, ...]:
    """Each rule that one move by hand would break. Who asks for many moves keeps a `Hand`."""
    return Hand(arranging).broken(move)
