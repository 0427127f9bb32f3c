"""What an arranging has to say, in sentences. Nothing is decided here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jobs.arranging.given import Arranging, Broken, BrokenDuty, Help, Missing, Reason, Registration, Remedy, Rule, Wanted


@dataclass(frozen=True)
class Names:
    """What people call each id; who is called nothing is called by the number."""

    people: Mapping[int, str]
    """Registrations."""
    schools: Mapping[int, str]
    certificates: Mapping[int, str]
    subjects: Mapping[int, str]
    sites: Mapping[int, str]
    rooms: Mapping[int, str]
    sittings: Mapping[int, str]
    invigilators: Mapping[int, str]


def _called(names: Mapping[int, str], key: int | None) -> str:
    return "" if key is None else names.get(key, str(key))


def missing_told(missing: Iterable[Missing], wanted: Wanted, names: Names) -> list[str]:
    """Who has no seat in a subject, and why, a sentence each."""
    found = list(missing)
    return [
        f"{_called(names.people, one.registration)}的科目“{_called(names.subjects, one.subject)}”未排考：{why}"
        for one, why in zip(found, missing_why(found, wanted, names), strict=True)
    ]


def missing_why(missing: Iterable[Missing], wanted: Wanted, names: Names) -> list[str]:
    """Only why, where it stands beside who it is."""
    registrations = {one.id: one for one in wanted.registrations}
    kinds = {one.id: one.kind for one in wanted.subjects}
    return [_missing(one, registrations[one.registration], kinds.get(one.subject, ""), names) for one in missing]


def _missing(one: Missing, about: Registration, kind: str, names: Names) -> str:
    at, held = _called(names.sites, about.site), "、".join(_called(names.sittings, each) for each in one.clashing)
    school, certificate = _called(names.schools, about.school), _called(names.certificates, about.certificate)
    sentences = {
        Reason.NO_PHOTO: "没有照片。",
        Reason.NO_SITE: f"{school}的证书“{certificate}”还没有分配考核站点。",
        Reason.NO_SITTING: "没有考这个科目的场次。",
        Reason.NO_ROOM: f"{at}还没有设考场。",
        Reason.NO_KIND: f"{at}没有{kind}。",
        Reason.NOT_SET: f"{at}的{kind}都没有设这个科目。",
        Reason.CLOSED: f"{at}能考这个科目的考场在各场都停用。",
        Reason.OVERLAP: f"只剩下与{held}时间重叠的场次，该考生在那时已有考试。",
        Reason.SEATS: f"{at}的考位已满。",
    }
    return sentences[one.reason]


def summary(arranging: Arranging, names: Names) -> list[str]:
    """Who has no seat, in numbers: a line for each site, subject and reason, the most first."""
    registrations = {one.id: one for one in arranging.wanted.registrations}
    rows: Counter[tuple[Reason, int | None, int]] = Counter()
    for one in arranging.missing:
        rows[one.reason, registrations[one.registration].site, one.subject] += 1
    told = []
    for (reason, site, subject), number in sorted(rows.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or 0, item[0][2])):
        where = f"{_called(names.sites, site)}，" if site is not None else ""
        what = f"缺 {number} 个考位" if reason is Reason.SEATS else f"{number} 人未排考（{reason}）"
        told.append(f"{where}科目“{_called(names.subjects, subject)}”：{what}。")
    lacking = sum(one.needed - one.given for one in arranging.short)
    if lacking:
        told.append(f"{len(arranging.short)} 个考场场次缺监考人员，共缺 {lacking} 人次。")
    if not arranging.proved:
        told.append("时间或搜索的上限已到：再排一次，或许能多排几人。")
    return told


def remedy_told(one: Remedy, names: Names) -> str:
    """What would help."""
    site, school = _called(names.sites, one.site), _called(names.schools, one.school)
    certificate, subject = _called(names.certificates, one.certificate), _called(names.subjects, one.subject)
    sitting = _called(names.sittings, one.sitting)
    if one.help is Help.ROOMS:
        each = f"（{'、'.join(map(str, one.sizes))}）" if len(one.sizes) > 1 else ""
        return f"在{site}再设 {len(one.sizes)} 个{one.kind}，共 {sum(one.sizes)} 个考位{each}，可再排 {one.people} 人次。"
    sentences = {
        Help.PHOTOS: f"为{school}的考生补照片，可再排 {one.people} 人次。",
        Help.SITES: f"为{school}的证书“{certificate}”分配考核站点，可再排 {one.people} 人次。",
        Help.SITTINGS: f"为科目“{subject}”设场次，可再排 {one.people} 人次。",
        Help.SET_SUBJECT: f"在{site}为已有的考场加上科目“{subject}”，可再排 {one.people} 人次。",
        Help.APART: f"为科目“{subject}”另设一场，时间不与{site}这 {one.people} 名考生的其他考试重叠。",
        Help.MOVING: f"允许移动{site}已排的考生后再排一次，可再排 {one.people} 人次。",
        Help.INVIGILATORS: f"在{site}再有 {one.people} 名获证书“{certificate}”认证的监考人员（{sitting}最缺）。",
    }
    return sentences[one.help]


def broken_told(one: Broken, wanted: Wanted, names: Names) -> str:
    """Why a move by hand is refused, and what stands against it."""
    move, other = one.move, one.other
    person, subject = _called(names.people, move.registration), _called(names.subjects, move.subject)
    room, sitting = _called(names.rooms, move.room), _called(names.sittings, move.sitting)
    about = next((each for each in wanted.registrations if each.id == move.registration), None)
    place = next((each for each in wanted.rooms if each.id == move.room), None)
    kind = next((each.kind for each in wanted.subjects if each.id == move.subject), "")
    of = f"{_called(names.schools, about.school)}的证书“{_called(names.certificates, about.certificate)}”" if about else ""
    there = f"（{_called(names.rooms, other.room)} {other.seat} 号）" if other else ""
    when = _called(names.sittings, other.sitting if other else None)
    site = _called(names.sites, place.site if place else None)
    allotted = _called(names.sites, about.site if about else None)
    neighbour = _called(names.people, other.registration if other else None)
    examined = _called(names.subjects, other.subject if other else None)
    certificate = next((each.certificate for each in wanted.subjects if each.id == move.subject), None)
    sentences = {
        Rule.NOT_REGISTERED: f"{person}没有报考科目“{subject}”。",
        Rule.NO_PHOTO: f"{person}没有照片，不能排考：请先补照片。",
        Rule.NO_SITE: f"{of}还没有分配考核站点。",
        Rule.SITE: f"考场“{room}”属于{site}，{of}分配在{allotted}。",
        Rule.SITTING: f"{sitting}不考科目“{subject}”。",
        Rule.ROOM: "没有这个考场。",
        Rule.KIND: f"考场“{room}”不支持{kind}，不能考科目“{subject}”。",
        Rule.SUBJECT: f"考场“{room}”没有设科目“{subject}”。",
        Rule.CLOSED: f"考场“{room}”在{sitting}停用。",
        Rule.SEAT: f"考场“{room}”有 {place.capacity if place else 0} 个考位，没有 {move.seat} 号座位。",
        Rule.SEAT_TAKEN: f"考场“{room}”的 {move.seat} 号座位在{sitting}已安排{neighbour}。",
        Rule.OTHER_SUBJECT: f"考场“{room}”在{sitting}考科目“{examined}”，一场只考一个科目。",
        Rule.ROOM_IN_USE: f"考场“{room}”在{when}已有安排，与{sitting}时间重叠。",
        Rule.TWO_PLACES: f"{person}在{when}已有考试{there}，与{sitting}时间重叠。",
        Rule.INVIGILATOR: f"考场“{room}”在{sitting}的监考人员{_called(names.invigilators, one.invigilator)}"
        f"没有获得证书“{_called(names.certificates, certificate)}”的认证。",
    }
    return sentences[one.rule]


def duty_told(one: BrokenDuty, wanted: Wanted, names: Names) -> str:
    """Why an invigilator cannot be given to a room."""
    duty, other = one.duty, one.other
    person, room, sitting = (
        _called(names.invigilators, duty.invigilator),
        _called(names.rooms, duty.room),
        _called(names.sittings, duty.sitting),
    )
    there = f"在{_called(names.sittings, other.sitting)}已监考“{_called(names.rooms, other.room)}”" if other else ""
    sentences = {
        Rule.NO_INVIGILATOR: "没有这个监考人员。",
        Rule.ROOM: "没有这个考场。",
        Rule.DUTY_IDLE: f"考场“{room}”在{sitting}没有考试，不需要监考。",
        Rule.DUTY_SITE: f"{person}不属于考场“{room}”的考核站点。",
        Rule.INVIGILATOR: f"{person}没有获得考场“{room}”在{sitting}所考证书的认证。",
        Rule.DUTY_TWICE: f"{person}{there}，与{sitting}时间重叠。",
    }
    return sentences[one.rule]
