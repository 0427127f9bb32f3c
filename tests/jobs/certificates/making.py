"""Made-up certificates, keys and seals."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.demo.numbers import id_number
from domain.demo.portraits import as_jpeg, draw
from jobs.certificates.facts import Certificate

PHOTOS = [as_jpeg(draw(number).picture, 88) for number in range(3)]


def certificate(number: int = 1, **changed: Any) -> Certificate:
    """Somebody's certificate."""
    values: dict[str, Any] = {
        "number": f"32010003{number:012}",
        "name": "李测试",
        "pinyin": "LI CE SHI",
        "document": "居民身份证",
        "id_number": id_number(f"32010220050101{number:03}"),
        "photo": PHOTOS[number % 3],
        "certificate": "智能网联汽车检测与运维",
        "grade": "中级",
        "organization": "江苏测试职业技能评价有限公司",
        "site": "江苏测试职业技术学院",
        "issued_on": date(2030, 6, 18),
        "check_address": f"https://pilot.example.edu.cn/check/9f3c2b7e5d1a4c6e8b{number:04}",
    }
    return Certificate(**{**values, **changed})
