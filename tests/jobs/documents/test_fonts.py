"""Which characters print, in which font, and who is told where none has one."""

from __future__ import annotations

import pytest

from jobs.documents import desk_labels, printing, tickets
from jobs.documents.fonts import BOLD, REGULAR, SUBSTITUTE, clean, face_of, lacking, printed, runs
from tests.jobs.documents.making import fonts, made, sheet, slip, texts, ticket

pytestmark = pytest.mark.row("5.2.8.3")
PRIVATE = "\ue0a1"  # what old systems put rare characters on: no font can know which
RARE = "王𠮷䶮㛃𬭎"


@pytest.mark.parametrize(
    ("character", "font"),
    [
        ("张", REGULAR),
        ("·", REGULAR),
        ("㛃", REGULAR),  # extension A
        ("䶮", REGULAR),
        ("𬭎", REGULAR),  # extension E, of the table of general characters
        ("Ł", "PilotLatin"),
        ("ẞ", "PilotLatin"),
        ("Ж", REGULAR),
        ("𠮷", "PilotRare"),  # extension B
        ("𪜀", "PilotRare"),  # C
        ("𫝀", "PilotRare"),  # D
        ("𫠠", "PilotRare"),  # E
        ("𬺰", "PilotRare"),  # F
        ("\U00030001", "PilotRarest"),  # G
        ("\U000323af", "PilotRarest"),  # H
        (PRIVATE, None),
        ("😀", None),
        ("ᠮ", None),
    ],
)
def test_the_first_font_that_has_a_character_draws_it(character: str, font: str | None) -> None:
    assert face_of(character) == font


def test_a_text_is_bold_as_a_whole_or_not_at_all() -> None:
    assert runs("王一", face=BOLD) == ((BOLD, "王一"),)
    assert runs("王𠮷", face=BOLD) == ((REGULAR, "王"), ("PilotRare", "𠮷"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  李\u3000\t测\n", "李 测"),
        ("李\u200b\u202e\u0000测", "李测"),
        ("E\u0301va", "Éva"),
        ("葛\U000e0100", "葛"),  # asks for another form of the character, which no font here has
        ("\U000323af\ue0a1", "\U000323af\ue0a1"),  # newer than Python's tables, and private: not dropped
        ("凞\uf92d", "凞\uf92d"),  # one of Unicode's characters for compatibility stays itself
    ],
)
def test_what_nobody_sees_is_not_printed(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_characters_that_no_font_has_are_told_with_who_has_them() -> None:
    people = [ticket(1, f"张{PRIVATE}三"), ticket(2, "李四"), ticket(3, f"王{PRIVATE}😀")]
    found = lacking(people)
    assert [(one.character, one.who) for one in found] == [
        (PRIVATE, (f"张{PRIVATE}三（300000010010001）", f"王{PRIVATE}😀（300000010010003）")),
        ("😀", (f"王{PRIVATE}😀（300000010010003）",)),
    ]
    assert str(found[1]).startswith("字符“😀”（U+1F600）没有可用的字体")
    assert lacking([sheet(3), slip(3), ticket(5, RARE)]) == []


def test_a_character_that_no_font_has_is_never_an_empty_box() -> None:
    assert printed(f"张{PRIVATE}三") == f"张{SUBSTITUTE}三"
    name = f"张{PRIVATE}三"
    for content in (
        made(tickets.draw, [ticket(1, name)]),
        made(desk_labels.draw, [sheet(1, names=[name])]),
        made(printing.draw_attendance, [sheet(1, names=[name])]),
        made(printing.draw_slips, [slip(1, [name])]),
    ):
        assert f"张{SUBSTITUTE}三" in texts(content)[0]


def test_rare_characters_print_can_be_found_and_have_their_font_embedded() -> None:
    for content in (
        made(tickets.draw, [ticket(1, RARE)]),
        made(desk_labels.draw, [sheet(1, names=[RARE])]),
        made(printing.draw_attendance, [sheet(1, names=[RARE])]),
        made(printing.draw_slips, [slip(1, [RARE])]),
        made(printing.draw_doors, [sheet(1, RARE)]),
    ):
        assert RARE in texts(content)[0]  # as UTF-16 wants it beyond U+FFFF, else readers find something else
        assert fonts(content)["HanaMinB"]
        assert all(fonts(content).values())
