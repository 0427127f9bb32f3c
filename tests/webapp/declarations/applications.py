"""A filled-in plan of declarations and a declaration to it."""

from __future__ import annotations

OFFER = ["软件测试实施（中级）", "网店运营（中级）"]
MAJOR = "510203 软件技术（高职，2021 版）"
PLAN = {
    "name": "二〇二六年证书试点申报",
    "year": "2026",
    "starts_at": "2026-11-20T09:00",
    "ends_at": "2026-12-10T18:00",
    "certificates": OFFER,
}
FORM = {
    "contacts.0.name": "张文",
    "contacts.0.mobile": "13900000000",
    "contacts.0.department": "教务处",
    "lines.0.certificate": OFFER[0],
    "lines.0.majors": [MAJOR],
    "lines.0.people": "120",
    "lines.0.site": "是",
}
