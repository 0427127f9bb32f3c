"""Who is reminded before a period ends."""

from __future__ import annotations

import pytest

from domain.weekly.periods import current_period
from domain.weekly.reports import new_report
from handlers.reports import prepare_reminder, send_reminder
from tests.conftest import World


@pytest.mark.row("6.3")
def test_schools_that_have_begun_no_report_are_reminded(world: World) -> None:
    with world.runtime.database.writing() as session:
        period = current_period(session, world.actor("province1").party_id, world.clock())
        assert period is not None
        new_report(session, world.actor("school1"), world.clock())
        messages = prepare_reminder(session, period, {"text": "请填报"})["messages"]
        assert messages == [{"to": "13900000001", "text": "请填报"}]  # 太湖; 金陵 has begun, 钱塘 is another province's
        new_report(session, world.actor("school2"), world.clock())
        assert prepare_reminder(session, period, {"text": "请填报"}) == {"messages": []}


def test_nobody_to_remind_is_no_failure(lite: World) -> None:
    assert send_reminder({"messages": []}, "key", lite.runtime.settings) == {}
