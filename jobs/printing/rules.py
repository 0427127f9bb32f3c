"""考生须知 of a 准考证: what the plan says, else what holds at every exam."""

from __future__ import annotations

from domain.exams.plans import ExamPlan

USUAL = (
    "请提前 30 分钟到达考核站点，凭本准考证和有效身份证件原件进入考场，并在签到表上签名。",
    "按座位号就座，将准考证和身份证件放在桌面左上角备查。",
    "不得携带手机、智能手表等电子设备和与考试无关的物品进入座位。",
    "开考 30 分钟后不得入场；未经监考人员同意，不得离开考场。",
    "服从监考人员管理，不得交头接耳、传递物品、抄袭或替考；违者按违纪处理，成绩无效。",
    "妥善保管本准考证，成绩公示时凭证件查询成绩。",
)
FIELD = "rules"
"""Of the plan's form: a rule a line."""


def rules_of(plan: ExamPlan) -> tuple[str, ...]:
    """The rules, without numbers before them."""
    lines = (line.strip() for line in str((plan.data or {}).get(FIELD, "")).splitlines())
    return tuple(line for line in lines if line) or USUAL
