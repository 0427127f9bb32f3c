"""Every filter of every list with what people, and others, type into it: no rows, or some, and never a fault of the product."""

from __future__ import annotations

import pytest

from jobs.lists.registry import LISTS
from jobs.lists.visibility import visible_to
from tests.conftest import World

TEXTS = (
    *("'", '"', "%", "_", "\\", "（", "=1+1", "²", "٣", "１２", "Ⅷ", "-1", "0", "1e9", "0x10", "1.5", "true", "None"),
    *("9" * 9, "9" * 10, "9" * 19, "9" * 40, "2147483648", "BK2147483648", "KC²", "YY" + "9" * 12),
    *("0001-01-01", "9999-12-31", "9999-99-99", "2026-02-30", "0000-00-00", "长" * 3000, "😀", "\u202e"),
)


@pytest.mark.row("8.2")
@pytest.mark.parametrize("account", ["operator", "organization1", "school1", "supervisor"])
def test_no_filter_breaks_a_list(world_books: World, account: str) -> None:
    actor = world_books.actor(account)
    asked = 0
    with world_books.runtime.database.reading() as session:
        for listing in LISTS.values():
            shown = visible_to(session, actor, listing).asked_at(world_books.clock.now)
            names = [one.name for one in shown.filters] + ["status", "sort"]
            for name in names:
                for text in TEXTS:
                    session.scalars(shown.narrowed(actor, {name: text}).limit(1)).all()
                    asked += 1
    assert asked > 1000
