"""In which order diagrams are deployed, and two who deploy at the same moment."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

from forms import read_forms
from jobs.runtime import deploy_all
from processes.definitions import store
from processes.deployment import deploying
from processes.deployment.deploying import callees_first
from tests.conftest import World
from tests.processes.bpmn.play import diagram, end, flows, start, user

LINE = user("a") + end() + flows("start>a a>end")


def calling(key: str, *others: str) -> bytes:
    calls = "".join(f'<callActivity id="c{n}" name="调{n}" calledElement="{other}"/>' for n, other in enumerate(others))
    ends = ["start", *(f"c{n}" for n in range(len(others))), "a", "end"]
    return diagram(start() + calls + user("a") + end() + flows(" ".join(f"{s}>{t}" for s, t in pairwise(ends))), key=key)


def test_what_is_called_comes_first(lite: World, tmp_path: Path) -> None:
    for key, others in (("a_top", ("m_middle", "z_low")), ("m_middle", ("z_low",)), ("z_low", ()), ("b_alone", ())):
        (tmp_path / f"{key}.bpmn").write_bytes(calling(key, *others))
    order = callees_first({path.stem: path.read_bytes() for path in sorted(tmp_path.glob("*.bpmn"))})
    assert sorted(order) == ["a_top", "b_alone", "m_middle", "z_low"]
    assert order.index("z_low") < order.index("m_middle") < order.index("a_top")


def test_the_products_diagrams_may_call_each_other_whatever_their_names(lite: World, tmp_path: Path) -> None:
    (tmp_path / "a_top.bpmn").write_bytes(calling("a_top", "z_low"))
    (tmp_path / "z_low.bpmn").write_bytes(calling("z_low"))
    assert [found.key for found in deploy_all(lite.runtime, tmp_path)] == ["z_low", "a_top"]


def test_a_circle_and_what_is_no_diagram_keep_their_order() -> None:
    assert callees_first({"b": calling("b", "a"), "a": calling("a", "b")}) == ["b", "a"]
    assert sorted(callees_first({"b": b"<no", "a": calling("a", "b")})) == ["a", "b"]


def test_two_who_deploy_at_the_same_moment_make_two_versions(world: World) -> None:
    barrier, found = threading.Barrier(2), []

    def deploy(status: str) -> None:
        barrier.wait()
        with world.runtime.database.writing() as session:
            xml = diagram(start() + user("a", status=status) + end() + flows("start>a a>end"), key="same")
            found.append(deploying.deploy(session, world.runtime.engine, xml, read_forms(), status).version)

    workers = [threading.Thread(target=deploy, args=(status,)) for status in ("甲", "乙")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(found) == [1, 2]


def test_a_deployment_that_was_rolled_back_is_forgotten(world: World) -> None:
    """SQLite gives its id to the next one: what was read under it must not be."""
    drawn = [diagram(start() + user("a", status=status) + end() + flows("start>a a>end")) for status in ("甲", "乙")]
    with world.runtime.database.writes() as session:
        assert "甲" in deploying.deploy(session, world.runtime.engine, drawn[0], read_forms(), "郑工").xml
        session.rollback()
    with world.runtime.database.writing() as session:
        found = deploying.deploy(session, world.runtime.engine, drawn[1], read_forms(), "郑工")
        assert "乙" in found.xml
    with world.runtime.database.reading() as session:
        assert "乙" in store.load(session, found.id).xml
