"""Made-up numbers with right check digits."""

from __future__ import annotations

from domain.ground.id_numbers import id_number_problem
from domain.ground.identity import credit_code_problem

_CHARACTERS = str.maketrans("0123456789", "〇一二三四五六七八九")
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714


def organization_code(number: int) -> str:
    """A unit's nine characters: eight digits and the check character of GB 11714."""
    body = f"{number:08}"
    check = 11 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11
    return body + {10: "X", 11: "0"}.get(check, str(check))


def credit_code(division: str, code: str) -> str:
    """A unified social credit code (GB 32100) of the unit with the nine characters `code`, registered in an administrative division."""
    body = f"91{division}{code}"
    return next(body + digit for digit in "0123456789ABCDEFGHJKLMNPQRTUWXY" if credit_code_problem(body + digit) is None)


def mobile(number: int) -> str:
    """A mobile number of the made-up range 139 0000 xxxx."""
    return f"1390000{number % 10_000:04}"


def id_number(body: str) -> str:
    """A resident's id number (GB 11643) that begins with these 17 digits."""
    return next(body + digit for digit in "0123456789X" if id_number_problem(body + digit) is None)


def in_characters(number: int, length: int = 1) -> str:
    """A number as Chinese characters, for made-up names: 〇〇一二."""
    return f"{number:0{length}}".translate(_CHARACTERS)
