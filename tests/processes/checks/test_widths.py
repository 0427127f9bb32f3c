"""Every text that the checks let through fits the column that keeps it, on both databases: derived from the tables, then played."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sqlalchemy import String, Table, select, update

from domain.ground.parties import ROLES
from domain.ground.subject_record import SubjectRecord
from domain.ground.tones import Tone
from domain.subjects import SUBJECTS
from handlers import HANDLERS
from processes import states, tables
from processes.checks import conventions, messages, structure
from processes.definitions import store
from processes.diagrams import expressions
from processes.errors import DiagramInvalid
from processes.monitor import migrating
from processes.notices.comments import comment
from processes.outside import answers
from processes.states import OPINIONS
from processes.tasks import assigning, claiming, opinions, returning, urging, withdrawing
from tests.processes.bpmn.play import Play, catch, diagram, end, flows, properties, start, throw, timer, user
from tests.processes.bpmn.test_messages import begun, carries, deliver
from tests.processes.bpmn.votes import call, many

ELEMENT = structure.MAX_KEY + 1 + structure.MAX_ID
"""Longest id of an element: of a called diagram it is `<key>:<id>`."""
CUT = 0
"""Shortened to the column's length where it is written."""
DIAGRAM: dict[str, int] = {  # columns that hold a diagram's texts → the longest that the checks let through
    "process_definition.key": structure.MAX_KEY,
    "process_definition.name": structure.MAX_NAME,
    "process_definition.starts_by": messages.MAX_NAME,
    "process_instance.key": structure.MAX_KEY,
    "process_instance.status": conventions.MAX_STATUS,
    "process_instance.tone": max(map(len, Tone)),
    "process_instance.position": ELEMENT,
    "process_instance.title": CUT,
    "process_task.element": ELEMENT,
    "process_task.name": structure.MAX_NAME,
    "process_task.role": conventions.MAX_ROLE,
    "process_task.outcome": conventions.MAX_OUTCOME,
    "process_vote.element": ELEMENT,
    "process_vote.name": structure.MAX_NAME,
    "process_vote.rule": expressions.MAX_LENGTH,
    "process_vote.outcome": conventions.MAX_OUTCOME,
    "process_event.element": ELEMENT,
    "process_event.name": CUT,
    "process_message.name": messages.MAX_NAME,
    "process_message.element": ELEMENT,
    "process_message.target": ELEMENT,
    "process_subscription.element": ELEMENT,
    "process_subscription.name": messages.MAX_NAME,
    "process_job.element": ELEMENT,
    "process_job.handler": max(map(len, HANDLERS)),
    "process_draft.form_key": len("designer/") + structure.MAX_KEY,
    "process_substitute.key": structure.MAX_KEY,
    "process_migration.position": ELEMENT,
    "process_notice.text": CUT,
}
OURS = {  # columns that hold other texts: words of the product, hashes, ids, what people type and the pages limit
    *("process_definition.digest", "process_definition.deployed_by", "process_definition.note", "process_instance.chain"),
    *("process_task.id", "process_task.state", "process_task.kind", "process_task.parent_id", "process_task.vote_id"),
    *("process_vote.id", "process_vote.state", "process_event.kind", "process_event.actor", "process_event.hash", "process_event.record"),
    *("process_message.state", "process_subscription.key", "process_job.id", "process_job.state", "process_copy.note"),
    *("process_saved_filter.name", "process_saved_filter.query", "process_notice.kind", "process_notice.task_id"),
    *("process_notice_choice.kind", "process_text.id", "process_text.state", "process_text.resent_by"),
}
STATES = {
    "process_task.state": states.TaskRowState,
    "process_task.kind": states.TaskKind,
    "process_vote.state": states.VoteState,
    "process_event.kind": states.EventKind,
    "process_message.state": states.MessageState,
    "process_job.state": states.JobState,
    "process_notice.kind": states.NoticeKind,
}
ENGINE: list[Table] = [table for name, table in tables.metadata.tables.items() if name.startswith("process_")]


def widths() -> dict[str, int]:
    """Every text column of the engine's that has a length."""
    found = ((f"{table.name}.{column.name}", column.type) for table in ENGINE for column in table.columns)
    return {name: kind.length for name, kind in found if isinstance(kind, String) and kind.length is not None and "proof" not in name}


def test_every_column_is_wide_enough() -> None:
    columns = widths()
    assert columns.keys() == DIAGRAM.keys() | OURS, "say of each column whether it holds a diagram's text"
    assert {name: columns[name] for name, longest in DIAGRAM.items() if longest > columns[name]} == {}
    assert {name: columns[name] for name, words in STATES.items() if max(map(len, words)) > columns[name]} == {}
    assert max(map(len, ROLES)) <= conventions.MAX_ROLE
    for subject in SUBJECTS.values():
        assert issubclass(subject, SubjectRecord)
        assert subject.__table__.c.status.type.length >= conventions.MAX_STATUS  # type: ignore[attr-defined]  # texts


KEY, MAIN, FOLLOWING, SENDING = "k" * structure.MAX_KEY, "m" * structure.MAX_KEY, "f" * structure.MAX_KEY, "s" * structure.MAX_KEY
NAME, STATUS, OUTCOME = "名" * structure.MAX_NAME, "状" * conventions.MAX_STATUS, "选" * conventions.MAX_OUTCOME
RULE = f"len([{','.join('0' * ((expressions.MAX_LENGTH - 6) // 2))}])"
ASKED, ANSWERED = "问" * messages.MAX_NAME, "答" * messages.MAX_NAME
HEAD = f'<message id="m_ask" name="{ASKED}"/><message id="m_answer" name="{ANSWERED}"/>'
RETRIEVAL = "correlationPropertyRetrievalExpression"
READS = f'<correlationProperty id="cp" name="编号"><{RETRIEVAL} messageRef="m_answer"><messagePath>number</messagePath></{RETRIEVAL}>'
BINDS = '<correlationPropertyBinding id="cb" correlationPropertyRef="cp"><dataPath>number</dataPath></correlationPropertyBinding>'


def long(mark: str) -> str:
    """The longest id, with a mark of its own."""
    return mark * structure.MAX_ID


def named(element: str, short: str, mark: str) -> str:
    """An element under its longest id and name, where it was written under short ones."""
    return element.replace(f'id="{short}"', f'id="{long(mark)}"').replace(f'attachedToRef="{short}"', f'attachedToRef="{long(mark)}"')


def with_name(element: str, name: str) -> str:
    return element.replace(f'name="{name}"', f'name="{NAME}"')


def joined(*ids: str) -> str:
    """One flow after the other."""
    pairs = pairwise(ids)
    return "".join(f'<sequenceFlow id="f{n}" sourceRef="{one}" targetRef="{other}"/>' for n, (one, other) in enumerate(pairs))


def called() -> bytes:
    """All that keeps a text, under the longest ids, names, statuses, outcomes and rules."""
    job = (
        f'<serviceTask id="{long("j")}" name="{NAME}"><extensionElements><s:serviceTaskOperator id="account.first_password">'
        '<s:parameters><s:parameter id="text" type="str" value="\'x\'"/></s:parameters></s:serviceTaskOperator>'
        f'<s:properties><s:property name="status" value="{STATUS}"/></s:properties></extensionElements></serviceTask>'
    )
    inside = (
        (
            start("s")
            + '<scriptTask id="set" name="设"><script>number = 7</script></scriptTask>'
            + with_name(named(user("u", status=STATUS, outcomes=OUTCOME, withdrawable="true"), "u", "u"), "办u")
            + with_name(named(user("r", status=STATUS, outcomes=OUTCOME, returnable="any"), "r", "r"), "办r")
            + with_name(named(user("v", status=STATUS, outcomes=OUTCOME, quorum=RULE, inside=many()), "v", "v"), "办v")
            + named(throw("t", carries("m_ask", "report = number")), "t", "t")
            + job
            + with_name(named(catch("c", '<messageEventDefinition messageRef="m_answer"/>', "系统"), "c", "c"), "等c")
            + with_name(named(catch("d", timer(timeDuration="days(1)"), "系统"), "d", "d"), "等d")
            + end("e", status=STATUS)
        )
        .replace('value="在c"', f'value="{STATUS}"')
        .replace('value="在d"', f'value="{STATUS}"')
    )
    way = joined("s", "set", *map(long, "urvtjcd"), "e")
    bound = f'<correlationSubscription id="cs" correlationKeyRef="ck">{BINDS}</correlationSubscription>'
    return diagram(bound + inside + way, key=KEY, head=f"{HEAD}{READS}</correlationProperty>")


def main(name: str = NAME) -> bytes:
    call = f'<callActivity id="{long("a")}" name="{NAME}" calledElement="{KEY}" lane="省级"></callActivity>'
    found = diagram(start() + call + end(status=STATUS) + joined("start", long("a"), "end"), key=MAIN)
    return found.replace("小流程".encode(), name.encode())


def sending() -> bytes:
    inside = start() + '<scriptTask id="set" name="设"><script>number = 7</script></scriptTask>'
    inside += named(throw("t", carries("m_answer")), "t", "t") + user("x") + end()
    return diagram(inside + joined("start", "set", long("t"), "x", "end"), key=SENDING, head=HEAD)


def following(report: int) -> bytes:
    given = properties(messageSubject=f"{report} if report == 7 else 0")
    begin = f'<startEvent id="start" name="{NAME}" lane="系统">{given}<messageEventDefinition messageRef="m_ask"/></startEvent>'
    return diagram(begin + user("x") + end() + flows("start>x x>end"), key=FOLLOWING, head=HEAD)


def test_the_longest_texts_are_kept(play: Play) -> None:
    about = Play(play.world)
    play.deploy(diagram(start() + user("z") + end() + flows("start>z z>end"), key="plain"), called(), main(), sending())
    about.begin("plain")
    about.complete("z")
    play.deploy(following(about.report))
    play.begin(MAIN)
    person = play.world.actor("province1b").person_id
    _everything_about_a_task(play, f"{KEY}:{long('u')}", person)
    play.complete(f"{KEY}:{long('r')}", OUTCOME)
    while play.tasks()[:1] == [f"{KEY}:{long('v')}"]:
        _answer(play)
    _job(play)
    kept = [_longest(play)]  # subscriptions are gone once the message has come
    begun(play, SENDING)
    deliver(play)
    _migrated(play)
    kept.append(_longest(play))
    play.later(days=1)
    assert play.ended
    kept.append(_longest(play))
    longest = {name: max(one.get(name, 0) for one in kept) for name in widths()}
    assert {name: longest[name] for name in PLAYED} == {name: DIAGRAM[name] for name in PLAYED}
    assert {name: width for name, width in widths().items() if longest[name] > width} == {}  # SQLite does not see to it


PLAYED = [
    *(name for name, most in DIAGRAM.items() if most and name.startswith(("process_vote", "process_message", "process_subscription"))),
    *("process_definition.key", "process_definition.name", "process_definition.starts_by", "process_event.element"),
    *("process_instance.key", "process_instance.status", "process_instance.position", "process_migration.position"),
    *("process_task.element", "process_task.name", "process_task.outcome", "process_job.element"),
]


def _everything_about_a_task(play: Play, element: str, person: int) -> None:
    """Claims, releases, urges, comments, hands over, asks, sends back and takes back a task of the longest name."""
    (task,) = play.open()
    assert task.element == element
    now = play.world.clock()
    with play.step() as session:
        claiming.claim_one(session, play.world.actor("province1"), task.id, now)
        claiming.release_one(session, play.world.actor("province1"), task.id, now)
        comment(play.world.runtime.engine, session, play.world.actor("school1"), play.instance, "评" * 200)
    call(play, urging.urge, "school1", task.id)
    play.complete(element, OUTCOME)
    call(play, withdrawing.withdraw, "province1", task.id)
    play.complete(element, OUTCOME)
    (task,) = play.open()
    call(play, returning.send_back, "province1", task.id, element, "因" * 500)
    play.complete(element, OUTCOME)
    (task,) = play.open()
    call(play, opinions.ask, "province1", task.id, OPINIONS[0], person, "问" * 200)
    asked = next(one for one in play.open() if one.parent_id == task.id)
    call(play, opinions.give, "province1b", asked.id, "答" * 200)
    call(play, assigning.transfer, "province1", task.id, person, "转" * 200)
    call(play, assigning.transfer, "province1b", task.id, play.world.actor("province1").person_id, "转" * 200)


def _answer(play: Play) -> None:
    task = next(one for one in play.open())
    accounts = {play.world.actor(account).person_id: account for account in ("province1", "province1b")}
    play.complete(task.element, OUTCOME, accounts[task.assignee_id])


def _job(play: Play) -> None:
    table = tables.job
    with play.step() as session:
        job = session.scalars(select(table.c.id).where(table.c.instance_id == play.instance)).one()
        session.execute(update(table).where(table.c.id == job).values(state="running", attempt=1))
        answers.answer(play.world.runtime.engine, session, job, 1, {})


def _migrated(play: Play) -> None:
    play.deploy(main("新" * structure.MAX_NAME))
    with play.world.runtime.database.reading() as session:
        newest = store.latest(session, MAIN).id
    call(play, migrating.migrate, "supervisor", play.instance, newest, "改" * 200, {})


def _longest(play: Play) -> dict[str, int]:
    """Characters of the longest text in each column that has a length."""
    found: dict[str, int] = {}
    with play.world.runtime.database.reading() as session:
        for table in ENGINE:
            texts = [column for column in table.columns if f"{table.name}.{column.name}" in widths()]
            for row in session.execute(select(*texts)).all() if texts else ():
                for column, text in zip(texts, row, strict=True):
                    name = f"{table.name}.{column.name}"
                    found[name] = max(found.get(name, 0), len(text or ""))
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (KEY, f"{KEY}k"),
        (long("u"), f"{long('u')}u"),
        (NAME, f"{NAME}名"),
        (STATUS, f"{STATUS}状"),
        (OUTCOME, f"{OUTCOME}选"),
        (ASKED, f"{ASKED}问"),
        (RULE, RULE.replace("0]", "00]")),
        (RULE, RULE.replace(",0]", ",&#13;&#10;]")),  # two characters that the language reads as one
    ],
)
def test_a_longer_text_is_refused(play: Play, before: str, after: str) -> None:
    with pytest.raises(DiagramInvalid, match="超过"):
        play.deploy(called().replace(before.encode(), after.encode()))
