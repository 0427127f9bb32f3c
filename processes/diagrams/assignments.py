"""Lists of plain assignments, `name = expression`, one a line or parted by semicolons: what script tasks and payloads hold."""

from __future__ import annotations

import keyword
import re

from processes.diagrams.expressions import FUNCTIONS, ExpressionError, compile_expression

MAX_ASSIGNMENTS = 50
MAX_NAME = 60
_NAME = re.compile(r"[A-Za-z]\w*")
_RESERVED = frozenset({"now", "title", "input_value", "error_code", "error_message", *FUNCTIONS})
_BOOKS = ("_outcome", "_by")  # who decided what: the engine alone writes it
_ASSIGNMENT = re.compile(r"([^\W\d]\w*)\s*=(?!=)\s*(.+)", re.DOTALL)


def read_assignments(text: str) -> list[tuple[str, str]]:
    """The (name, expression) pairs of a list; an expression is checked, not evaluated.

    Raises:
        ExpressionError: something other than plain assignments, or an expression outside the language.
    """
    found: list[tuple[str, str]] = []
    for line in re.split(r"[\n;]", text):
        if not line.strip():
            continue
        match = _ASSIGNMENT.fullmatch(line.strip())
        if match is None:
            raise ExpressionError(f"“{line.strip()}”不是“名称 = 表达式”形式的赋值")
        why = unfit_name(match[1])
        if why is not None:
            raise ExpressionError(f"名称“{match[1]}”{why}")
        compile_expression(match[2])
        found.append((match[1], match[2]))
    if len(found) > MAX_ASSIGNMENTS:
        raise ExpressionError(f"赋值超过 {MAX_ASSIGNMENTS} 条")
    return found


def unfit_name(name: str) -> str | None:
    """Why a diagram may not give a value to this name; None where it may."""
    if not _NAME.fullmatch(name) or not name.isascii() or keyword.iskeyword(name) or len(name) > MAX_NAME:
        return f"应由英文字母、数字和下划线组成，以字母开头，不超过 {MAX_NAME} 个字符"
    if name in _RESERVED or name.endswith(_BOOKS):
        return "由平台给出，不能改写，请用别的名称"
    return None
