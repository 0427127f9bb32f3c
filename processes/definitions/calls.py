"""A diagram together with those that its call activities call: their elements, flows and forms are `<key>:<name>` in it.

Where a called diagram calls another one, that one's elements carry its key alone: within a diagram and all that it calls, a key stands
for one version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from processes.diagrams.elements import listed
from processes.errors import DiagramInvalid

if TYPE_CHECKING:
    from processes.definitions.definition import Definition
    from processes.diagrams.elements import Element

FORMS = ("formJsonSchemaFilename", "editForm")  # properties that name a form
ELEMENTS = ("fourEyesWith", "returnable")  # properties that name user tasks


def linked(definition: Definition, called: Mapping[str, Definition]) -> Definition:
    """The definition together with the diagrams that it calls.

    Raises:
        DiagramInvalid: a call that cannot run.
    """
    elements, flows, forms = dict(definition.elements), dict(definition.flows), dict(definition.forms)
    for key, other in called.items():
        faults = list(_call_problems(definition, other))
        if faults:
            raise DiagramInvalid(faults)
        callers = [e.id for e in definition.elements.values() if e.called == key]
        for element in other.elements.values():
            elements[_within(key, element.id)] = _renamed(element, key, callers[0])
        flows |= {_within(key, flow): (_within(key, source), _within(key, target)) for flow, (source, target) in other.flows.items()}
        forms |= {_within(key, name): form for name, form in other.forms.items()}
    return replace(definition, elements=elements, flows=flows, forms=forms, called=dict(called))


def _within(key: str, name: str) -> str:
    return name if ":" in name else f"{key}:{name}"


def _renamed(element: Element, key: str, caller: str) -> Element:
    files = {name: _within(key, element.properties[name]) for name in FORMS if name in element.properties}
    named = {name: text for name in ELEMENTS if (text := element.properties.get(name, "any")) != "any"}
    tasks = {name: ",".join(_within(key, id) for id in listed(text)) for name, text in named.items()}
    return replace(
        element,
        id=_within(key, element.id),
        properties={**element.properties, **files, **tasks},
        attached_to=_within(key, element.attached_to) if element.attached_to else None,
        inside=_within(key, element.inside) if element.inside else caller,
    )


def _call_problems(definition: Definition, other: Definition) -> Iterator[str]:
    where = f"被调用的流程“{other.name}”({other.key})"
    if definition.key == other.key or any(id.startswith(f"{definition.key}:") for id in other.elements):
        yield f"{where}又调用了本流程，会无休止地运行，请去掉其中一处调用"
    if definition.subject != other.subject:
        yield f"{where}的业务记录是“{other.subject}”，与本流程的“{definition.subject}”不同，请改为同一种业务记录，或不调用它"
    if any(element.triggered for element in other.elements.values()):
        yield f"{where}含有事件子流程，不能被调用，请把它改为边界事件"
    inner = {e.id for e in other.elements.values() if e.tag in ("subProcess", "callActivity")}
    for same in sorted(inner & {e.id for e in definition.elements.values() if e.tag == "subProcess"}):
        yield f"{where}与本流程都有 id 为“{same}”的子流程，请改其中一个"
