"""The expression language: what it has, and that nothing else gets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processes.diagrams.expressions import MAX_ITEMS, MAX_TEXT, ExpressionError, compile_expression, evaluate, limit_size, names_in

NOW = datetime(2026, 9, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("score >= 60 and not late", True),
        ("'通过' if score > 90 else '复审'", "复审"),
        ("role in ['省级', '省级初审']", True),
        ("role not in ('省级',)", False),
        ("missing is None", True),
        ("now + hours(36)", NOW + timedelta(hours=36)),
        ("now - days(1) < now", True),
        ("(now + days(2)) - now == days(2)", True),
        ("minutes(90) == hours(1.5)", True),
        ("max(len(role), abs(-5), min(9, 8))", 8),
        ("round(2.567, 1)", 2.6),
        ("1 < score < 100", True),
        ("'周报：' + role", "周报：省级"),
        ("True and None is None", True),
        ("分数 > 60", True),  # names may be Chinese
        ("'（全角）' + role", "（全角）省级"),  # full-width characters in a text stay as they are
    ],
)
def test_language(text: str, value: Any) -> None:
    names = {"score": 80, "late": False, "role": "省级", "missing": None, "now": NOW, "分数": 80}
    assert evaluate(text, names) == value


ESCAPES = [
    # attribute walks: classes, bases, subclasses, method objects
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__[1]",
    "[].__class__.__base__.__subclasses__()[104]",
    "(1).__class__",
    "1..__class__",
    "now.__class__.__init__.__globals__",
    "now.__reduce_ex__(2)",  # asteval: reduce gives getattr
    "now.__getattribute__('year')",
    "len.__self__",  # the builtins module
    "len.__self__.eval",
    "days.__globals__",
    "days.__code__",
    "days.__closure__",
    "days.__builtins__",
    "days.func_globals",  # simpleeval 0.9: func_ attributes
    "now.year",  # not even a harmless one
    "now.strftime('%s')",
    "title.upper()",
    "title.join(['a'])",
    "title.translate",
    # modules through what is at hand
    "__import__('os').system('id')",
    "__builtins__",
    "__loader__",
    "__spec__",
    "__name__",
    "__class__",
    "_",
    "_private",
    "os.system('id')",
    "sys.modules['os']",
    "operator.attrgetter('__class__')",  # simpleeval: escape via the operator module
    "functools.partial(len)",
    "subprocess.Popen('id')",
    "importlib.import_module('os')",
    "pickle.loads('x')",
    "ctypes.CDLL(None)",
    "codecs.decode('x')",
    # builtins
    "eval('1')",
    "exec('import os')",
    "compile('1', '', 'eval')",
    "open('/etc/passwd')",
    "input()",
    "help()",
    "dir()",
    "vars()",
    "locals()",
    "globals()",
    "breakpoint()",
    "type(now)",
    "type('X', (), {})",
    "getattr(now, 'strftime')",
    "setattr(now, 'x', 1)",
    "delattr(now, 'x')",
    "hasattr(now, 'x')",
    "object()",
    "super()",
    "iter([1])",
    "map(len, ['a'])",
    "str(now)",
    "bytes(1000000000)",
    "bytearray(1000000000)",
    "list('a')",
    "range(1000000000)",
    "sum([1])",
    "pow(9, 9)",
    "print(1)",
    "chr(95)",
    "format(1, '1000000000')",
    "repr(now)",
    "hash(now)",
    "id(now)",
    "memoryview('a')",
    "exit()",
    "quit()",
    "rand()",  # simpleeval's own default functions are not ours
    "randint(5)",
    "int('9')",
    "float('nan')",
    # format strings
    "'{0.__class__}'.format(now)",
    "'{0.__globals__[sys].modules[os].environ}'.format(days)",
    "'{x.__class__}'.format_map({'x': now})",
    "f'{now.__class__}'",
    "f'{now!r}'",
    "f'{1:>1000000000}'",
    "f''",
    "'%s' % now",
    "'%1000000000d' % 1",
    # generator, coroutine and traceback frames
    "(x for x in (1, 2))",
    "(x for x in (1,)).gi_frame.f_back.f_globals",
    "[g.gi_frame.f_back for g in [(g.gi_frame for _ in [1])]]",
    "now.ag_frame",
    "now.cr_frame",
    "now.tb_frame.f_back",
    "await now",
    "yield now",
    "(yield)",
    "(yield from now)",
    # templates: server-side template injection lists
    "{{ 7 * 7 }}",
    "{{ config }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "lipsum.__globals__['os']",
    "request.application.__globals__",
    "request|attr('application')",
    "${7*7}",
    "${T(java.lang.Runtime).getRuntime().exec('id')}",
    "#{7*7}",
    "<%= 7 * 7 %>",
    "$(id)",
    "`id`",
    # displays, subscripts, comprehensions, scopes
    "now[0]",
    "title[0]",
    "[1, 2][0:1]",
    "[1, 2][-1]",
    "{1: 2}",
    "{1, 2}",
    "{}",
    "{**names}",
    "[x for x in (1, 2)]",
    "{x for x in (1, 2)}",
    "{x: x for x in (1, 2)}",
    "[[] for a in [1] for b in [2]]",
    "(lambda: 1)()",
    "lambda: 1",
    "(lambda f: f(f))(lambda f: f(f))",
    "(x := 5)",
    "[now := 1]",
    "x = 5",
    "x += 5",
    "days = 5",
    "x: int = 5",
    "del now",
    "import os",
    "from os import system",
    "def f(): pass",
    "class A: pass",
    "@len\ndef f(): pass",
    "while True: pass",
    "for x in []: pass",
    "with now: pass",
    "raise now",
    "assert now",
    "global now",
    "pass",
    "1; 2",
    "1\n2",
    "match now: pass",
    # calls
    "max(*[1, 2])",
    "[*title]",
    "(*title,)",
    "max(1, 2, key=len)",
    "max(title, default=1)",
    "max(**names)",
    "len(len)(1)",
    "(len)(now)(1)",
    "(len if True else abs)(now)",
    "[len][0](now)",
    "now()",
    "'a'()",
    # growth: powers, shifts, repeats, other operators
    "9 ** 9 ** 9",
    "2 ** 3",
    "1 << 10000000",
    "1 >> 1",
    "7 // 2",
    "7 % 2",
    "7 & 2",
    "7 | 2",
    "7 ^ 2",
    "~7",
    "a @ b",
    # values of other kinds
    "b'bytes'",
    "b'a' * 1000000000",
    "1j",
    "...",
    "10000000000000",
    "9" * 900,
    "9" * 5000,
    "1e999",
    "-1e999",
    "0x" + "f" * 500,
    # nothing, and what is no expression
    "",
    "   ",
    "1 +",
    "(",
    "'",
    "# 注释",
    "'''",
    "1 if",
    "，",
    # unseen characters, escapes, normalisation
    "\x00",
    "1\x00",
    "'a\x00b'",
    "'\\x5f\\x5fclass\\x5f\\x5f'",  # an escape hides what is written
    "'\\N{LOW LINE}'",
    "'\\ud800'",  # a surrogate cannot be stored
    "'\ud800'",
    "'\u202egnp.exe'",  # text that reads backwards
    "tit\u200ble",
    "'\ufeff'",
    "ｅｖａｌ('1')",  # PEP 3131: Python normalises names
    "𝓮𝓿𝓪𝓵('1')",
    "ｌｅｎ(title)",  # not even one that is allowed
    "ﬁle",
    "_＿class__",
    "ªbs(1)",
    # depth and length
    "(" * 200 + ")" * 200,
    "[" * 31 + "]" * 31,
    "-" * 500 + "1",
    "+-" * 100 + "1",
    "not " * 200 + "1",
    "+".join("1" * 400),
    "1 if 1 else " * 80 + "1",
    " and ".join(["(1"] * 40) + ")" * 40,
    "len(" * 40 + "'a'" + ")" * 40,
    "'" + "a" * 1000 + "'",
    "a" * 1001,
    "1" + " " * 1_000_000 + "+ 1",
    "lambda:" * 120 + "1",
]


@pytest.mark.parametrize("text", ESCAPES, ids=range(len(ESCAPES)))
def test_escapes_are_refused_at_check_and_at_run_time(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"[\u4e00-\u9fff]"):
        compile_expression(text)
    with pytest.raises(ExpressionError, match=r"[\u4e00-\u9fff]"):
        evaluate(text, {"now": NOW, "title": "周报", "names": {}, "a": 1, "b": 2})


BIG = 10**15
LONG = "长" * 60_000


@pytest.mark.parametrize(
    "text",
    [
        "'a' * 1000000000",
        "1000000000 * 'a'",
        "[1] * 1000000000",
        "(1,) * 1000000000",
        "many * 2",
        "days('1')",
        "days(None)",
        "hours(10000000)",  # a time span beyond what a calendar holds
        "days(1000000) * 1000000000000",
        "now + days(1000000) + days(1000000) + days(1000000)",
        "round(1, -1000000000000)",  # would compute ten to that power
        "round(1, '1')",
        "1 / 0",
        "1 / (1 - 1)",
        "'1' + 1",
        "now < 1",
        "now < '2026-01-01'",
        "len(5)",
        "len(1, 2)",
        "max()",
        "max([])",
        "min('a', 1)",
        "-title",
        "abs(title)",
        "title in 5",
        "title not in now",
        "unknown",
        "print",  # a builtin is no name of the language
        "len",  # a function is no value
        "[len]",
        "big * big",  # numbers stay below 2**53
        "big + big",
        "0 - big - big",
        "big / 0.0001",
        "1000000000000 * 1000000000000 * 1000000000000",
        "text + text",  # texts and lists stay within limits
        "many + many",
        "[many, many]",  # the same list twice is counted twice: nesting in a loop would double it each time
        "[[many], [many]]",
        "deep == other_deep",  # comparing what is nested too deeply
    ],
)
def test_what_fails_when_run(text: str) -> None:
    names = {"now": NOW, "title": "周报", "big": BIG, "text": LONG, "many": [0] * 15_000, "deep": _nested(), "other_deep": _nested()}
    with pytest.raises(ExpressionError, match=r"[\u4e00-\u9fff]"):
        evaluate(text, names)


def _nested() -> list[Any]:
    found: list[Any] = []
    for _ in range(100_000):
        found = [found]
    return found


@pytest.mark.parametrize(
    "text",
    [
        "'x' in many",  # a search through a long list or text is linear
        "'x' in text",
        "1 < 2 < 3 < 4 < 5 < 6 < 7 < 8 < 9",
        "'{{ 7 * 7 }}' == '__import__'",  # inside a text everything is text
        "'${7*7}' != '#{1}'",
    ],
)
def test_what_looks_hostile_and_is_harmless(text: str) -> None:
    assert evaluate(text, {"many": [0] * 15_000, "text": LONG}) in (True, False)


@pytest.mark.parametrize(
    "value",
    [
        BIG + 1,
        -BIG - 1,
        float("inf"),
        float("nan"),
        "a" * (MAX_TEXT + 1),
        ["a" * 60_000] * 2,
        [0] * (MAX_ITEMS + 1),
        {"k": [[0] * 15_000] * 2},
    ],
)
def test_limits_of_a_value(value: Any) -> None:
    with pytest.raises(ExpressionError):
        limit_size(value)


@pytest.mark.parametrize("value", [BIG, "a" * MAX_TEXT, [0] * MAX_ITEMS, {"k": [1, "a", None, NOW]}, None, True])
def test_values_within_the_limits(value: Any) -> None:
    limit_size(value)


def test_a_hint_for_full_width_punctuation() -> None:
    with pytest.raises(ExpressionError, match="半角"):
        compile_expression("review_outcome ＝＝ ‘通过’")


def test_names_in() -> None:
    assert names_in("a if review_outcome == '通过' else max(b, hours(1))") == {"a", "b", "review_outcome"}
