"""修改记录: what an edit changed."""

from __future__ import annotations

import pytest

from domain.institutions.schools import School
from domain.platform.changes import changes_of, last_change, note_change
from tests.conftest import World


@pytest.mark.row("2.2.1")
def test_changes_say_before_and_after(world_books: World) -> None:
    actor = world_books.actor("school1")
    with world_books.runtime.database.writing() as session:
        school = session.get_one(School, actor.party_id)
        assert last_change(session, school) == 0
        assert note_change(session, actor, school, {"city": "南京市"}, {"city": "南京市"}, world_books.clock()) is None
        note_change(session, actor, school, {"city": "南京市", "mobile": "1"}, {"city": "苏州市", "contact": "张文"}, world_books.clock())
        session.flush()
        (change,) = changes_of(session, school)
        assert change.data == {"city": ["南京市", "苏州市"], "mobile": ["1", None], "contact": [None, "张文"]}
        assert change.actor == "张文（金陵职业技术学院）"
        assert last_change(session, school) == change.id
