"""The small diagrams of a kept home, as text: no module of the product is imported, since each release runs them with its own code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' id="kept_definitions" targetNamespace="kept">'
)
SCHOOL, PROVINCE, SYSTEM = "试点院校", "省级", "系统"


@dataclass(frozen=True)
class Drawing:
    """A diagram, and the schema of the first release that can run it."""

    since: str
    xml: str
    decisions: dict[str, str] = field(default_factory=dict)
    """File name → DMN, of the decision tables that it reads."""


def properties(**values: str) -> str:
    """Extension elements."""
    lines = "".join(f'<s:property name="{name}" value="{value}"/>' for name, value in values.items())
    return "" if not values else f"<extensionElements><s:properties>{lines}</s:properties></extensionElements>"


def user(id: str, lane: str = PROVINCE, inside: str = "", **values: str) -> str:
    """A user task whose status names it."""
    given = properties(**{"status": f"在{id}", "outcomes": "提交", **values})
    return f'<userTask id="{id}" name="办{id}" lane="{lane}">{given}{inside}</userTask>'


def service(id: str, loop: str = "") -> str:
    """A service task that sends an SMS to the record's author."""
    parameters = '<s:parameter id="role" type="string" value="\'author\'"/><s:parameter id="text" type="string" value="\'您好\'"/>'
    operator = f'<s:serviceTaskOperator id="sms.notify"><s:parameters>{parameters}</s:parameters></s:serviceTaskOperator>'
    return f'<serviceTask id="{id}" name="发{id}" lane="{SYSTEM}"><extensionElements>{operator}</extensionElements>{loop}</serviceTask>'


def start(id: str = "start", inside: str = "", more: str = "") -> str:
    """A start event of the school."""
    return f'<startEvent id="{id}" name="开始"{more} lane="{SCHOOL}">{inside}</startEvent>'


def end(id: str = "end", status: str = "已结束") -> str:
    """An end event with a status."""
    return f'<endEvent id="{id}" name="结束">{properties(status=status, statusTone="done")}</endEvent>'


def timer(**times: str) -> str:
    """A timer's definition: `timeDate`, `timeDuration` or `timeCycle`."""
    ((tag, text),) = times.items()
    return f"<timerEventDefinition><{tag}>{text}</{tag}></timerEventDefinition>"


def message(ref: str) -> str:
    """A message's definition."""
    return f'<messageEventDefinition messageRef="{ref}"/>'


def boundary(id: str, on: str, inside: str, interrupting: bool = True) -> str:
    """A boundary event; messages of it are the school's buttons."""
    cancel = "true" if interrupting else "false"
    return f'<boundaryEvent id="{id}" name="边{id}" attachedToRef="{on}" cancelActivity="{cancel}" lane="{SCHOOL}">{inside}</boundaryEvent>'


def catch(id: str, inside: str, lane: str = SCHOOL, **values: str) -> str:
    """An intermediate catch event."""
    given = properties(**{"status": f"在{id}", **values})
    return f'<intermediateCatchEvent id="{id}" name="等{id}" lane="{lane}">{given}{inside}</intermediateCatchEvent>'


def gateway(kind: str, id: str, default: str = "", **values: str) -> str:
    """A gateway."""
    return (
        f'<{kind}Gateway id="{id}" name="网关{id}"'
        + (f' default="{default}"' if default else "")
        + f">{properties(**values)}</{kind}Gateway>"
    )


def subprocess(id: str, inside: str, extra: str = "") -> str:
    """An embedded subprocess, or with `extra` one that an event starts."""
    return f'<subProcess id="{id}" name="子{id}"{extra} lane="{PROVINCE}">{inside}</subProcess>'


def many(collection: str = "people", sequential: bool = False, item: str = "") -> str:
    """What makes an activity a multi-instance."""
    what = f"<loopDataInputRef>{collection}</loopDataInputRef>" + (f'<inputDataItem id="{item}" name="{item}"/>' if item else "")
    if collection.isdecimal():
        what = f"<loopCardinality>{collection}</loopCardinality>"
    return f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{what}</multiInstanceLoopCharacteristics>'


def sets(text: str, id: str = "set") -> str:
    """A script task of assignments."""
    return f'<scriptTask id="{id}" name="设"><script>{text}</script></scriptTask>'


def flows(text: str) -> str:
    """`a>b c>d:condition`, parted by blanks; the flow's id is `a_b`."""
    found = ""
    for part in text.split():
        ends, _, condition = part.partition(":")
        source, target = ends.split(">")
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        found += f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
    return found


def drawn(key: str, body: str, head: str = "") -> str:
    """A whole diagram about a weekly report; elements say in an attribute which lane they lie in."""
    lanes: dict[str, list[str]] = {}
    for id, lane in re.findall(r'<\w+ id="(\w+)" name="[^"]*"[^>]* lane="([^"]+)"', body):
        lanes.setdefault(lane, []).append(id)
    rows = "".join(
        f'<lane id="lane{number}" name="{lane}">' + "".join(f"<flowNodeRef>{id}</flowNodeRef>" for id in ids) + "</lane>"
        for number, (lane, ids) in enumerate(lanes.items())
    )
    plain = re.sub(r' lane="[^"]+"', "", body)
    inner = f'{properties(subject="weekly_report")}<laneSet id="lanes">{rows}</laneSet>{plain}'
    return f'{HEAD}{head}<process id="{key}" name="{key}" isExecutable="true">{inner}</process></definitions>'


def _parallel() -> str:
    body = start() + gateway("parallel", "split") + user("a", SCHOOL) + user("b") + gateway("parallel", "join") + user("c") + end()
    return drawn("kept_parallel", body + flows("start>split split>a split>b a>join b>join join>c c>end"))


def _timer() -> str:
    body = start() + user("a", SCHOOL) + catch("w", timer(timeDate="now + days(3)")) + user("c") + end()
    return drawn("kept_timer", body + flows("start>a a>w w>c c>end"))


def _asking() -> str:
    body = start() + user("a", SCHOOL) + service("ask") + user("c") + end()
    return drawn("kept_asking", body + flows("start>a a>ask ask>c c>end"))


def _subprocess() -> str:
    inner = start("s") + user("a") + user("b") + end("e") + flows("s>a a>b b>e")
    late = boundary("late", "sub", timer(timeDuration="days(5)")) + user("after", SCHOOL)
    body = start() + subprocess("sub", inner) + late + gateway("exclusive", "merge") + end()
    return drawn("kept_subprocess", body + flows("start>sub sub>merge late>after after>merge merge>end"))


def _event_subprocess() -> str:
    begin = start("s", message("m_more"), ' isInterrupting="false"')
    inner = begin + user("extra") + end("e") + flows("s>extra extra>e")
    body = start() + user("a") + end() + subprocess("handler", inner, ' triggeredByEvent="true"')
    return drawn("kept_event_subprocess", body + flows("start>a a>end"), '<message id="m_more" name="补充"/>')


def _called() -> str:
    return drawn("kept_called", start() + user("a") + user("b") + end() + flows("start>a a>b b>end"))


def _calling() -> str:
    body = start() + '<callActivity id="call" name="调用" calledElement="kept_called"/>' + user("c", SCHOOL) + end()
    return drawn("kept_calling", body + flows("start>call call>c c>end"))


def _choosing() -> str:
    body = start() + user("a", SCHOOL, outcomes="全部,一个") + gateway("inclusive", "fork", "fork_join") + user("x") + user("y")
    body += (
        gateway("inclusive", "join")
        + gateway("eventBased", "either", status="在either")
        + catch("go", message("m_go"))
        + catch("w", timer(timeDuration="days(2)"))
    )
    body += user("c") + gateway("exclusive", "merge") + end()
    ways = "start>a a>fork either>go either>w go>c c>merge w>merge merge>end"
    ways += " fork>x:a_outcome=='全部' fork>y:a_outcome!=None fork>join x>join y>join join>either"
    return drawn("kept_choosing", body + flows(ways), '<message id="m_go" name="继续"/>')


def _reminding() -> str:
    remind = boundary("remind", "a", timer(timeCycle="[3, days(1)]"), False) + service("tell") + end("told")
    body = start() + user("a", SCHOOL, due="now + days(5)") + remind + end()
    return drawn("kept_reminding", body + flows("start>a a>end remind>tell tell>told"))


def _steps() -> str:
    body = start() + user("a", SCHOOL, withdrawable="true") + user("b", returnable="any", withdrawable="true") + user("c") + end()
    return drawn("kept_steps", body + flows("start>a a>b b>c c>end"))


def _vote() -> str:
    body = start() + user("a", SCHOOL) + user("b", inside=many(), outcomes="同意,不同意", quorum="all") + gateway("exclusive", "g", "g_no")
    body += user("yes", SCHOOL) + user("no", SCHOOL) + gateway("exclusive", "merge") + end()
    ways = "start>a a>b b>g g>yes:b_outcome=='同意' g>no yes>merge no>merge merge>end"
    return drawn("kept_vote", body + flows(ways))


def _sequential() -> str:
    listed = user("b", inside=many("[1,2,3]", True, "number"), outcomes="同意,不同意", quorum="2/3")
    body = start() + user("a", SCHOOL) + listed + user("c", SCHOOL) + end()
    return drawn("kept_sequential", body + flows("start>a a>b b>c c>end"))


def _several() -> str:
    body = start() + user("a", SCHOOL) + service("ask", many("3")) + user("c", SCHOOL) + end()
    return drawn("kept_several", body + flows("start>a a>ask ask>c c>end"))


_ASK = '<message id="m_ask" name="询问"/>'


def _sender() -> str:
    payload = "<extensionElements><s:messagePayload>number = number</s:messagePayload></extensionElements>"
    thrown = f'<messageEventDefinition messageRef="m_ask">{payload}</messageEventDefinition>'
    body = (
        start() + sets("number = 7") + user("a", SCHOOL) + f'<intermediateThrowEvent id="t" name="发询问">{thrown}</intermediateThrowEvent>'
    )
    return drawn("kept_sender", body + user("b", SCHOOL) + end() + flows("start>set set>a a>t t>b b>end"), _ASK)


def _waiter() -> str:
    tag = "correlationPropertyRetrievalExpression"
    read = f'<{tag} messageRef="m_ask"><messagePath>number</messagePath></{tag}>'
    key = f'<correlationProperty id="cp" name="编号">{read}</correlationProperty>'
    bound = '<correlationPropertyBinding id="cb" correlationPropertyRef="cp"><dataPath>mine</dataPath></correlationPropertyBinding>'
    body = f'<correlationSubscription id="cs" correlationKeyRef="ck">{bound}</correlationSubscription>' + start() + sets("mine = 7")
    body += catch("w", message("m_ask"), SYSTEM, messageGives="number") + user("x") + end()
    return drawn("kept_waiter", body + flows("start>set set>w w>x x>end"), _ASK + key)


def _deciding() -> str:
    rule = "<extensionElements><s:calledDecisionId>kept_grade</s:calledDecisionId></extensionElements>"
    body = start() + user("a", SCHOOL, outcomes="高,低") + user("b") + f'<businessRuleTask id="rule" name="定级">{rule}</businessRuleTask>'
    body += gateway("exclusive", "g", "g_low") + user("high", SCHOOL) + user("low", SCHOOL) + gateway("exclusive", "merge") + end()
    return drawn("kept_deciding", body + flows("start>a a>b b>rule rule>g g>high:level==1 g>low high>merge low>merge merge>end"))


_GRADE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="kept_decisions" name="kept">'
    '<decision id="kept_grade" name="定级">'
    '<decisionTable id="t" hitPolicy="UNIQUE"><input id="i"><inputExpression id="x"><text>a_outcome</text></inputExpression></input>'
    '<output id="o" name="level"/>'
    "<rule id=\"r1\"><inputEntry><text>'高'</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>"
    "<rule id=\"r2\"><inputEntry><text>'低'</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>"
    "</decisionTable></decision></definitions>"
)

SECOND = drawn("kept_steps", start() + user("a", SCHOOL) + user("b") + user("c") + user("d") + end() + flows("start>a a>b b>c c>d d>end"))
"""A second version of `kept_steps`, to migrate to."""

DRAWINGS = {
    "kept_parallel": Drawing("0001", _parallel()),
    "kept_timer": Drawing("0001", _timer()),
    "kept_asking": Drawing("0001", _asking()),
    "kept_subprocess": Drawing("0008", _subprocess()),
    "kept_event_subprocess": Drawing("0008", _event_subprocess()),
    "kept_called": Drawing("0008", _called()),
    "kept_calling": Drawing("0008", _calling()),
    "kept_choosing": Drawing("0008", _choosing()),
    "kept_reminding": Drawing("0008", _reminding()),
    "kept_steps": Drawing("0009", _steps()),
    "kept_vote": Drawing("0014", _vote()),
    "kept_sequential": Drawing("0014", _sequential()),
    "kept_several": Drawing("0014", _several()),
    "kept_sender": Drawing("0015", _sender()),
    "kept_waiter": Drawing("0015", _waiter()),
    "kept_deciding": Drawing("0014", _deciding(), {"kept_grade.dmn": _GRADE}),
}
