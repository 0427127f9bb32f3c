"""Every expression of a diagram: inside the language, reading names that can exist, and giving a time where a time is needed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from domain.ground.handling import Handler
from domain.ground.subjects import Subject
from processes.checks.kinds import EXAMPLES, MOMENT, add_examples, foreign_time, wrong_kind
from processes.checks.operands import Kinds, assigned_kinds, example_of, given_kinds, kinds_of, misfits
from processes.checks.texts import Found, Texts, asked_tables
from processes.checks.values import OUTCOME, Choice, assigned, calls_another, opened
from processes.checks.wording import say, say_process
from processes.diagrams.decisions import INPUT, doubts, foreign, read_table
from processes.diagrams.diagram import Diagram
from processes.diagrams.elements import Element, listed
from processes.diagrams.expressions import WORDS, ExpressionError, Value, beside, names_in
from processes.diagrams.quoting import quoted, short
from processes.errors import DiagramInvalid
from processes.spiff.instances import COUNTED, NUMBERS

_OFFERED = 60  # names in a message about one that does not exist
_RESULT = re.compile(rf"([^\W\d][\w.\-]*?)_(?:outcome|by|{'|'.join(NUMBERS)})\b")
_FOREIGN = re.compile(r"[$#]\{|^\s*=")  # Camunda, Flowable, Activiti; FEEL of Camunda 8


@dataclass(frozen=True)
class _Names:
    """What is known of the names that expressions may read."""

    known: Mapping[str, Value] | None
    """Every name that can exist, with an example of its value; None where that cannot be told."""
    kinds: Mapping[str, Kinds]
    choices: Collection[str]
    usable: str | None
    """The names that a message offers; None where others may exist."""

    def kinds_in(self, found: Found) -> Mapping[str, Kinds]:
        """The types of the names that one expression reads."""
        own: dict[str, Kinds] = {name: kinds_of(1) if name in COUNTED else None for name in found.reads}
        if found.input is not None:
            own[INPUT] = given_kinds(found.input, self.kinds)
        return {name: own[name] if name in own else self.kinds.get(name) for name in names_in(found.text)}

    def chosen_in(self, found: Found) -> set[str]:
        """The names in it whose comparisons another check looks at."""
        return {name for name in names_in(found.text) if (found.input if name == INPUT else name) in self.choices}


def check(
    diagram: Diagram,
    texts: Texts,
    handlers: Mapping[str, Handler],
    subjects: Mapping[str, type[Subject]],
    decisions: Mapping[str, str],
    choices: Mapping[str, Choice],
) -> Iterator[str]:
    """All problems of expressions; `decisions` holds DMN files by decision id, `choices` the names of which all values are known."""
    subject = subjects.get(diagram.properties.get("subject", ""))
    facts = getattr(subject, "FACTS", None)
    expressions = [*texts.expressions, *texts.cells]
    written = {found.name for found in expressions if found.name} | {name for table in texts.tables.values() for name in table.outputs}
    written |= {name for element in diagram.elements.values() for name in listed(element.properties.get("messageGives", ""))}
    known = _known(diagram, facts, {*written, *opened(diagram, handlers)})
    kinds = _kinds(diagram, texts, handlers, known)
    if known is not None:
        add_examples(known, expressions)
        known |= {name: example_of(kinds.get(name)) for name, value in known.items() if value is None}
    usable = None if known is None else _usable(known)
    names = _Names(known, kinds, choices, usable)
    yield from _rules(diagram, decisions)
    for name in sorted(written & (facts or {}).keys()):
        yield say_process(diagram, f"“{name}”是业务记录的内容，脚本、消息和决策表不能改写，请用别的名称")
    unreadable = list(_unreadable(diagram))
    yield from _results(unreadable, expressions)
    ids = {element.id for element, _ in unreadable}
    for found in expressions:
        if not ids & _asked(found.text):
            yield from _problems(diagram, found, names)


def _problems(diagram: Diagram, found: Found, names: _Names) -> Iterator[str]:
    here = f"{found.where}{found.what}"
    if (why := found.fault or foreign_time(found)) is not None:
        yield f"{here}不能使用：{short(why, 300)}"
        return
    try:
        read = names_in(found.text) - found.reads
    except ExpressionError as error:
        yield f"{here}不能使用：{_hint(found) or short(str(error), 300)}"
        return
    faults = [f"{here}中的{quoted(name)}{why}" for name in sorted(read) if (why := _unknown(diagram, name, names))]
    if (why := beside(found.text)) is not None:
        faults.append(f"{here}中{why}")
    faults = faults or [f"{here}{why}" for why in misfits(found.text, names.kinds_in(found), names.chosen_in(found))]
    yield from faults
    if faults:
        return
    examples = {name: 1 if name in COUNTED else (names.known or {}).get(name) for name in read | found.reads}
    if (wrong := wrong_kind(found, examples)) is not None:
        yield f"{here}{wrong}"


def _unreadable(diagram: Diagram) -> Iterator[tuple[Element, str]]:
    """The elements whose results have names that are none, such as `sid-1A2B_outcome`, each with an id that would do."""
    for element in diagram.elements.values():
        if element.tag != "userTask" and not element.multiple:
            continue
        name = f"{element.id}_outcome"
        with suppress(ExpressionError):
            if names_in(name) == {name}:
                continue
        renamed = re.sub(r"\W", "_", unicodedata.normalize("NFKC", element.id)).strip("_").lstrip("0123456789_")
        yield element, renamed or "task_1"


def _asked(text: str) -> set[str]:
    """The ids whose results a text asks for, as it is written: `sid-1A2B` of `sid-1A2B_outcome`."""
    return set(_RESULT.findall(text))


def _results(unreadable: Iterable[tuple[Element, str]], expressions: Iterable[Found]) -> Iterator[str]:
    """The tasks of unreadable ids whose results matter: there is a choice, or an expression asks for them."""
    asked = {id for found in expressions for id in _asked(found.text)} if unreadable else set[str]()
    for element, renamed in unreadable:
        if element.multiple or len(element.outcomes) > 1 or element.id in asked:
            name = f"{short(element.id)}_outcome"
            yield say(element, f"表达式不能读取它的结果，因为“{name}”不是名称；请把 id 改为只有字母、数字和下划线，例如 {renamed}")


def _rules(diagram: Diagram, decisions: Mapping[str, str]) -> Iterator[str]:
    """Business rule tasks whose table is missing or cannot run."""
    for element, id in asked_tables(diagram):
        if id not in decisions:
            yield say(element, f"找不到决策表{quoted(id)}，请把它的 .dmn 文件放在流程图旁边")
            continue
        try:
            yield from (say(element, line) for line in (*foreign(decisions[id]), *doubts(read_table(decisions[id]))))
        except DiagramInvalid as error:
            yield from (say(element, line) for line in error.problems)


def _hint(found: Found) -> str | None:
    """What to write instead of what other engines take."""
    if _FOREIGN.search(found.text):
        return f"{quoted(found.text)}是其他平台的写法，请不用 ${{ }} 和开头的等号，用名称、and、or、not 和比较运算书写"
    return None


def _known(diagram: Diagram, facts: Mapping[str, type] | None, written: Iterable[str]) -> dict[str, Value] | None:
    """Every name that can exist, with an example of its value; None where that cannot be told."""
    if facts is None or calls_another(diagram):
        return None  # what these give is not written in this file
    names: dict[str, Value] = {name: EXAMPLES.get(kind) for name, kind in facts.items()}
    names |= {"now": MOMENT, "title": "x", **dict.fromkeys(written)}
    for element in diagram.elements.values():
        if element.tag == "userTask":
            names[f"{element.id}_outcome"], names[f"{element.id}_by"] = "x", 1
        if element.multiple:
            names |= {f"{element.id}_{name}": 1 for name in NUMBERS}
            names[f"{element.id}_by"] = [1]
        if element.event == "error" and element.tag in ("boundaryEvent", "startEvent"):
            names |= {"error_code": "x", "error_message": "x"}
    return names


def _kinds(diagram: Diagram, texts: Texts, handlers: Mapping[str, Handler], known: Mapping[str, Value] | None) -> dict[str, Kinds]:
    """The types of all names of which anything can be told. A called diagram may give any name but those of the record and of tasks."""
    fixed: dict[str, Kinds] = {name: kinds_of(value) for name, value in (known or {}).items()}
    fixed |= {"now": kinds_of(MOMENT), "title": kinds_of("x")}
    fixed |= {f"{element.id}{OUTCOME}": kinds_of("x") for element in diagram.elements.values() if element.tag == "userTask"}
    if calls_another(diagram):
        return fixed
    free = opened(diagram, handlers)
    inferred = {name: given for name, given in assigned(texts).items() if name not in free and fixed.get(name) is None}
    return {**fixed, **assigned_kinds(inferred, {name: kinds for name, kinds in fixed.items() if name not in inferred})}


def _usable(known: Mapping[str, Value]) -> str:
    """The names that a message offers instead of an unknown one: the first of them, for a diagram may give thousands."""
    own = [short(name) for name in islice((n for n in known if not n.endswith(("_outcome", "_by"))), _OFFERED + 1)]
    return "、".join(own[:_OFFERED]) + ("等" if len(own) > _OFFERED else "")


def _unknown(diagram: Diagram, name: str, names: _Names) -> str | None:
    known = names.known
    if name not in (known or {}) and (ours := WORDS.get(name.lower())) is not None:
        return f"请写成 {ours}"
    if calls_another(diagram):
        return None  # a called diagram gives names that are not written here
    for ending in ("_outcome", "_by"):
        if name.endswith(ending) and (known is None or name not in known):
            task = diagram.elements.get(name.removesuffix(ending))
            if (task is None or task.tag != "userTask") and (known is not None or ending == "_outcome"):
                return "没有对应的用户任务，请核对任务的 id"
    if known is not None and name not in known:
        return f"不是已有的名称，可用：{names.usable}，以及“任务 id”加 _outcome（结果）"
    return None
