"""Two versions of a tiny diagram, and an instance that goes from one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from processes.definitions import definition
from processes.deployment import deploying
from processes.monitor import migrating
from tests.processes.tiny import Play, diagram, flows, node, service, user

LANES = {"试点院校": "start fill stop late other", "省级": "review second left right sub", "系统": "ask"}
LENGTH = "<bpmn:timerEventDefinition><bpmn:timeDuration>days({})</bpmn:timeDuration></bpmn:timerEventDefinition>"
END = node("endEvent", "end", status="完成")


def drawn(*parts: str, outside: str = "") -> bytes:
    return diagram(node("startEvent", "start") + "".join(parts) + END, LANES, outside)


def line(*tasks: str, ways: tuple[str, ...] = (), extra: str = "", outside: str = "", **properties: Any) -> bytes:
    """start → tasks in a row → end; `properties` are task → its properties."""
    names = ["start", *tasks, "end"]
    pairs = [f"{a} {b}" for a, b in pairwise(names)]
    return drawn(*(user(task, **properties.get(task, {})) for task in tasks), extra, flows(*pairs, *ways), outside=outside)


@dataclass
class Versions:
    """A play on the first version, and what a supervisor does with the second."""

    play: Play
    second: definition.Definition

    def plan(self, mapping: dict[str, str] | None = None) -> migrating.Plan:
        with self.play.runtime.database.reading() as session:
            return migrating.preview(session, self.play.row, self.second.id, mapping)

    def migrate(self, mapping: dict[str, str] | None = None, **more: Any) -> list[str]:
        with self.play.runtime.database.writing() as session:
            actor = self.play.world.actor("supervisor")
            jobs = migrating.migrate(self.play.engine, session, actor, self.play.instance, self.second.id, "新规定", mapping, **more)
        assert self.play.faults() == []
        return jobs

    def undo(self) -> list[str]:
        jobs = list(self.play.call(migrating.undo, self.play.instance, "弄错了", account="supervisor"))
        assert self.play.faults() == []
        return jobs


def versions(play: Play, second: bytes) -> Versions:
    with play.runtime.database.writing() as session:
        return Versions(play, deploying.deploy(session, play.engine, second, {}, "测试"))


def parallel(*left: str) -> bytes:
    names = ["split", *left, "join"]
    ways = [f"{a} {b}" for a, b in pairwise(names)]
    gates = node("parallelGateway", "split") + node("parallelGateway", "join")
    tasks = user("fill") + "".join(user(one) for one in (*left, "right"))
    return drawn(gates, tasks, flows("start fill", "fill split", *ways, "split right", "right join", "join end"))


def inside(*tasks: str, more: tuple[str, ...] = ()) -> bytes:
    names = ["s", *tasks, "e"]
    ways = [f"{a} {b}" for a, b in pairwise(names)]
    sub = node("startEvent", "s") + "".join(user(t) for t in tasks) + node("endEvent", "e") + flows(*ways)
    names = ["start", "sub", *more, "end"]
    return drawn(node("subProcess", "sub", sub), *(user(t) for t in more), flows(*(f"{a} {b}" for a, b in pairwise(names))))


def asking(*tasks: str) -> bytes:
    names = ["start", "fill", "ask", *tasks, "end"]
    ways = [f"{a} {b}" for a, b in pairwise(names)]
    return drawn(user("fill"), service("ask", "test.ask"), *(user(t) for t in tasks), flows(*ways))
