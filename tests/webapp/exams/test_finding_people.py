"""The filters of lists find people by numbers and names as they are pasted, not only as they are stored."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.conftest import World
from tests.domain.exams.pupils import PUPIL
from tests.webapp.clients import site, user
from tests.webapp.demonstration import total
from tests.webapp.exams.people import add

NUMBERS = ("11010519491231002x", "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ", "\u300011010519491231002X")
MOBILES = ("+86 139-1111-0000", "１３９１１１１００００", "139 1111 0000")
NAMES = ("王　小明", "王小明 ")


@pytest.mark.row("5.2.3.1")
@pytest.mark.parametrize("number", NUMBERS)
def test_a_candidate_is_found_by_a_number_as_it_was_pasted(lite_books: World, number: str) -> None:
    school = user(site(lite_books), "school1")
    assert school.post("/candidates/new", data={**PUPIL, "id_number": "11010519491231002X", "act": "保存"}).status_code == 302
    assert total(school, f"/candidates/?number={quote(number)}") == 1
    assert total(school, "/candidates/?number=110105194912310046") == 0


@pytest.mark.row("5.2.11.1")
def test_an_invigilator_is_found_by_numbers_and_name_as_they_were_pasted(lite_books: World) -> None:
    school = user(site(lite_books), "school1")
    assert add(school) == 302
    found = [total(school, f"/invigilators/?id_number={quote(number)}") for number in NUMBERS]
    found += [total(school, f"/invigilators/?mobile={quote(mobile)}") for mobile in MOBILES]
    found += [total(school, f"/invigilators/?name={quote(name)}") for name in NAMES]
    assert found == [1] * len(found)
    assert total(school, "/invigilators/?mobile=13911110009") == 0
