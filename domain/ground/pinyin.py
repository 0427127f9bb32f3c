"""The pinyin of a person's name, offered from its characters.

By GB/T 28039-2011 (中国人名汉语拼音字母拼写规则), in the form it gives for passports: surname and given name apart, each written together,
all in capitals, without tones and the apostrophe between syllables (5.1.1, 5.1.6: ZHANG SAN, OUYANG WEN, WU XINGEN); ü as YU (6.2: LYU).
Surnames have their surname reading. Two surnames side by side (赵李书刚) are not told from a given name of three characters, and a name of
another people (5.2) is read as its Chinese characters: whoever bears it corrects what is offered.
"""

from __future__ import annotations

import importlib.util
import json
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from domain.ground.names import DOT, LONGEST, is_han, pinyin_problem, tidy_name, tidy_pinyin
from domain.ground.pinyin_readings import COMPOUND, GIVEN, SURNAMES

LONGEST_SURNAME = max(map(len, COMPOUND))
ALIEN = 5  # a name of as many characters without a compound surname is another language's, written in Chinese: 买买提艾力
MOST = 4  # readings that are offered for one character


class Syllable(NamedTuple):
    """One character of a name, or letters that stand in it, with the readings to choose from: the first is offered; none is known of
    some rare characters."""

    text: str
    readings: tuple[str, ...]


Word = tuple[Syllable, ...]


def pinyin_of(name: str) -> str:
    """The pinyin of a name as it is stored, ZHANG SAN; empty where the reading of a character is not known."""
    words = pinyin_choices(name)
    if not all(syllable.readings for word in words for syllable in word):
        return ""
    return " ".join("".join(syllable.readings[0] for syllable in word) for word in words)


def pinyin_choices(name: str) -> tuple[Word, ...]:
    """The words of a name, each of its syllables: written together, and with blanks between words, they are its pinyin. None where it is
    longer than names may be."""
    words: list[Word] = []
    if len(name) > LONGEST:
        return ()
    name = tidy_name(name)
    if is_han(name):  # nearly always, and twenty thousand times in an import
        return tuple(_chinese(name))
    parts = name.replace(DOT, " ").split()
    for part in parts:
        for run in _runs(part):
            if not is_han(run[0]):
                words += [(Syllable(run, (letters,)),) for letters in [_letters(run)] if letters]
            elif words or len(parts) > 1:
                words.append(_given(run))
            else:
                words += _chinese(run)
    return tuple(words)


def _letters(run: str) -> str:
    """The letters of a run as they stand in pinyin; empty where it has others."""
    letters = tidy_pinyin(run.replace(".", " "))
    return letters if pinyin_problem(letters) is None else ""


def _runs(part: str) -> list[str]:
    """Chinese characters and letters apart: 李Anna."""
    runs: list[str] = []
    for char in part:
        if runs and is_han(runs[-1][0]) == is_han(char):
            runs[-1] += char
        else:
            runs.append(char)
    return runs


def _chinese(name: str) -> list[Word]:
    """The surname and the given name, where there is one."""
    for length in range(min(LONGEST_SURNAME, len(name) - 1), 1, -1):
        if (readings := COMPOUND.get(name[:length])) is not None:
            surname = name[:length]
            word = tuple(Syllable(c, (r,)) for c, r in zip(surname, readings, strict=True)) if readings else _given(surname)
            return [word, _given(name[length:])]
    if len(name) >= ALIEN:
        return [_given(name)]
    first: Word = (_surname(name[0]),)
    return [first, _given(name[1:])] if len(name) > 1 else [first]


def _given(characters: str) -> Word:
    return tuple(map(_syllable, characters))


@lru_cache(maxsize=10_000)  # an import of twenty thousand names has some two thousand characters
def _syllable(char: str) -> Syllable:
    return Syllable(char, GIVEN.get(char) or _readings(char))


@lru_cache(maxsize=10_000)
def _surname(char: str) -> Syllable:
    return Syllable(char, SURNAMES.get(char) or _readings(char))


def _readings(char: str) -> tuple[str, ...]:
    """What the dictionary says: of common characters the first reading, which is the usual one; of others all."""
    found = _dictionary().get(str(ord(char)), "")
    readings = tuple(dict.fromkeys(filter(None, map(_plain, found.split(",")))))
    return readings[: 1 if _is_common(char) else MOST]


def _is_common(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _plain(reading: str) -> str:
    """A reading without its tone, in capitals."""
    return re.sub("[^A-Z]", "", unicodedata.normalize("NFD", reading).upper().replace("U\u0308", "YU"))


@cache
def _dictionary() -> dict[str, str]:
    """Number of a character → its readings, of pypinyin's file of single characters.

    Read without the library: importing that also loads 47,000 phrases, 57 MB and 0.2 s in each process, of which names have no use.
    """
    spec = importlib.util.find_spec("pypinyin")
    if spec is None or spec.origin is None:
        raise ImportError("pypinyin is not installed")
    readings: dict[str, str] = json.loads((Path(spec.origin).parent / "pinyin_dict.json").read_text(encoding="utf-8"))
    return readings
