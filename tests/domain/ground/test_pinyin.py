"""Pinyin offered from names: surnames by their own reading, ü as YU, characters with several readings, rare ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

from domain.ground.names import LONGEST, name_problem, pinyin_problem
from domain.ground.pinyin import Syllable, pinyin_choices, pinyin_of
from domain.ground.pinyin_readings import COMPOUND, GIVEN, SURNAMES

pytestmark = pytest.mark.row("5.2.3.1")


@pytest.mark.parametrize(
    ("name", "pinyin"),
    [
        ("张三", "ZHANG SAN"),
        ("杨为民", "YANG WEIMIN"),  # examples of GB/T 28039
        ("欧阳文", "OUYANG WEN"),
        ("司马相南", "SIMA XIANGNAN"),
        ("吕略", "LYU LYUE"),
        ("吴兴恩", "WU XINGEN"),
        ("曾国", "ZENG GUO"),
        ("翟明", "ZHAI MING"),
        ("单雄", "SHAN XIONG"),
        ("解晓东", "XIE XIAODONG"),
        ("查良", "ZHA LIANG"),
        ("仇英", "QIU YING"),
        ("区明", "OU MING"),
        ("朴树", "PIAO SHU"),
        ("任远", "REN YUAN"),
        ("万俟明", "MOQI MING"),
        ("尉迟恭", "YUCHI GONG"),
        ("长孙敏", "ZHANGSUN MIN"),
        ("盖明", "GE MING"),
        ("缪明", "MIAO MING"),
        ("覃明", "QIN MING"),
        ("乐明", "YUE MING"),
        ("逄明", "PANG MING"),
        ("员明", "YUN MING"),
        ("黑明", "HE MING"),
        ("召明", "SHAO MING"),
        ("折明", "SHE MING"),
        ("洗明", "XIAN MING"),
        ("冼明", "XIAN MING"),
        ("繁明", "PO MING"),
        ("秘明", "BI MING"),
        ("种明", "CHONG MING"),
        ("令狐冲", "LINGHU CHONG"),
        ("澹台明", "TANTAI MING"),
        ("单于明", "CHANYU MING"),
        ("夏侯敏", "XIAHOU MIN"),
        ("皇甫敏", "HUANGFU MIN"),
        ("叶赫那拉敏", "YEHENALA MIN"),
        ("單雄", "SHAN XIONG"),  # traditional characters
        ("張乐", "ZHANG LE"),  # a given name is read as one
        ("李长江", "LI CHANGJIANG"),
        ("王曾", "WANG ZENG"),
        ("万俟", "WAN SI"),  # nothing is left for a given name
        ("李", "LI"),
        ("阿卜杜拉·买买提", "ABUDULA MAIMAITI"),
        ("单·巴特尔", "DAN BATEER"),  # no surname
        ("买买提艾力", "MAIMAITIAILI"),
        ("Anna Maria O'Neill", "ANNA MARIA O'NEILL"),
        ("J. R. Smith", "J R SMITH"),
        ("Jürgen", "JURGEN"),
        ("李Anna", "LI ANNA"),
        ("玛丽·Smith", "MALI SMITH"),
        ("张 三", "ZHANG SAN"),
        ("王\U00020000", "WANG HE"),  # extension B
        ("陈\U00030edd", "CHEN BIANG"),  # extension G
        ("陈\U0002ebf0", ""),  # no reading is known
        ("Иван", ""),
        ("", ""),
    ],
)
def test_what_is_offered(name: str, pinyin: str) -> None:
    assert pinyin_of(name) == pinyin
    assert not pinyin or pinyin_problem(pinyin) is None


def test_characters_with_several_readings_can_be_chosen() -> None:
    assert pinyin_choices("覃乐") == ((Syllable("覃", ("QIN", "TAN")),), (Syllable("乐", ("LE", "YUE")),))
    assert pinyin_choices("丁明") == ((Syllable("丁", ("DING",)),), (Syllable("明", ("MING",)),))  # not what only old books read
    assert pinyin_choices("陈\U0002ebf0")[1] == (Syllable("\U0002ebf0", ()),)


def test_what_is_longer_than_names_may_be_is_not_read() -> None:
    assert pinyin_of("长" * LONGEST) != ""
    assert pinyin_of("长" * (LONGEST + 1)) == ""
    assert pinyin_choices("a " * LONGEST) == ()


def test_the_tables_hold_readings_only() -> None:
    for table in (SURNAMES, GIVEN):
        assert all(len(char) == 1 and name_problem(char) is None and readings for char, readings in table.items())
        assert all(len(set(readings)) == len(readings) for readings in table.values())
    assert all(len(readings) in (0, len(surname)) for surname, readings in COMPOUND.items())
    for readings in (*SURNAMES.values(), *GIVEN.values(), *COMPOUND.values()):
        assert all(reading.isascii() and reading.isalpha() and reading.isupper() for reading in readings)


def test_the_dictionary_is_read_when_a_name_is_and_its_library_never() -> None:
    code = (
        "import sys, domain.ground.identity, domain.ground.pinyin as p; assert p._dictionary.cache_info().currsize == 0;"
        "p.pinyin_of('张三'); assert p._dictionary.cache_info().currsize == 1; assert 'pypinyin' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
