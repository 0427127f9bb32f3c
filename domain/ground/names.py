"""Names of people as they are: what people write, what is stored, and what no name holds.

Chinese characters of every plane that Unicode has (with the extensions A to I, which GB 18030-2022 brought for people's names), Latin
letters as passports write them, and the one dot of GB/T 15834 between the parts of a name. Lengths are in characters, as Python, JSON
Schema and PostgreSQL count them; one of an extension is one character.
"""

from __future__ import annotations

import re
import unicodedata

DOT = "·"  # U+00B7, the one of GB 18030
_DOTS = "‧•・∙⋅●⦁᛫⸱⸳ꞏㆍ᠂‣◦"  # what input methods, Japanese fonts and word processors put there instead
_HAN = "〇々㐀-䶿一-鿿\ufa0e\ufa0f\ufa11\ufa13\ufa14\ufa1f\ufa21\ufa23\ufa24\ufa27-\ufa29\U00020000-\U000323af"
_LATIN = "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ"
_MARKS = "\u0300-\u036f"  # those that no single letter holds, behind a Latin one
# parts of CJK Radicals Supplement that copying out of PDF files leaves in place of the character (Unicode's EquivalentUnifiedIdeograph)
_RADICALS = (
    "⺠民⺟母⺩王⺫目⺬示⺮竹⺼肉⻄西⻅见⻆角⻉贝⻋车⻓长⻔门⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻬齐⻮齿⻰龙⻳龟"
)
_ALIKE = {
    **dict.fromkeys(map(ord, _DOTS), DOT),
    **dict.fromkeys(map(ord, "‘’ʼʻ`′´"), "'"),
    **dict.fromkeys(map(ord, "‐‑‒–—−"), "-"),
    **{ord(part): whole for part, whole in zip(_RADICALS[::2], _RADICALS[1::2], strict=True)},
}
_USUAL = re.compile("[一-鿿]+")
_BLANKS = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])|\s*{DOT}[\s{DOT}]*")
_STOP = re.compile(rf"(?<=[{_HAN}])\s*[.。]\s*(?=[{_HAN}])")  # a full stop that stands for the dot
# runs are taken whole (++): a name is looked at once, however long it is
_WORD, _LETTERS_RUN = f"[{_HAN}]++", f"[{_LATIN}][{_LATIN}{_MARKS}]*+\\.?"
_NAME = re.compile(rf"(?:{_WORD}|{_LETTERS_RUN})(?:[{DOT} ]?{_WORD}|[{DOT} '-]?{_LETTERS_RUN})*")
_PINYIN = re.compile(r"[A-Z]++(?:[ '-][A-Z]++)*")
_HAN_ONLY = re.compile(f"[{_HAN}]++")
_ADVICE = "请按证件填写"
LONGEST = 200  # characters that any name may have; forms allow fewer
_UMLAUT = re.compile("(?<=[LN])U\u0308")
_V = re.compile(r"\b([LN])V(?=E?\b)")  # LV, as keyboards write 吕
# ICAO Doc 9303-3, table 6.A: letters that are no base letter with a mark
_LETTERS = str.maketrans({"Æ": "AE", "Œ": "OE", "Ø": "OE", "Þ": "TH", "Ð": "D", "Đ": "D", "Ł": "L", "Ħ": "H", "Ŧ": "T", "Ŋ": "N", "Ə": "E"})


def tidy_name(text: str) -> str:
    """A person's name as it is stored: without the spaces that only align it (张　三), with one kind of dot, plain letters and
    characters. Letters keep their case; what no name holds stays, for the check to name."""
    if _USUAL.fullmatch(text):  # nearly always, and twenty thousand times in an import
        return text
    name = " ".join(unicodedata.normalize("NFKC", text.translate(_ALIKE)).translate(_ALIKE).split())
    return _BLANKS.sub(lambda found: DOT if DOT in found[0] else "", _STOP.sub(DOT, name)).strip(f"{DOT} ")


def name_problem(text: str) -> str | None:
    """What is wrong with a person's name, in Chinese; None when nothing is."""
    if len(text) > LONGEST:  # not looked at: it would hold up everybody
        return f"姓名最多 {LONGEST} 个字，{_ADVICE}"
    if _USUAL.fullmatch(text) or _NAME.fullmatch(text):
        return None
    for at, char in enumerate(text):
        if (problem := _char_problem(text, at, char)) is not None:
            return problem
    return f"姓名应为汉字或字母，各段之间用一个“{DOT}”、空格或“-”隔开，{_ADVICE}"


def _char_problem(text: str, at: int, char: str) -> str | None:
    kind = unicodedata.category(char)
    if kind in ("Cc", "Cf", "Cs", "Zl", "Zp") or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return f"{f'“{text[at - 1]}”后面' if at else '开头'}有看不见的字符，请删除后重新填写"
    if kind == "Co":
        return "有自造的字，其他电脑认不出来，请用输入法按证件重新输入这个字"
    if char in "?？□�■▯":
        return f"“{char}”处的字在复制或转换时丢失了，请按证件重新输入这个字"
    if re.match(rf"[{_HAN}{_LATIN}{_MARKS}{DOT} '.-]", char):
        return None
    if char.isdigit() or kind == "No":
        return f"姓名中不能有数字，{_ADVICE}"
    return f"姓名中不能有“{char}”，{_ADVICE}"


def is_han(text: str) -> bool:
    """Whether all of a text, one character or more, is Chinese, of any extension."""
    return _HAN_ONLY.fullmatch(text) is not None


def tidy_pinyin(text: str) -> str:
    """A name in letters as it is stored: capitals without tones and marks, ü as YU after L and N (GB/T 28039, 6.2), parts with one blank
    between them."""
    if _PINYIN.fullmatch(text) and "V" not in text:
        return text
    plain = unicodedata.normalize("NFKC", text.translate(_ALIKE)).translate(_ALIKE).upper().replace(DOT, " ")
    # tones stand behind the two dots: the letter with its dots is looked at first
    letters = _UMLAUT.sub("YU", unicodedata.normalize("NFD", plain)).translate(_LETTERS)
    return _V.sub(r"\1YU", " ".join(re.sub(f"[{_MARKS}]", "", letters).split()))


def pinyin_problem(text: str) -> str | None:
    """What is wrong with the pinyin of a name, in Chinese; None when nothing is."""
    if _PINYIN.fullmatch(text):
        return None
    return "应为大写字母，姓在前、名在后，中间空一格，例如：ZHANG SAN、OUYANG NANA"
