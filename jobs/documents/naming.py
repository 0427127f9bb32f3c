"""What the values of a template mean, in words for whoever changes it, each with an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jobs.documents.printing import ATTENDANCE, DOOR, SLIP
from jobs.documents.samples import sample_values

_ROOM = {
    "plan": "考试计划的名称",
    "site": "考核站点",
    "address": "考核站点的地址",
    "room": "考场名称",
    "room_type": "考场类型",
    "place": "考场所在的楼和门牌号；可能为空",
    "certificate": "证书名称和等级",
    "subject": "考试科目",
    "time": "考试时间",
    "first": "考场里最小的准考证号；没有考生时为空",
    "last": "考场里最大的准考证号；没有考生时为空",
    "count": "考生人数",
    "partial": "只列出了考场里的一部分考生（是、否）：借考的院校只打印本校考生",
    "long": "名称较长（是、否）：门贴用它换小一号的字",
    "longest": "名称很长（是、否）",
}
_SEATS = {
    "seats": "考生，按座位号排列：{% for seat in seats %}…{% endfor %}",
    "seats.seat": "座位号，两位数字",
    "seats.name": "姓名",
    "seats.latin": "姓名全是拉丁字母（是、否）：这样的姓名按词换行",
    "seats.number": "准考证号",
    "seats.id_number": "证件号",
    "seats.photo": '照片；没有照片时为空：<img src="{{ seat.photo }}" width="11mm" height="15.4mm">',
    "invigilators": "监考人员的姓名：{% for name in invigilators %}…{% endfor %}",
}
_SLIP = {
    "number": "缴费单号",
    "plan": "考试计划的名称",
    "organization": "收款单位（培训评价组织）",
    "school": "申请院校",
    "certificate": "证书名称和等级",
    "mode": "报考方式",
    "status": "状态",
    "count": "人次",
    "total": "总费用",
    "made_by": "申请人",
    "made_at": "申请时间",
    "confirmed_by": "确认人；未确认时为空",
    "confirmed_at": "确认时间；未确认时为空",
    "lines": "报考，一人一行：{% for line in lines %}…{% endfor %}",
    "lines.number": "序号",
    "lines.name": "姓名",
    "lines.latin": "姓名全是拉丁字母（是、否）：这样的姓名按词换行",
    "lines.id_number": "证件号，中间几位不显示",
    "lines.subjects": "考试科目",
    "lines.price": "金额",
}
MEANINGS: Mapping[str, Mapping[str, str]] = {DOOR: _ROOM, ATTENDANCE: {**_ROOM, **_SEATS}, SLIP: _SLIP}
"""Kind → each value, that of a list's line behind the list's name and a point → what it means."""


@dataclass(frozen=True)
class Named:
    """A value that a template may name."""

    name: str
    """As the template writes it; that of a list's line behind what the example calls a line: `seat.name`."""
    meaning: str
    example: str


def named_values(kind: str) -> list[Named]:
    """The values that a template of a kind may name.

    Raises:
        KeyError: there is no such kind.
    """
    return list(_named(kind))


def _named(kind: str) -> Iterator[Named]:
    given = sample_values(kind)
    for name, meaning in MEANINGS[kind].items():
        of, _, part = name.partition(".")
        value = given[of]
        if part and isinstance(value, list) and isinstance(value[0], dict):
            yield Named(f"{of.removesuffix('s')}.{part}", meaning, _shown(value[0][part]))
        else:
            yield Named(name, meaning, _shown(value))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(map(str, value)) if isinstance(value[0], str) else f"共 {len(value)} 行"
    return str(value)
