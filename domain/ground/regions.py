"""The regions of id numbers: the codes of GB/T 2260, those of the past among them – a number stays as it was given.

python-stdnum knows nearly all of them, and new ones come with it. It lacks what is listed here: above all the cities that provinces
governed themselves from 1989 to 1995, of which people in their thirties have numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from stdnum import numdb

# single codes, and runs of them: 139002-20 is 139002 to 139020
BESIDE = """
139002-20 140503 149002-03 211405 219008-16 229006-12 239007-11 329012-28 330113-14 332532-33 332581-82 332629 332702-04 339011-21
341123 349001-02 359003-11 369001-02 370903 379013-29 419007-18 420522 420524 420611 421084-86 429007-17 430627 439006-11 449002-31
450306 460321-23 469034-39 517000-03 517021-23 517081 519005-13 530201 619001-03 620201 620925 632857 830000
"""


@lru_cache(maxsize=10_000)  # an import asks for the same few regions again and again
def is_region(code: str) -> bool:
    """Whether six digits are, or once were, the code of a province, a city or a county."""
    found = numdb.get("cn/loc").info(code)
    return "county" in found[-1][1] or code in _beside()


@cache
def _beside() -> frozenset[str]:
    return frozenset(_codes())


def _codes() -> Iterator[str]:
    for run in BESIDE.split():
        first, _, last = run.partition("-")
        yield from (f"{first[:4]}{number:02}" for number in range(int(first[4:]), int(last or first[4:]) + 1))
