"""Scenario files: YAML that is read within limits and checked, so that a designer's mistake is answered with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import yaml

from domain.ground.base import SHANGHAI
from processes.diagrams.expressions import ExpressionError, limit_size

MAX_TEXT = 200_000  # characters
MAX_SCENARIOS = 50
MAX_STEPS = 100
ACTS = {"new": (), "save": ("form",), "complete": ("outcome",), "act": ("element",), "put": ("field", "value")}  # `do` → what else it needs
EXPECTED = {
    "status": "状态",
    "tone": "状态颜色（tone）",
    "tasks": "待办",
    "buttons": "按钮",
    "ended": "流程是否结束",
}  # `expect` → what people call it


class ScenarioFailed(Exception):
    """A scenario does not go as written, or is not written well; the message says at which step."""


class _Foreign(yaml.composer.ComposerError):
    """An anchor, an alias, a tag or a merge: what no scenario needs, and with which a few bytes grow without end."""


class _Plain(yaml.SafeLoader):
    """Reads YAML without anchors, aliases, tags and merges: what is written is what there is."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuses before anything is built."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise _Foreign(None, None, "not plain", event.start_mark)  # type: ignore[arg-type]  # the mark of the C reader is none of ours
        return super().compose_node(parent, index)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuses what would be merged."""
        for key, _ in node.value:
            if key.tag in ("tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"):
                raise _Foreign(None, None, "not plain", key.start_mark)


def read_scenarios(text: str) -> list[dict[str, Any]]:
    """The scenarios of a YAML text, each with `name`, `at` and `steps`; moments are read, Asia/Shanghai where no zone is given.

    An entry `- forms: {name: {field: content}}` gives names to what is filled in often: `form: name` in a step then means it.
    Who acts has just given their password, so that they may sign, but in a step with `proved: false`.

    Raises:
        ScenarioFailed: too long, not YAML, or not of the shape of scenarios.
    """
    if len(text) > MAX_TEXT:
        raise ScenarioFailed("场景文件过长")
    try:
        found = yaml.load(text, _Plain)  # noqa: S506  # a SafeLoader that knows less
        limit_size(found)
    except _Foreign as error:
        line = f"第 {error.problem_mark.line + 1} 行" if error.problem_mark else ""
        raise ScenarioFailed(f"场景中不能使用 &（锚点）、*（引用）、!（标签）和 <<（合并），请直接写出内容：{line}") from error
    except yaml.MarkedYAMLError as error:
        line = f"第 {error.problem_mark.line + 1} 行" if error.problem_mark else ""
        raise ScenarioFailed(f"场景的写法有误：{line}缩进、冒号或引号不对") from error
    except (yaml.YAMLError, ExpressionError, RecursionError, ValueError) as error:
        raise ScenarioFailed("场景的写法有误，请核对缩进、日期和引号") from error
    forms = _forms(found) if isinstance(found, list) else {}
    scenarios = [one for one in found if not _names_forms(one)] if isinstance(found, list) else []
    if not scenarios or len(scenarios) > MAX_SCENARIOS:
        raise ScenarioFailed(f"应有 1 到 {MAX_SCENARIOS} 个场景，每个以“- name:”开头")
    return [_scenario(number, one, forms) for number, one in enumerate(scenarios, 1)]


def _names_forms(found: object) -> bool:
    return isinstance(found, dict) and found.keys() == {"forms"}


def _forms(found: list[object]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for one in found:
        if isinstance(one, dict) and _names_forms(one):
            if not isinstance(one["forms"], dict) or not all(isinstance(form, dict) for form in one["forms"].values()):
                raise ScenarioFailed("forms 应写成 {名称: {字段: 内容}}")
            named |= {str(name): form for name, form in one["forms"].items()}
    return named


def _scenario(number: int, found: object, forms: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(found, dict) or not {"name", "at", "steps"} <= found.keys():
        raise ScenarioFailed(f"第 {number} 个场景应有 name（名称）、at（开始时间）和 steps（步骤）")
    name, steps = str(found["name"]), found["steps"]
    if not isinstance(steps, list) or len(steps) > MAX_STEPS:
        raise ScenarioFailed(f"{name}：steps 应是不超过 {MAX_STEPS} 步的列表")
    return {
        "name": name,
        "at": _moment(name, found["at"]),
        "steps": [_step(f"{name}：第 {n} 步", one, forms) for n, one in enumerate(steps, 1)],
    }


def _step(where: str, found: object, forms: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ScenarioFailed(f"{where}应写成 {{as: 账号, do: 动作}}")
    step = {str(k): v for k, v in found.items()}
    expected = step.get("expect", {})
    if not isinstance(expected, dict) or set(expected) - set(EXPECTED):
        raise ScenarioFailed(f"{where}的 expect 可写：{'、'.join(EXPECTED)}")
    buttons = expected.get("buttons", {})
    if not isinstance(buttons, dict) or not all(isinstance(names, list) for names in (*buttons.values(), expected.get("tasks", []))):
        raise ScenarioFailed(f"{where}的 tasks 应为列表，buttons 应写成 {{账号: [按钮]}}")
    if "time" in step:
        return {**step, "time": _moment(where, step["time"])}
    if "outside" in step:
        return {**step, "outside": str(step["outside"])}
    if "meanwhile" in step:
        return {**step, "meanwhile": str(step["meanwhile"])}
    act = step.get("do")
    if not isinstance(act, str) or act not in ACTS or "as" not in step:
        raise ScenarioFailed(f"{where}应有 as（账号）和 do（{'、'.join(ACTS)} 之一），或者 time、outside、meanwhile")
    for needed in ACTS[act]:
        if needed not in step:
            raise ScenarioFailed(f"{where}（{act}）缺少 {needed}")
    if not isinstance(step.get("proved", True), bool):
        raise ScenarioFailed(f"{where}的 proved 应为 true 或 false")
    if isinstance(step.get("form"), str):
        if step["form"] not in forms:
            raise ScenarioFailed(f"{where}的 form “{step['form'][:40]}”没有在 forms 中写明")
        step["form"] = dict(forms[step["form"]])
    if not isinstance(step.get("form") or {}, dict):
        raise ScenarioFailed(f"{where}的 form 应写成 {{字段: 内容}}，或 forms 中的名称")
    return {**step, "as": str(step["as"]), "refused": str(step["refused"])} if step.get("refused") else {**step, "as": str(step["as"])}


def _moment(where: str, value: object) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ScenarioFailed(f"{where}的时间“{str(value)[:40]}”应写成 '2026-11-24 09:00'") from error
    return moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment
