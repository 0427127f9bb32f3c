"""Lists of plain assignments, `name = expression`, one a line or parted by semicolons: what script tasks and payloads hold."""

from __future__ import annotations

import re

from processes.expressions import ExpressionError, compile_expression

MAX_ASSIGNMENTS = 50
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
        compile_expression(match[2])
        found.append((match[1], match[2]))
    if len(found) > MAX_ASSIGNMENTS:
        raise ExpressionError(f"赋值超过 {MAX_ASSIGNMENTS} 条")
    return found
