"""Names as people write them: one dot, rare characters, letters; and what no name holds."""

from __future__ import annotations

import pytest

from domain.ground.names import LONGEST, name_problem, pinyin_problem, tidy_name, tidy_pinyin

pytestmark = pytest.mark.row("5.2.3.1")


@pytest.mark.parametrize("dot", "·‧•・･∙⋅●⦁․" + "\u0387")
def test_every_dot_is_stored_as_one(dot: str) -> None:
    # U+2024 is a full stop to Unicode; between Chinese characters that is a dot too
    assert tidy_name(f"阿卜杜拉{dot}买买提") == "阿卜杜拉·买买提"
    assert tidy_name(f" 阿卜杜拉 {dot} 买买提 ") == "阿卜杜拉·买买提"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("张　 三", "张三"),
        ("\u00a0张三\u3000", "张三"),
        ("𠮷 𠀀", "𠮷𠀀"),  # beyond the first plane too
        ("阿依古丽.买买提", "阿依古丽·买买提"),
        ("阿依古丽．买买提", "阿依古丽·买买提"),
        ("阿依古丽。买买提", "阿依古丽·买买提"),
        ("阿依古丽··买买提", "阿依古丽·买买提"),
        ("•张三", "张三"),  # a bullet of a list
        ("Anna  Maria\tSmith", "Anna Maria Smith"),
        ("O’Neill", "O'Neill"),
        ("Jean‐Luc", "Jean-Luc"),
        ("J. Smith", "J. Smith"),
        ("Ａｎｎａ", "Anna"),
        ("Jose\u0301", "José"),
        ("⻢⻩⼥", "马黄女"),  # parts of characters, as PDF files give them
        ("\uf9dc", "隆"),  # a compatibility character
        ("〇々", "〇々"),
        ("张三1", "张三1"),
    ],
)
def test_what_is_stored(written: str, stored: str) -> None:
    assert tidy_name(written) == stored
    assert tidy_name(stored) == stored


@pytest.mark.parametrize(
    "name",
    [
        "张三",
        "尉迟恭",
        "阿卜杜拉·买买提",
        "㐀䶿",  # extension A
        "\U00020000\U0002a6df",  # B
        "\U0002a700\U0002b739\U0002b740\U0002b81d\U0002b820\U0002cea1\U0002ceb0\U0002ebe0",  # C to F
        "\U00030000\U0003134a\U00031350\U000323af",  # G and H
        "\U0002ebf0\U0002ee5d",  # I
        "\ufa0e\ufa29",  # characters among the compatibility ones that are none
        "〇",
        "Anna Maria O'Neill-Smith",
        "J. R. Smith",
        "Łukasz Özgür",
        "Nguyễn Văn A",
        "X\u0304u",  # no letter of its own for it
        "李Anna",
        "玛丽·Smith",
    ],
)
def test_names_that_are_taken(name: str) -> None:
    assert name_problem(tidy_name(name)) is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("张三1", "姓名中不能有数字，请按证件填写"),
        ("张三②", "姓名中不能有数字，请按证件填写"),
        ("张三😀", "姓名中不能有“😀”，请按证件填写"),
        ("张三（大）", "姓名中不能有“（”，请按证件填写"),
        ("张\u200b三", "“张”后面有看不见的字符，请删除后重新填写"),
        ("\u202e张三", "开头有看不见的字符，请删除后重新填写"),
        ("张三\x00", "“三”后面有看不见的字符，请删除后重新填写"),
        ("葛\U000e0100", "“葛”后面有看不见的字符，请删除后重新填写"),  # which of its shapes a font shows
        ("张\ue863", "有自造的字，其他电脑认不出来，请用输入法按证件重新输入这个字"),
        ("张?", "“?”处的字在复制或转换时丢失了，请按证件重新输入这个字"),
        ("张\ufffd", "“\ufffd”处的字在复制或转换时丢失了，请按证件重新输入这个字"),
        ("Иван", "姓名中不能有“И”，请按证件填写"),
        ("김철수", "姓名中不能有“김”，请按证件填写"),
        ("张·", "姓名应为汉字或字母，各段之间用一个“·”、空格或“-”隔开，请按证件填写"),
        ("", "姓名应为汉字或字母，各段之间用一个“·”、空格或“-”隔开，请按证件填写"),
    ],
)
def test_what_no_name_holds(name: str, told: str) -> None:
    assert name_problem(name) == told


def test_a_long_text_is_looked_at_once() -> None:
    for text in ("张" * 199 + "1", "a " * 99 + "1", "a-·" * 66, "'" * 200):
        assert name_problem(text) is not None


def test_what_is_longer_than_names_may_be_is_not_looked_at() -> None:
    assert name_problem("张" * LONGEST) is None
    assert name_problem("张" * LONGEST + "1") == "姓名最多 200 个字，请按证件填写"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("zhang  san", "ZHANG SAN"),
        ("Zhāng Sān", "ZHANG SAN"),
        ("Lü Bù", "LYU BU"),
        ("LǙ", "LYU"),
        ("Nǚ", "NYU"),
        ("Lüè", "LYUE"),
        ("lv bu", "LYU BU"),
        ("NVE", "NYUE"),
        ("SYLVIA LVOV", "SYLVIA LVOV"),
        ("Jürgen Müller", "JURGEN MULLER"),
        ("Łukasz Børge", "LUKASZ BOERGE"),
        ("O’Neill", "O'NEILL"),
        ("ＺＨＡＮＧ　ＳＡＮ", "ZHANG SAN"),
        ("Abudula·Maimaiti", "ABUDULA MAIMAITI"),
    ],
)
def test_pinyin_is_stored_in_capitals(written: str, stored: str) -> None:
    assert tidy_pinyin(written) == stored
    assert pinyin_problem(stored) is None


@pytest.mark.parametrize("text", ["张三", "ZHANG1", "ZHANG SAN ", "", "ZHANG,SAN", "ZHANG--SAN", "zhang"])
def test_what_is_no_pinyin(text: str) -> None:
    assert "ZHANG SAN" in (pinyin_problem(text) or "")
