"""抄送 by the diagram after a 会签: a copy tells of the result, once, and not of each answer."""

from __future__ import annotations

import pytest

from processes.notices import copies
from tests.processes.bpmn.play import Play
from tests.processes.bpmn.test_votes import answer, begun, five, voting  # noqa: F401  # a fixture


@pytest.mark.row("8.1")
def test_a_copy_tells_of_the_result_once(five: Play) -> None:  # noqa: F811
    begun(five, voting(quorum="any", copyTo="试点院校"))
    school = five.world.actor("school1")

    def sent() -> int:
        with five.world.runtime.database.reading() as session:
            return len(session.execute(copies.copies_of(school)).all())

    answer(five, "province1", "不同意")
    assert sent() == 0
    answer(five, "province1b")
    assert sent() == 1
