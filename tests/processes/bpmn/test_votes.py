"""会签: user tasks for many, over people and over lists, with a save and a load between any two answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.lists import batches
from processes.errors import DiagramInvalid, EngineFault, Refused, TaskClosed
from processes.history import events_of
from processes.monitor import managing, migrating
from processes.rights import substitutes
from processes.steps import completing
from processes.tasks import assigning, claiming, inbox, opinions, returning, withdrawing
from processes.tasks.actions import actions_for
from tests.counting import counted
from tests.processes.bpmn.play import Play, boundary, diagram, end, flows, gateway, message, start, timer, user
from tests.processes.bpmn.votes import (
    VOTERS,
    answer,
    begun,
    call,
    data,
    many,
    migrated,
    part,
    rows,
    told,
    vote,
    voting,
)


@pytest.mark.row("8.1")
@pytest.mark.parametrize(
    ("rule", "answers", "end", "left"),
    [
        ("all", "+++++", "yes", 0),
        ("all", "-++++", "no", 0),  # everybody is heard
        ("any", "--+", "yes", 2),
        ("any", "-----", "no", 0),
        ("veto", "+-", "no", 3),
        ("2/3", "++-++", "yes", 0),  # 4 of 5
        ("2/3", "--", "no", 3),
        ("60%", "+++", "yes", 2),
        ("3", "--+++", "yes", 0),
        ("0.5", "---", "no", 2),
        ("2 if a_outcome == '提交' else 5", "+-+", "yes", 2),
    ],
)
def test_the_result_is_clear_when_the_rest_cannot_change_it(five: Play, rule: str, answers: str, end: str, left: int) -> None:
    begun(five, voting(quorum=rule))
    assert len(five.open()) == 5
    for account, said in zip(VOTERS, answers, strict=False):
        assert five.tasks() == ["b"] * len(five.open())
        answer(five, account, "同意" if said == "+" else "不同意")
    assert five.tasks() == [end]
    found = vote(five)
    assert (found.state, found.outcome) == (("agreed", "同意") if end == "yes" else ("refused", "不同意"))
    assert (found.total, found.answered, found.agreed) == (5, len(answers), answers.count("+"))
    closed = rows(five, "cancelled")
    assert len(closed) == left
    assert all("会签已有结果" in row.closed_as for row in closed)
    assert told(five)[0][0] == "会签开始"
    assert told(five)[1][0] == f"会签结果：{found.outcome}"
    assert (f"其余 {left} 项关闭" in (told(five)[1][1] or "")) == bool(left)


@pytest.mark.row("8.1")
def test_each_person_has_their_own_task_and_answers_once(five: Play) -> None:
    begun(five, voting(quorum="all"))
    world = five.world
    with world.runtime.database.reading() as session:
        mine = session.execute(inbox.open_tasks(world.actor("v1"), world.clock())).all()
        assert [row.assignee_id for row in mine if row.instance_id == five.instance] == [world.actor("v1").person_id]
        buttons = actions_for(session, world.actor("v1"), "tiny", [five.report])[five.report]
        assert [a.task_id for a in buttons if a.kind == "task"] == [part(five, "v1").id]
    other = part(five, "v2")
    with pytest.raises(Refused, match="其他人员签收"):
        call(five, completing.complete, "v1", other.id, "同意")
    done = part(five, "v1").id
    answer(five, "v1")
    with pytest.raises(TaskClosed, match="委员1"):
        call(five, completing.complete, "v1", done, "同意")
    with world.runtime.database.writing() as session:
        assert claiming.release(session, world.actor("v2"), [other.id], world.clock()) == 0  # nobody else can give it
    for account in ("v2", "v3", "province1", "province1b"):
        answer(five, account)
    with world.runtime.database.reading() as session:
        lines = [event.name for event in events_of(session, five.instance) if event.kind == "task" and event.element == "b"]
    assert lines == [f"同意（{n}/5）" for n in range(1, 6)]


@pytest.mark.row("8.1")
def test_outcome_people_and_counts_can_be_read(five: Play) -> None:
    body = start() + user("a", lane="试点院校") + user("b", inside=many(), outcomes="同意,不同意", quorum="any")
    body += gateway("exclusive", "g", "g_no") + user("yes") + user("no") + end()
    rule = "b_total==5 and b_answered==2 and b_agreed==1 and len(b_by)==2 and b_outcome=='同意'".replace(" ", "&#32;")
    begun(five, diagram(body + flows(f"start>a a>b b>g g>yes:{rule} g>no yes>end no>end")))
    answer(five, "v1", "不同意")
    answer(five, "v2")
    assert five.tasks() == ["yes"]


@pytest.mark.row("8.1")
def test_one_after_the_other(five: Play) -> None:
    begun(five, voting(many(sequential=True), quorum="veto"))
    order = ("province1", "province1b", "v1")
    for account in order[:2]:
        assert [t.assignee_id for t in five.open()] == [five.world.actor(account).person_id]
        answer(five, account)
    assert len(rows(five, "queued")) == 2
    answer(five, "v1", "不同意")
    assert five.tasks() == ["no"]
    assert len(rows(five, "cancelled")) == 2


@pytest.mark.row("8.1")
def test_over_a_list_anyone_of_the_role_answers_each(play: Play) -> None:
    agrees = "b_outcome=='通过' or what=='丙'"
    begun(play, voting(many("['甲','乙','丙']", item="what"), outcomes="通过,不通过,同意", agreeWhen=agrees, quorum="2"))
    assert [t.name for t in sorted(play.open(), key=lambda t: t.number)] == ["办b（甲）", "办b（乙）", "办b（丙）"]
    with play.world.runtime.database.reading() as session:  # one button, however long the list
        buttons = actions_for(session, play.world.actor("province1"), "tiny", [play.report])[play.report]
    assert len([a for a in buttons if a.kind == "task"]) == 1
    third = next(t for t in play.open() if t.item == "丙")
    call(play, completing.complete, "province1", third.id, "不通过")
    assert vote(play).agreed == 1
    call(play, completing.complete, "province1b", next(t for t in play.open() if t.item == "甲").id, "通过")
    assert play.tasks() == ["no"]  # b_outcome is 通过, which the gateway does not ask for
    assert vote(play).outcome in ("通过", "不通过")


@pytest.mark.row("8.1")
def test_an_empty_list_is_over_at_once_and_nobody_to_ask_is_a_fault(play: Play) -> None:
    begun(play, voting(many("[]")))
    assert play.tasks() == ["no"]
    assert told(play) == [("“办b”没有办理项", None)]
    body = start() + user("a", lane="试点院校") + user("b", lane="试点院校", inside=many(), candidateGroup="考核站点") + end()
    play.deploy(diagram(body + flows("start>a a>b b>end")))
    play.begin()
    with pytest.raises(EngineFault, match="没有可以办理的人员"):
        play.complete("a", account="school1")


@pytest.mark.row("8.1")
def test_a_completion_condition_sees_all_answers(five: Play) -> None:
    condition = "nrOfAgreedInstances &gt;= 2 or nrOfActiveInstances == 1"
    begun(five, voting(many(condition=condition)))
    answer(five, "v1")
    answer(five, "v2", "不同意")
    assert five.tasks() == ["b"] * 3
    answer(five, "v3")
    assert five.tasks() == ["yes"]


@pytest.mark.row("8.1")
@pytest.mark.parametrize("interrupting", [True, False])
def test_a_deadline_on_it(five: Play, interrupting: bool) -> None:
    late = boundary("late", "b", timer(timeDuration="days(1)"), interrupting) + user("c")
    begun(five, voting(extra=late, more="late>c c>end"))
    answer(five, "v1")
    gone = part(five, "v2").id
    five.later(days=2)
    if not interrupting:
        assert five.tasks() == ["b"] * 4 + ["c"]
        answer(five, "v2")
        return
    assert five.tasks() == ["c"]
    assert (vote(five).state, five.row.due_at) == ("cancelled", None)
    assert told(five)[-1] == ("会签关闭", "未办的 4 项关闭")
    with pytest.raises(TaskClosed, match="时间已到"):
        call(five, completing.complete, "v2", gone, "同意")


@pytest.mark.row("8.1")
def test_a_button_that_ends_it(five: Play) -> None:
    begun(five, voting(extra=boundary("stop", "b", message()) + end("out"), more="stop>out"))
    answer(five, "v1")
    five.send("stop")
    assert (five.ended, five.tasks(), vote(five).state) == (True, [], "cancelled")


@pytest.mark.row("8.1")
@pytest.mark.parametrize("sequential", [False, True])
def test_own_answer_is_taken_back_while_the_result_is_open(five: Play, sequential: bool) -> None:
    begun(five, voting(many(sequential=sequential), quorum="veto", withdrawable="true"))
    mine = part(five, "province1").id
    answer(five, "province1")
    with five.world.runtime.database.reading() as session:
        actions = actions_for(session, five.world.actor("province1"), "tiny", [five.report])[five.report]
    assert [a.task_id for a in actions if a.kind == "withdraw"] == [mine]
    call(five, withdrawing.withdraw, "province1", mine)
    assert (vote(five).answered, vote(five).agreed) == (0, 0)
    assert len(five.open()) == (1 if sequential else 5)
    mine = part(five, "province1").id
    answer(five, "province1")
    if sequential:
        answer(five, "province1b")
        with pytest.raises(Refused, match=r"赵琳.*不能撤回"):
            call(five, withdrawing.withdraw, "province1", mine)
    five.world.clock.now += timedelta(minutes=1)
    answer(five, "v1", "不同意")
    with pytest.raises(Refused, match="会签已有结果"):
        call(five, withdrawing.withdraw, "province1", mine)
    with five.world.runtime.database.reading() as session:
        actions = actions_for(session, five.world.actor("province1"), "tiny", [five.report])[five.report]
    assert [a for a in actions if a.kind == "withdraw"] == []


@pytest.mark.row("8.1")
def test_a_part_is_handed_over_to_somebody_who_is_not_asked_yet(five: Play) -> None:
    begun(five, voting(transferRoles="省级初审"))
    ids = {account: five.world.actor(account).person_id for account in VOTERS}
    with pytest.raises(Refused, match="已在此次会签的办理人中"):
        call(five, assigning.transfer, "v1", part(five, "v1").id, ids["v2"], "")
    answer(five, "v2")
    with pytest.raises(Refused, match="已在此次会签的办理人中"):
        call(five, assigning.transfer, "v1", part(five, "v1").id, ids["v2"], "")
    with pytest.raises(Refused, match="不能转给整个角色"):
        call(five, assigning.transfer_to_role, "v1", part(five, "v1").id, "省级初审", "")


@pytest.mark.row("8.1")
def test_opinions_on_a_part(five: Play) -> None:
    begun(five, voting(quorum="any"))
    other = five.world.actor("v2").person_id
    mine = part(five, "v1").id
    call(five, opinions.ask, "v1", mine, "after", other, "")
    call(five, completing.complete, "v1", mine, "同意")
    assert (vote(five).answered, five.tasks().count("b")) == (0, 5)  # it counts once it is confirmed
    confirm = next(t for t in five.open() if t.kind == "after")
    call(five, opinions.give, "v2", confirm.id, "")
    assert five.tasks() == ["yes"]
    begun(five, voting(quorum="any"))
    mine = part(five, "v1").id
    call(five, opinions.ask, "v1", mine, "before", other, "")
    with pytest.raises(Refused, match="正在等待委员2的意见"):
        call(five, completing.complete, "v1", mine, "同意")
    answer(five, "v3")
    assert five.tasks() == ["yes"]  # the opinion is closed with the rest


@pytest.mark.row("8.1")
def test_who_stands_in_gives_the_absent_persons_answer(five: Play) -> None:
    world = five.world
    begun(five, voting())
    with world.runtime.database.writing() as session:
        day = timedelta(days=1)
        people = (world.actor("v3"), world.actor("v2").person_id)
        substitutes.appoint(session, *people, world.clock.now - day, world.clock.now + day, [], True, world.clock.now)
    call(five, completing.complete, "v2", part(five, "v3").id, "同意", None, None)
    answer(five, "v2")
    done = {(row.closed_by, row.closed_for) for row in rows(five, "done")}
    ids = {account: world.actor(account).person_id for account in ("v2", "v3")}
    assert done == {(ids["v2"], ids["v3"]), (ids["v2"], None)}
    with world.runtime.database.writing() as session:
        for row in session.execute(substitutes.substitutions_of(world.actor("v3"))).all():
            substitutes.end(session, world.actor("v3"), row.id, world.clock.now)


@pytest.mark.row("8.1")
def test_four_eyes_leave_out_who_had_a_hand_in_the_other_step(five: Play) -> None:
    body = start() + user("a", lane="试点院校") + user("p") + user("b", inside=many(), fourEyesWith="p", outcomes="同意,不同意") + end()
    begun(five, diagram(body + flows("start>a a>p p>b b>end")))
    five.complete("p", account="v1")
    asked = {t.assignee_id for t in five.open()}
    assert asked == {five.world.actor(account).person_id for account in VOTERS if account != "v1"}
    for account in VOTERS:
        if account != "v1":
            answer(five, account)
    assert five.ended


@pytest.mark.row("8.1")
def test_back_from_one_part_closes_the_others(five: Play) -> None:
    begun(five, voting(returnable="a"))
    answer(five, "v1")
    late = part(five, "v3").id
    call(five, returning.send_back, "v2", part(five, "v2").id, "a", "请补充")
    assert five.tasks() == ["a"]
    (mine,) = rows(five, "done")
    assert (mine.closed_by, mine.outcome) == (five.world.actor("v2").person_id, "退回")
    assert [row.closed_by for row in rows(five, "undone")] == [five.world.actor("v1").person_id]
    with pytest.raises(TaskClosed, match="退回到“办a”：请补充"):
        call(five, completing.complete, "v3", late, "同意")
    five.complete("a", account="school1")
    assert len(five.open()) == 5  # everybody is asked anew
    assert (vote(five).answered, vote(five).state) == (0, "open")


@pytest.mark.row("8.1")
def test_back_to_it_asks_everybody_again_and_over_it_undoes_it(five: Play) -> None:
    extra = user("c", returnable="any")
    body = start() + user("a", lane="试点院校") + user("b", inside=many(), outcomes="同意,不同意", quorum="2") + extra + end()
    begun(five, diagram(body + flows("start>a a>b b>c c>end")))
    answer(five, "v1")
    answer(five, "v2")
    task = next(t for t in five.open() if t.element == "c")
    assert data(five, "c") == {"a_outcome": "提交", "b_outcome": "同意", "b_total": 5, "b_answered": 2, "b_agreed": 2}
    call(five, returning.send_back, "province1", task.id, "b", "重新会签")
    assert (five.tasks(), data(five, "b")) == (["b"] * 5, {"a_outcome": "提交"})  # as when it began the first time
    assert {row.closed_by for row in rows(five, "undone")} == {five.world.actor("v1").person_id, five.world.actor("v2").person_id}
    answer(five, "v1")
    answer(five, "v3")
    task = next(t for t in five.open() if t.element == "c")
    call(five, returning.send_back, "province1", task.id, "a", "重来")
    assert (five.tasks(), rows(five, "done"), data(five, "a")) == (["a"], [], {})
    five.complete("a", account="school1")
    answer(five, "v1")
    answer(five, "v2")
    five.complete("c")
    assert five.ended


@pytest.mark.row("8.1")
@pytest.mark.parametrize(
    ("loop", "properties", "said"),
    [
        (many("nothing"), {}, "nothing"),
        (many("people.x"), {}, "集合不能使用"),
        (many(condition="nrOfAll &gt; 1"), {}, "nrOfAll"),
        (many(condition="nrOfInstances &gt; 1"), {"quorum": "any"}, "只能写一个"),
        (many(), {"quorum": "3/2"}, "不超过全部"),
        (many(), {"quorum": "most"}, "most"),
        (many(), {"agreeWhen": "b_score &gt; 3"}, "b_score"),
        (many(item="a-b"), {}, "不能在表达式中使用"),
        (many(), {"formJsonSchemaFilename": "weekly_report.json"}, "不能是记录本身的表单"),
        (many(), {"editForm": "weekly_report.json"}, "不能修改记录"),
        (many().replace("</multi", "<loopDataOutputRef>x</loopDataOutputRef></multi"), {}, "loopDataOutputRef"),
        (many().replace("isSequential", 'behavior="One" isSequential'), {}, "One"),
        ('<multiInstanceLoopCharacteristics isSequential="false"/>', {}, "只写一个"),
    ],
)
def test_what_is_drawn_is_checked(play: Play, loop: str, properties: dict[str, str], said: str) -> None:
    with pytest.raises(DiagramInvalid, match=said):
        play.deploy(voting(loop, **properties))


def test_properties_and_elements_that_are_no_multi_instance(play: Play) -> None:
    with pytest.raises(DiagramInvalid, match="quorum 只能用在多实例活动上"):
        play.deploy(diagram(start() + user("a", quorum="any") + end() + flows("start>a a>end")))
    body = start() + f'<receiveTask id="r" name="收" messageRef="m_go" lane="省级">{many("3")}</receiveTask>' + end()
    with pytest.raises(DiagramInvalid, match="接收任务不能是多实例"):
        play.deploy(diagram(body + flows("start>r r>end")))


@pytest.mark.row("8.1")
def test_an_answer_costs_the_same_however_many_are_asked(play: Play) -> None:
    costs = []
    for number in (5, 400):
        begun(play, voting(many(str(number))))
        first = play.open()[0]
        with counted(play.world) as (statements, _), play.world.runtime.database.writing() as session:
            completing.complete(play.world.runtime.engine, session, play.world.actor("province1"), first.id, "同意")
        costs.append((len(statements), len(play.row.state)))
        play.sound()
    assert costs[0][0] == costs[1][0]
    assert abs(costs[0][1] - costs[1][1]) < 50  # bytes of the state


@pytest.mark.row("8.1")
def test_a_batch_of_answers_is_linear(play: Play) -> None:
    begun(play, voting(many("60")))
    ids = [task.id for task in play.open()]
    world, costs = play.world, []
    for batch in (ids[:10], ids[10:40]):
        act = batches.Act("tiny", "同意", "b", None)
        with counted(world) as (statements, _), world.runtime.database.writing() as session:
            items = list(batches._task_items(world.runtime.engine, session, world.actor("province1"), act, batch))
            came = batches.act_on(session, items)
        assert (came.done, came.failures) == (len(batch), [])
        costs.append(len(statements) / len(batch))
    play.sound()
    assert costs[1] <= costs[0]
    assert vote(play).answered == 40


@pytest.mark.row("8.4")
def test_one_in_charge_suspends_reassigns_and_cancels(five: Play) -> None:
    begun(five, voting())
    ids = {account: five.world.actor(account).person_id for account in VOTERS}
    answer(five, "v1")
    with pytest.raises(Refused, match="每人只办理一次"):
        call(five, managing.reassign, "supervisor", part(five, "v2").id, ids["v3"], "出差")
    with pytest.raises(Refused, match="不能转给整个角色"):
        call(five, managing.reassign, "supervisor", part(five, "v2").id, None, "出差")
    call(five, managing.suspend, "supervisor", five.instance, "核实")
    with pytest.raises(Refused):
        call(five, completing.complete, "v2", part(five, "v2").id, "同意")
    call(five, managing.resume, "supervisor", five.instance, "继续")
    answer(five, "v2")
    late = part(five, "v3").id
    call(five, managing.cancel, "supervisor", five.instance, "重复发起")
    assert (five.ended, five.tasks(), vote(five).state) == (True, [], "cancelled")
    with pytest.raises(TaskClosed, match="终止流程：重复发起"):
        call(five, completing.complete, "v3", late, "同意")


@pytest.mark.row("8.4")
@pytest.mark.parametrize("sequential", [False, True])
def test_a_vote_goes_over_to_another_version_and_back(five: Play, sequential: bool) -> None:
    begun(five, voting(many(sequential=sequential)))
    answer(five, "province1")
    migrated(five, voting(many(sequential=sequential), button="会签"))
    answer(five, "province1b")  # where it stands it goes on
    assert (vote(five).state, vote(five).answered) == ("open", 2)
    body = start() + user("a", lane="试点院校") + user("yes") + end()
    migrated(five, diagram(body + flows("start>a a>yes yes>end")), {"b": "yes"})
    assert (five.tasks(), vote(five).state) == (["yes"], "cancelled")
    call(five, migrating.undo, "supervisor", five.instance, "改错了")
    assert five.tasks() == ["b"] * (1 if sequential else 3)
    for account in VOTERS[2:]:
        answer(five, account)
    assert five.tasks() == ["yes"]
