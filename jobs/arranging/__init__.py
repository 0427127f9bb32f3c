"""The arranging of an exam plan (排考): registrations into sittings, rooms and seats, and invigilators into rooms.

Pure functions over plain data: no database, no Flask, no clock but a bound of time. Whoever calls maps records to a `Wanted` and
stores what an `Arranging` says; ids are the records' own.

    found = arrange(wanted, Bounds(seconds=120), told)  # told(done, total) hears of progress, and raises to cancel
    found.placed  # who sits where; found.duties: who guards; found.missing, .short, .remedies: what lacks, and what would help
    Hand(found).broken(Placed(registration, subject, sitting, room, seat))  # a move by hand: each rule that it would break
    Hand(found).after(move)  # the arranging after it, the moved seat fixed
    [remedy_told(one, names) for one in found.remedies]  # sentences, apart from the solving

What goes in (`Wanted`; each field's meaning stands beside it in `given.py`):

- a site is whoever owns rooms, as `Room.site` says: with a 考核站点 for each school and certificate, the school;
- `subjects`: 考试科目 with their certificate and the 考场类型 that they need; `sittings`: when which subjects are examined;
- `rooms`: 考场 of a site with seats, the 考场类型 that they can hold, the subjects set for them, how many invigilators they need, the
  sittings in which they are closed, whether they may hold several subjects at once, and the place if several are the same four walls;
- `registrations`: 报考 with who it is, the school, the certificate, the subjects to be seated for, the site that the school has for
  the certificate, the number that 按序号 goes by, and whether there is a photo;
- `invigilators`: 监考人员 of a site with the certificates that they are certified for;
- `placed`, `duties`: how things stand – fixed (by hand) or movable; empty for a first arranging; `order`: 按学校, 交叉 or 按序号;
- `making_room`: whether those who sit lawfully may move where others find a seat only so.

The rules are those of `Rule`. Whoever sits lawfully stays, or, `making_room`, as many seats as can be are given and of the ways to do
that one is taken in which the fewest move. Few rooms and few missing invigilators come last. Why, and measured:
docs/decisions/arranging.md.
"""

from jobs.arranging.given import (
    Arranging,
    Bounds,
    Broken,
    BrokenDuty,
    Duty,
    Help,
    Invigilator,
    Missing,
    Moved,
    Order,
    Placed,
    Reason,
    Registration,
    Remedy,
    Room,
    Rule,
    Short,
    Sitting,
    Subject,
    Wanted,
)
from jobs.arranging.moving import Hand, broken
from jobs.arranging.planning import arrange
from jobs.arranging.words import Names, broken_told, duty_told, missing_told, missing_why, remedy_told, summary

__all__ = [
    "Arranging",
    "Bounds",
    "Broken",
    "BrokenDuty",
    "Duty",
    "Hand",
    "Help",
    "Invigilator",
    "Missing",
    "Moved",
    "Names",
    "Order",
    "Placed",
    "Reason",
    "Registration",
    "Remedy",
    "Room",
    "Rule",
    "Short",
    "Sitting",
    "Subject",
    "Wanted",
    "arrange",
    "broken",
    "broken_told",
    "duty_told",
    "missing_told",
    "missing_why",
    "remedy_told",
    "summary",
]
