"""已参与试点: a pilot begins once, and is of its school alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.certificates.certificates import Certificate
from domain.certificates.pilots import PilotCertificate, begin_pilots, participating, pilots_query
from tests.conftest import World


@pytest.mark.row("4.1")
def test_a_pilot_begins_once(world_books: World) -> None:
    school = world_books.actor("school1")
    with world_books.runtime.database.writing() as session:
        wanted = session.scalars(select(Certificate.id).where(Certificate.id.not_in(participating(school)))).first()
        assert wanted is not None
        before = len(session.scalars(pilots_query(school)).all())
        begin_pilots(session, school.party_id, [wanted], world_books.clock())
        begin_pilots(session, school.party_id, [wanted], world_books.clock() + timedelta(days=1))
        assert wanted in session.scalars(participating(school)).all()
        rows = session.scalars(pilots_query(school)).all()
        assert len(rows) == before + 1
        assert next(row.since for row in rows if row.certificate_id == wanted) == world_books.clock()
        assert wanted not in session.scalars(participating(world_books.actor("school2"))).all() or (
            session.get(PilotCertificate, (world_books.actor("school2").party_id, wanted)) is not None
        )
