"""Names and numbers as people write them, and check digits."""

from __future__ import annotations

import pytest

from domain.ground.identity import credit_code_problem, mobile_problem, tidy_id_number, tidy_mobile, tidy_name


def test_a_small_x_is_stored_as_a_capital() -> None:
    assert tidy_id_number(" 11010519491231002x ") == "11010519491231002X"
    assert tidy_id_number("１１０１０５ 19491231 002ｘ") == "11010519491231002X"
    assert tidy_mobile("0086 139-0000-0000") == "13900000000"
    assert tidy_mobile(" 139-00 ") == "139-00"
    assert tidy_name("张　 三") == "张三"


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("13900000000", True),
        ("19912345678", True),
        ("12900000000", False),
        ("1390000000", False),
        ("139000000000", False),
        ("13900000000\n", False),
        ("1390000000０", False),
    ],
)
def test_mobiles(number: str, right: bool) -> None:
    assert (mobile_problem(number) is None) is right


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("91350100M000100Y43", None),  # the standard's example
        ("91350100M000100Y44", "校验位错误"),
        ("91350100M000100Y4", "18 位"),
        ("91350100M000100I43", "18 位"),
        ("91350100m000100y43", "18 位"),
    ],
)
def test_credit_codes(code: str, problem: str | None) -> None:
    found = credit_code_problem(code)
    assert found is None if problem is None else problem in (found or "")
