"""How many of those who are asked must agree (会签): the property `quorum` of a multi-instance activity.

`all` (the default): everybody answers, and all must agree. `any`: the first to agree is enough. `veto`: all must agree, and the
first who does not ends it. `2/3` and `60%`: that share of all who are asked; a number or an expression: that many, or, below 1,
that share. Except under `all` it ends as soon as the answers still to come cannot change the result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from processes.diagrams.expressions import ExpressionError, Value, compile_expression
from processes.errors import EngineFault

ALL = "all"
WORDS = {"all": "全部办理，且全部同意", "any": "一人同意即通过", "veto": "一人不同意即不通过"}
_SHARE = re.compile(r"(\d{1,6})\s*/\s*(\d{1,6})")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%")


@dataclass(frozen=True)
class Count:
    """How many a 会签 asks, how many of them have answered, and how many of those agreed."""

    total: int
    answered: int
    agreed: int

    @property
    def refused(self) -> int:
        """How many answered and did not agree."""
        return self.answered - self.agreed


def check_rule(rule: str) -> None:
    """Checks the text of a rule.

    Raises:
        ExpressionError: none of the words, no share, and no expression of the language.
    """
    share = _share(rule)
    if share is not None:
        if not 0 < share <= 1:
            raise ExpressionError(f"会签规则“{rule}”应大于 0 且不超过全部")
    elif rule not in WORDS:
        compile_expression(rule)


def is_expression(rule: str) -> bool:
    """Whether the rule is an expression, and none of the words and shares."""
    return rule not in WORDS and _share(rule) is None


def needed(rule: str, total: int, evaluate: Callable[[str], Value], name: str) -> int:
    """How many of `total` must agree; `evaluate` gives the value of an expression. `name` is the activity's, for the message.

    Raises:
        EngineFault: an expression gives no number above 0.
    """
    if rule in ("all", "veto"):
        return total
    if rule == "any":
        return min(1, total)
    share = _share(rule)
    if share is not None:
        return ceil(share * total)
    value = evaluate(rule)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise EngineFault(f"“{name}”的会签规则“{rule}”没有得出大于 0 的数，请联系流程设计人员")
    # more than are asked means all of them: nobody can be asked twice
    return min(total, ceil(Fraction(str(value)) * total) if value < 1 else ceil(value))


def decided(rule: str, count: Count, wanted: int) -> bool | None:
    """True: agreed; False: not agreed; None: still open. `wanted` is what `needed` gave when it began."""
    if rule == ALL and count.answered < count.total:
        return None
    if count.agreed >= wanted:
        return True
    return False if count.total - count.refused < wanted else None


def in_words(rule: str, wanted: int | None, unit: str) -> str:
    """The rule as people read it; `wanted` is None where a completion condition of the diagram decides. `unit` is what is counted."""
    if wanted is None:
        return "按流程图的完成条件"
    return WORDS.get(rule, f"至少 {wanted} {unit}同意")


def _share(rule: str) -> Fraction | None:
    if match := _SHARE.fullmatch(rule):
        return Fraction(int(match[1]), int(match[2])) if int(match[2]) else Fraction(0)
    if match := _PERCENT.fullmatch(rule):
        return Fraction(match[1]) / 100
    return None
