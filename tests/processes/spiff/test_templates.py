"""States that are written from one: their ids."""

from __future__ import annotations

import uuid

import pytest

from processes.spiff.templates import new_ids

pytestmark = pytest.mark.row("8.1")


def test_ids_of_what_is_written_are_random_uuids() -> None:
    ids = new_ids(500)
    assert len(set(ids)) == 500
    for one in ids:
        read = uuid.UUID(one)
        assert (str(read), read.version, read.variant) == (one, 4, uuid.RFC_4122)
