"""What each account gets from an address: the lines of the table that `test_every_route` walks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GROUPS = {
    "schools": ("school1", "school2", "school3"),
    "provinces": ("province1", "province1b", "province2", "province2b"),
    "organizations": ("organization1", "organization2"),
    "teachers": ("teacher1", "teacher2"),
}


@dataclass(frozen=True)
class Route:
    """One line of the table."""

    method: str
    sentence: str
    data: Mapping[str, str]
    query: str
    parameters: Mapping[str, str]

    def answers(self, account: str) -> str:
        """What this account gets: a status, with `+` where something may be written."""
        *named, rest = self.sentence.split("; ")
        for part in named:
            accounts, _, status = part.partition(": ")
            if account in (one for word in accounts.split() for one in GROUPS.get(word, (word,))):
                return status
        return rest


def get(sentence: str, query: str = "", **parameters: str) -> Route:
    return Route("GET", sentence, {}, query, parameters)


def post(sentence: str, data: Mapping[str, str] | None = None, query: str = "", **parameters: str) -> Route:
    return Route("POST", sentence, data or {}, query, parameters)
