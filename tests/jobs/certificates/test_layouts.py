"""A layout that somebody changes: what is wrong with it is told in words, with its line; nothing in it runs or grows."""

from __future__ import annotations

import pytest

from jobs.certificates.faults import faults
from jobs.certificates.layouts import BadLayout, layout_of, standard

pytestmark = pytest.mark.row("4.2.7")


def test_the_product_s_own_layout_has_no_fault() -> None:
    assert faults(standard()) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("  - 签章: 考核站点\n    位置: [198, 146, 40, 40]\n", "", "证书上应有一个考核站点的签章，现在有 0 个"),
        ("签章: 考核站点", "签章: 培训评价组织", "证书上应有一个培训评价组织的签章，现在有 2 个"),
        ("签章: 考核站点", "签章: 院校", "“签章”应为以下之一：培训评价组织、考核站点"),
        ('  - 文字: "{id_number}"', "  - 文字: 略", "证书上没有证件号，请加上写有 {id_number} 的文字"),
        ('{pinyin}"\n', '{pinyun}"\n', "没有“{pinyun}”这个变量"),
        ('{pinyin}"\n', '{pinyin"\n', "大括号不成对"),
        ("[198, 146, 40, 40]", "[260, 146, 40, 40]", "“位置”应为 [左, 上, 宽, 高]"),
        ("[198, 146, 40, 40]", "[120, 146, 40, 40]", "重叠，请移开"),  # the other seal
        ("[96, 146, 40, 40]", "[40, 146, 40, 40]", "行的二维码重叠"),
        ("[198, 146, 40, 40]", "[198, 146, 12, 12]", "签章太小，宽和高至少 20 毫米"),
        ("[30, 152, 30, 30]", "[30, 152, 10, 10]", "二维码太小，宽和高至少 18 毫米"),
        ("[32, 63, 38, 53.2]", "[32, 63, 53, 38]", "照片的宽高比应为 295 : 413"),
        ("[32, 63, 38, 53.2]", "[32, 110, 38, 53.2]", "照片与第"),
        ('颜色: "#9c1f1f"', "颜色: red", "“颜色”应为颜色"),
        ("字号: 42", "字号: 420", "“字号”应为 4–120 的数"),
        ("对齐: 中", "对齐: 居中", "“对齐”应为以下之一：左、中、右"),
        ("    字距: 7", "    动作: 打开", "“文字”不能写“动作”"),
        ("名称: 职业技能等级证书", "", "版式缺少“名称”"),
        ('底色: "#fffdf6"', "底色: 米色", "“底色”应为颜色"),
        ("底色:", "脚本: 1\n底色:", "版式中不能写“脚本”"),
        ("  - 线:", "  - 图片: a.png", "每项须写明是以下哪一种"),
        ("扫码核验证书", "扫码核验😀", "字符“😀”（U+1F600）没有可用的字体"),
        ("[40, 25, 217, 18]", "[40, 25, 4, 18]", "太长，证书版式中放不下"),
        ("名称:", "名称: &a x\n底色: *a\n名称:", "不能使用锚点和引用"),
        ("名称:", "名称: !!python/object/apply:os.system [ls]\n名字:", "不符合 YAML 格式"),
        ("底色:", "名称: 又一个\n底色:", "“名称”写了两次"),
        ("宽度: 7", "宽度: [", "不符合 YAML 格式"),
        ("    宽度: 7", "    宽度: 20", ""),  # is allowed
        ("  # 照片\n", '  - 框:\n    位置: [20, 60, 200, 100]\n    填充: "#ffffff"\n', ""),  # below what comes after it
        ("  - 签章: 培训评价组织", '  - 框:\n    位置: [20, 60, 200, 100]\n    填充: "#ffffff"\n  - 签章: 培训评价组织', "盖住了第"),
    ],
)
def test_what_is_wrong_is_told(before: str, after: str, told: str) -> None:
    text = standard()
    assert before in text
    found = faults(text.replace(before, after, 1) if "对齐" not in before else text.replace(before, after))
    assert (not found) if not told else any(told in one for one in found), found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "内容: 1",
        "a: [",
        "\0",
        "- " * 20_000,
        "[" * 40_000,
        "{a: " * 9_000,
        "x" * 60_000,
        "2001-99-99",
        "名称: x\n内容: [[1], 2, ~]",
    ],
)
def test_whatever_is_no_layout_is_told_too(text: str) -> None:
    assert faults(text)
    with pytest.raises(BadLayout):
        layout_of(text)


def test_a_fault_names_its_line() -> None:
    lines = standard().splitlines()
    at = next(number for number, line in enumerate(lines, 1) if "（{grade}）" in line)
    (found,) = faults(standard().replace("（{grade}）", "（{rank}）"))
    assert found.startswith(f"第 {at} 行：")


def test_the_same_text_gives_the_same_layout() -> None:
    assert layout_of(standard()) is layout_of(standard())
