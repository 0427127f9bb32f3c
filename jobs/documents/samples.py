"""Made-up rooms and slips, by which templates are checked and shown: usual ones, and ones with all that is long and rare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from jobs.documents.facts import Photo, Seat, Sheet, Slip, SlipLine
from jobs.documents.printing import ATTENDANCE, DOOR, SLIP, attendance_values, door_values, slip_values
from jobs.documents.templates import Values

STARTS = datetime(2030, 5, 18, 1, 0, tzinfo=UTC)
PEOPLE = 31
"""Of a room: more than two pages of a 签到表."""
NAMES = ("测试考生", "欧阳测试", "李测")
LONG_NAMES = (
    "古丽米热·阿卜杜热西提·艾合买提江·吐尔逊古丽·买买提伊明",
    "MARIA-LOUISE DE LOS ANGELES FERNANDEZ Y GONZALEZ",
    "测试考生",
)
RARE_NAMES = ("𠮷测", "张㼆㝃", "Łódź Nguyễn")
LONG_SITE = "测试职业技术学院智能网联汽车与新能源装备产业学院江北新区实训考核站点（第一考核中心）"
LONG_PLAN = "2030 年上半年职业技能等级证书统一认证考试（第一批次，含补考、缓考和跨校借考的考生）"
MAN, WOMAN = "110105194912310011", "110105194912310020"


def sample_values(kind: str) -> Values:
    """What a template of a kind may name, with the values of a made-up document.

    Raises:
        KeyError: there is no such kind.
    """
    if kind == SLIP:
        return slip_values(_slip(NAMES))
    return {DOOR: door_values, ATTENDANCE: attendance_values}[kind](_sheet(NAMES))


def samples(kind: str, rare: bool = False, photo: Photo = None) -> list[Sheet] | list[Slip]:
    """Three made-up documents of a kind: a usual one, a long one, and one about nobody; with `rare`, the long one has rare characters too,
    whose fonts take seconds to read. `photo`: of every other candidate.

    Raises:
        KeyError: there is no such kind.
    """
    long_names = (*LONG_NAMES, *RARE_NAMES) if rare else LONG_NAMES
    if kind == SLIP:
        return [_slip(NAMES), _slip(long_names, LONG_SITE, LONG_PLAN), _slip(NAMES, people=0, confirmed=False)]
    if kind not in (DOOR, ATTENDANCE):
        raise KeyError(kind)
    return [_sheet(NAMES, photo=photo), _sheet(long_names, LONG_SITE, LONG_PLAN, photo=photo), _sheet(NAMES, people=0)]


def _sheet(
    names: Sequence[str], site: str = "测试学院考核站点", plan: str = "2030 年上半年考试", people: int = PEOPLE, photo: Photo = None
) -> Sheet:
    seats = tuple(
        Seat(at, names[(at - 1) % len(names)], f"30000100010{at:04}", (MAN, WOMAN)[at % 2], photo if at % 2 else None)
        for at in range(1, people + 1)
    )
    is_long = site == LONG_SITE
    return Sheet(
        plan=plan,
        site=site,
        address="测试市 88 号",
        room="第一教学楼东侧综合实训中心第 101 考场" if is_long else "第 1 考场",
        room_type="标准化机房",
        place="第一教学楼东侧综合实训中心 101（请从南门进入）" if is_long else "1 号楼 101",
        certificate="智能网联汽车检测与运维（中级）",
        subject="智能网联汽车整车检测与运维综合实操" if is_long else "理论",
        starts_at=STARTS,
        ends_at=STARTS + timedelta(hours=2),
        seats=seats,
        invigilators=("测试监考甲", names[0]),
    )


def _slip(
    names: Sequence[str], school: str = "测试学院", plan: str = "2030 年上半年考试", people: int = PEOPLE, confirmed: bool = True
) -> Slip:
    numbers = ("110105********0011", "110105********0020")
    return Slip(
        number="JF20300518000001",
        plan=plan,
        organization="测试评价中心",
        school=school,
        certificate="智能网联汽车检测与运维（中级）",
        mode="按证书",
        made_at=STARTS,
        made_by="测试老师",
        status="已确认" if confirmed else "未确认",
        lines=tuple(SlipLine(names[at % len(names)], numbers[at % 2], "理论、实操", Decimal("280.00")) for at in range(people)),
        confirmed_at=STARTS + timedelta(days=1) if confirmed else None,
        confirmed_by="测试会计" if confirmed else "",
    )
