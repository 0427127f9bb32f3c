"""Made-up candidates, as a form or a row of an import gives them."""

from __future__ import annotations

from typing import Any

from domain.demo.numbers import id_number

PUPIL = {
    "kind": "院校考生",
    "name": "王小明",
    "pinyin": "WANG XIAOMING",
    "document": "居民身份证",
    "id_number": "11010519491231002X",
    "mobile": "13911110000",
    "major": "软件技术",
    "level": "高职",
    "entry_year": 2025,
}


def pupil(number: int, **changes: Any) -> dict[str, Any]:
    return {
        **PUPIL,
        "id_number": id_number(f"320101200701{number // 1000 + 1:02}{number % 1000:03}"),
        "name": f"王小{'一二三四五六七八九十'[number % 10]}",
        **changes,
    }
