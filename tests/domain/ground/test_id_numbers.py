"""Id numbers: births that can be, regions that are or were, check digits, sex, and which document takes which number."""

from __future__ import annotations

from datetime import date

import pytest

from domain.ground.id_numbers import DOCUMENTS, document_problem, id_number_problem, sex_problem
from domain.ground.regions import is_region

pytestmark = pytest.mark.row("8.3")
TODAY = date(2026, 11, 25)
WEIGHTS = [2**power % 11 for power in range(17, 0, -1)]  # GB 11643: the check digit makes the sum over all 18 leave 1


def numbered(body: str) -> str:
    """The 17 digits with the check digit that the standard's own formula gives."""
    rest = (1 - sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True))) % 11
    return body + ("X" if rest == 10 else str(rest))


def born(day: str, region: str = "110105") -> str:
    return numbered(f"{region}{day}002")


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("11010519491231002X", None),  # domain.md's
        ("11010519491231002x", None),
        ("110105194912310021", "校验位错误"),
        ("11010519491231000X", "校验位错误"),
        ("110105194902310026", "出生日期不存在"),
        ("110105190002290020", "出生日期不存在"),  # 1900 was no leap year
        ("110105491231002", "15 位的旧号码已停用"),
        ("1101051949123100X2", "应为 18 位"),
        ("１１０１０５１９４９１２３１００２X", "应为 18 位"),
        ("", "应为 18 位"),
        (born("20261125"), "未满 3 周岁"),  # today
        (born("20261126"), "晚于今天"),
        (born("20991231"), "晚于今天"),
        (born("20231126"), "未满 3 周岁"),  # three tomorrow
        (born("20231125"), None),  # three today
        (born("20200229"), None),
        (born("18991231"), "早于 1900 年"),
        (born("10000101"), "早于 1900 年"),
        (born("19001231"), "超过 120 周岁"),
        (born("19051125"), "超过 120 周岁"),  # 121 today
        (born("19051126"), None),  # 120, and 121 tomorrow
        (born("00000101"), "出生日期不存在"),
    ],
)
def test_births_and_check_digits(number: str, problem: str | None) -> None:
    found = id_number_problem(number, TODAY)
    assert found is None if problem is None else problem in (found or "")
    assert found is None or "请对照证件" in found  # what to do


def test_every_wrong_check_digit_is_found() -> None:
    right = [digit for digit in "0123456789X" if id_number_problem(f"11010519491231002{digit}", TODAY) is None]
    assert right == ["X"]


@pytest.mark.parametrize(
    ("region", "exists"),
    [
        ("110105", True),
        ("110103", True),  # 崇文区, until 2010
        ("320525", True),  # 吴江县, until 1992
        ("329012", True),  # 昆山市 under the province, 1989 to 1995
        ("329018", True),
        ("449030", True),
        ("512221", True),  # 万县, when Chongqing was Sichuan's
        ("500101", True),
        ("441900", True),  # 东莞: a city without counties
        ("460400", True),
        ("330113", True),  # 临平区, since 2021
        ("659012", True),  # 白杨市, since 2023
        ("711111", False),
        ("110199", False),
        ("123456", False),
        ("329029", False),  # behind the last of a run
        ("000000", False),
        ("990000", False),
        ("810101", False),
    ],
)
def test_regions_are_or_once_were(region: str, exists: bool) -> None:
    assert is_region(region) is exists
    found = id_number_problem(born("19900307", region), TODAY)
    assert found is None if exists else f"前 6 位（{region}）不是行政区划代码" in (found or "")


@pytest.mark.parametrize("region", ["810000", "820000", "830000"])
def test_residence_permits_of_people_of_hong_kong_macao_and_taiwan(region: str) -> None:
    assert id_number_problem(born("19900307", region), TODAY) is None
    assert "不是行政区划代码" in (id_number_problem(born("19900307", region[:3] + "100"), TODAY) or "")


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("911124198108030024", None),  # the one of the card that was shown
        (numbered("91184019900307001"), None),  # 9, where it was applied for, the country, birth, serial
        (numbered("99984019900307001"), "不是行政区划代码"),
        (numbered("91100019900307001"), "不是行政区划代码"),
        (numbered("93139219990131002"), None),
        (numbered("91184019900307001")[:17] + "0", "校验位错误"),
        (numbered("91184019900230001"), "出生日期不存在"),
        (numbered("91184020300307001"), "晚于今天"),
    ],
)
def test_the_card_of_foreigners_of_2023(number: str, problem: str | None) -> None:
    found = id_number_problem(number, TODAY)
    assert found is None if problem is None else problem in (found or "")


@pytest.mark.parametrize(
    ("number", "sex", "agrees"),
    [
        ("11010519491231002X", "女", True),
        ("11010519491231002x", "男", False),
        (numbered("11010519900307001"), "男", True),
        (numbered("11010519900307001"), "女", False),
        (numbered("81000019900307003"), "女", False),
        (numbered("91184019900307001"), "女", True),  # no rule says so
        ("no number", "女", True),  # its own check says what is wrong
        ("11010519491231002X", "未说明", True),
    ],
)
def test_the_seventeenth_digit_agrees_with_the_sex(number: str, sex: str, agrees: bool) -> None:
    found = sex_problem(number, sex)
    assert found is None if agrees else "请核对证件号和性别" in (found or "")


CARD = "11010519491231002X"
PERMIT, FOREIGN = born("19900307", "830000"), numbered("91184019900307001")


@pytest.mark.parametrize(
    ("document", "right", "wrong"),
    [
        ("居民身份证", [CARD, CARD.lower()], [PERMIT, FOREIGN, "E12345678", "110105194912310021"]),
        ("港澳台居民居住证", [PERMIT, born("19900307", "810000")], [CARD, FOREIGN, PERMIT[:17] + "9", "H12345678"]),
        ("外国人永久居留证", [FOREIGN, "USA110012345678"], [CARD, PERMIT, "US1100123456789", FOREIGN[:17]]),
        ("港澳居民来往内地通行证", ["H12345678", "M1234567802", "h12345678"], ["A12345678", "H1234567", CARD, "H123456789"]),
        ("台湾居民来往大陆通行证", ["12345678", "1234567890", "1234567890(B)"], ["1234567", "T12345678", CARD]),
        ("护照", ["E12345678", "EA1234567", "123456789"], ["E1", "护照E123", "E1234 5678"]),
        ("军官证", ["军字第1234567号", "南字第01234567号", "1234567"], ["军官", "军字第号"]),
    ],
)
def test_each_document_takes_its_own_numbers(document: str, right: list[str], wrong: list[str]) -> None:
    assert [document_problem(number, document, TODAY) for number in right] == [None] * len(right)
    for number in wrong:
        assert "请" in (document_problem(number, document, TODAY) or ""), number


@pytest.mark.row("5.2.3.1")
@pytest.mark.parametrize("document", list(DOCUMENTS))
def test_numbers_of_15_digits_are_refused_with_words(document: str) -> None:
    found = document_problem("110105491231002", document, TODAY) or ""
    assert "请" in found
    assert ("已停用" in found) is (document in ("居民身份证", "港澳台居民居住证", "护照"))


@pytest.mark.row("5.2.3.1")
@pytest.mark.parametrize(
    ("document", "number", "told"),
    [
        ("港澳台居民居住证", CARD, "这是居民身份证的号码，请核对证件类型和证件号"),
        ("居民身份证", PERMIT, "这是港澳台居民居住证的号码，请核对证件类型和证件号"),
        ("居民身份证", FOREIGN, "这是外国人永久居留证的号码，请核对证件类型和证件号"),
        ("外国人永久居留证", PERMIT, "这是港澳台居民居住证的号码，请核对证件类型和证件号"),
        ("外国人永久居留证", "USA11001234567", "外国人永久居留证号应为 18 位（以 9 开头），旧版为 3 位字母加 12 位数字，请对照证件填写"),
    ],
)
def test_a_number_of_another_card_is_called_so(document: str, number: str, told: str) -> None:
    assert document_problem(number, document, TODAY) == told


def test_documents_are_those_of_the_domain_and_a_number_of_another_card_is_named() -> None:
    assert list(DOCUMENTS) == [
        "居民身份证",
        "港澳居民来往内地通行证",
        "台湾居民来往大陆通行证",
        "港澳台居民居住证",
        "外国人永久居留证",
        "护照",
        "军官证",
    ]
    assert document_problem(PERMIT, "居民身份证", TODAY) == "这是港澳台居民居住证的号码，请核对证件类型和证件号"
    assert document_problem(CARD, "未知", TODAY) is None
