"""Several business errors in one step: the first that is caught decides, and what it cancels neither runs nor fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from domain.ground.handling import BusinessError, Inline
from processes.errors import Refused
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, gateway, start, subprocess, user
from tests.processes.bpmn.votes import many, with_loop

ERROR = '<errorEventDefinition errorRef="e_one"/>'


@pytest.fixture
def ran(play: Play) -> Iterator[list[str]]:
    """What the handler `test.each` was called with; it refuses what is named in 坏."""
    called: list[str] = []

    def handler(session: Any, subject: Any, params: dict[str, Any], actor: Any) -> dict[str, Any]:
        called.append(params["what"])
        if params["what"].startswith("坏"):
            raise BusinessError("one", f"{params['what']}不行")
        return {}

    engine = play.world.runtime.engine
    play.world.runtime = replace(play.world.runtime, engine=replace(engine, handlers={**engine.handlers, "test.each": Inline(handler)}))
    yield called
    play.world.runtime = replace(play.world.runtime, engine=engine)


def service(id: str, what: str, loop: str = "") -> str:
    operator = f'<s:serviceTaskOperator id="test.each"><s:parameters><s:parameter id="what" value="{what}"/></s:parameters>'
    extensions = f"<extensionElements>{operator}</s:serviceTaskOperator></extensionElements>"
    return f'<serviceTask id="{id}" name="办{id}">{extensions}{loop}</serviceTask>'


def each(items: str, sequential: bool = False) -> str:
    return many(items, item="what", sequential=sequential)


@pytest.mark.parametrize(
    ("items", "called"),
    [("['甲','坏乙','坏丙']", ["甲", "坏乙"]), ("['坏甲','坏乙','丙']", ["坏甲"]), ("['甲','乙','坏丙']", ["甲", "乙", "坏丙"])],
)
@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("inside", [True, False])
def test_of_many(play: Play, ran: list[str], items: str, called: list[str], sequential: bool, inside: bool) -> None:
    loop = each(items, sequential)
    activity = with_loop(subprocess("sub", start("s") + service("t", "what") + end("e") + flows("s>t t>e")), loop)
    activity = activity if inside else service("sub", "what", loop)
    body = start() + user("a") + activity + boundary("caught", "sub", ERROR) + user("c") + user("d") + end() + end("e2")
    play.deploy(diagram(body + flows("start>a a>sub sub>c c>end caught>d d>e2")))
    play.begin()
    play.complete("a")
    assert (play.tasks(), play.row.incident, ran) == (["d"], None, called)
    play.complete("d")
    assert play.ended


def parallel(first: str, second: str, events: str = "", lines: str = "") -> bytes:
    """A subprocess with two services side by side, and an error event on it."""
    inner = start("s") + gateway("parallel", "f") + service("one", first) + service("two", second) + end("e") + end("e3")
    sub = subprocess("sub", inner + events + flows(f"s>f f>one f>two one>e two>e3{lines}"))
    body = start() + user("a") + sub + boundary("caught", "sub", ERROR) + user("c") + user("d") + end() + end("e2")
    return diagram(body + flows("start>a a>sub sub>c c>end caught>d d>e2"))


def test_side_by_side(play: Play, ran: list[str]) -> None:
    play.deploy(parallel("'坏甲'", "'坏乙'"))
    play.begin()
    play.complete("a")
    assert (play.tasks(), ran) == (["d"], ["坏甲"])
    assert ("error", "边caught") in play.history()


def test_each_of_two_that_are_caught_on_their_own(play: Play, ran: list[str]) -> None:
    events = boundary("b1", "one", ERROR) + boundary("b2", "two", ERROR) + user("u1") + user("u2") + end("x1") + end("x2")
    play.deploy(parallel("'坏甲'", "'坏乙'", events, " b1>u1 b2>u2 u1>x1 u2>x2"))
    play.begin()
    play.complete("a")
    assert (play.tasks(), ran) == (["u1", "u2"], ["坏甲", "坏乙"])


def test_the_first_is_told_where_nothing_catches_it(play: Play, ran: list[str]) -> None:
    body = start() + user("a") + gateway("parallel", "f") + service("one", "'坏甲'") + service("two", "'坏乙'") + end() + end("e2")
    play.deploy(diagram(body + flows("start>a a>f f>one f>two one>end two>e2")))
    play.begin()
    with pytest.raises(Refused, match="坏甲不行"):
        play.complete("a")
    assert (play.tasks(), ran) == (["a"], ["坏甲"])


def test_what_an_error_end_has_cancelled_does_not_run(play: Play, ran: list[str]) -> None:
    inner = start("s") + gateway("parallel", "f") + end("bad", ERROR) + service("two", "'乙'") + end("e") + flows("s>f f>bad f>two two>e")
    body = start() + user("a") + subprocess("sub", inner) + boundary("caught", "sub", ERROR) + user("c") + user("d") + end() + end("e2")
    play.deploy(diagram(body + flows("start>a a>sub sub>c c>end caught>d d>e2")))
    play.begin()
    play.complete("a")
    assert (play.tasks(), ran) == (["d"], [])
