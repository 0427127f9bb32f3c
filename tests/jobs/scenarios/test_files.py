"""Scenario files: what is not written well is a sentence, and never grows."""

from __future__ import annotations

import pytest

from jobs.scenarios.files import ScenarioFailed, read_scenarios

HEAD = "- name: 甲\n  at: '2026-11-24 09:00'\n  steps:\n"
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "应有 1 到 50 个场景"),
        ("5", "应有 1 到 50 个场景"),
        ("- a: [", "场景的写法有误：第 1 行"),
        ("\x00", "场景的写法有误"),
        ("!!python/object/apply:os.system ['id']", "不能使用 &"),
        (LAUGHS, "直接写出内容：第 1 行"),
        ("a: &a {x: 1}\nb: {<<: *a}", "不能使用 &"),
        ("a: 1\nb: {<<: {x: 1}}", "直接写出内容：第 2 行"),
        ("? !!merge a\n: {x: 1}", "不能使用 &"),  # a merge that is not written <<
        ("- {=: 1}", "不能使用 &"),
        ("- forms: [1]", "forms 应写成"),
        (HEAD + "    - {as: a, do: new, form: 没有}\n", "没有在 forms 中写明"),
        ("[" * 2000, "场景的写法有误"),
        ("x" * 200_001, "过长"),
        ("- a\n" * 51, "应有 1 到 50 个场景"),
        ("- {name: 甲}", "第 1 个场景应有 name"),
        ("- {name: 甲, at: 昨天, steps: []}", "甲的时间“昨天”应写成"),
        ("- {name: 甲, at: 2026-11-24, steps: 5}", "steps 应是"),
        (HEAD + "    - new", "甲：第 1 步应写成"),
        (HEAD + "    - {do: new}", "第 1 步应有 as"),
        (HEAD + "    - {as: school1, do: fly}", "do（new、save、complete、act、put 之一）"),
        (HEAD + "    - {as: school1, do: [new]}", "第 1 步应有 as"),
        (HEAD + "    - {as: school1, do: act}", "（act）缺少 element"),
        (HEAD + "    - {as: school1, do: save, form: 5}", "form 应写成"),
        (HEAD + "    - {as: school1, do: new, expect: {color: red}}", "expect 可写"),
        (HEAD + "    - {as: school1, do: new, expect: {buttons: {school1: 提交}}}", "tasks 应为列表"),
        (HEAD + "    - {as: school1, do: new, proved: 是}", "proved 应为 true 或 false"),
        (HEAD + "    - {time: 明天}", "应写成 '2026-11-24 09:00'"),
    ],
)
def test_what_is_not_written_well(text: str, message: str) -> None:
    with pytest.raises(ScenarioFailed, match=r"[\u4e00-\u9fff]") as caught:
        read_scenarios(text)
    assert message in str(caught.value)


def test_an_ordinary_one() -> None:
    (found,) = read_scenarios(HEAD + "    - {as: school1, do: new}\n    - {time: 2026-11-25 00:00}\n    - {outside: ok}")
    assert [sorted(step) for step in found["steps"]] == [["as", "do"], ["time"], ["outside"]]
    assert found["at"].isoformat() == "2026-11-24T09:00:00+08:00"


def test_a_named_form_stands_for_what_it_says() -> None:
    text = "- forms: {报告: {summary: 甲}}\n" + HEAD + "    - {as: a, do: new, form: 报告}\n    - {as: a, do: save, form: {summary: 乙}}\n"
    (scenario,) = read_scenarios(text)
    assert [step["form"] for step in scenario["steps"]] == [{"summary": "甲"}, {"summary": "乙"}]
