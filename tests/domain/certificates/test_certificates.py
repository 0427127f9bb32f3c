"""证书, found by the labels that forms name."""

from __future__ import annotations

import pytest

from domain.certificates.certificates import own_certificates
from tests.conftest import World


def test_own_certificates_by_label(lite_books: World) -> None:
    from domain.certificates.certificates import UnknownCertificate

    actor, other = lite_books.actor("organization1"), lite_books.actor("organization2")
    with lite_books.runtime.database.reading() as session:
        labels = ["网店运营（中级）", "网店运营（初级）", "网店运营（中级）"]
        assert [c.label for c in own_certificates(session, actor.party_id, labels)] == labels[:2]
        with pytest.raises(UnknownCertificate):
            own_certificates(session, other.party_id, labels)
