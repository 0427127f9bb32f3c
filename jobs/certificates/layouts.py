"""The layout of certificates: a YAML file that says what stands where on A4 across. A designer changes it without touching Python.

`layouts/standard.yaml` is the product's own, and explains what may be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from domain.ground.errors import DomainError
from jobs.certificates.facts import ROLES, WORDS
from jobs.documents.fonts import BOLD, REGULAR, SERIF

PAGE = (297.0, 210.0)  # mm, A4 across
LARGEST = 50_000  # characters
MOST = 200  # parts
FONTS: Mapping[str, str] = {"宋体": SERIF, "黑体": REGULAR, "粗黑体": BOLD}
ALIGNED = {"左": 0.0, "中": 0.5, "右": 1.0}
PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
Box = tuple[float, float, float, float]
"""Left, top, width and height in mm, from the left upper corner of the page."""
Colour = tuple[float, float, float]


class BadLayout(DomainError):
    """证书版式有误，请修改后重试。"""


@dataclass(frozen=True, eq=False)
class Part:
    """Something that stands on the page; what it has besides follows from its kind (`KINDS`)."""

    kind: str
    box: Box
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0
    """Where it stands in the file."""


@dataclass(frozen=True, eq=False)
class Layout:
    """A layout without faults of form. `layout_of` gives the same one for the same text, so that what is made of it is kept by it."""

    title: str
    """Of the document, as programs that show it write it at their top."""
    ground: Colour | None
    parts: tuple[Part, ...]

    def of(self, kind: str) -> list[Part]:
        """The parts of a kind."""
        return [part for part in self.parts if part.kind == kind]


def standard() -> str:
    """The product's own layout."""
    return (Path(__file__).parent / "layouts" / "standard.yaml").read_text("utf-8")


@lru_cache(maxsize=64)
def layout_of(text: str) -> Layout:
    """The layout that this text describes; remembered, as thousands are drawn by one.

    Raises:
        BadLayout: with all that is wrong with its form; `jobs.certificates.faults` looks further.
    """
    layout, found = parsed(text)
    if layout is None or found:
        raise BadLayout("；".join(found))
    return layout


def parsed(text: str) -> tuple[Layout | None, list[str]]:
    """The layout, as far as it can be read, and what is wrong with its form, in words for a designer."""
    if len(text) > LARGEST:
        return None, [f"版式过长（{len(text)} 个字符），最多 {LARGEST} 个字符"]
    try:
        told = yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader, and stricter
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [f"第 {line} 行：不符合 YAML 格式（{error.problem}）"]
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # characters that YAML has not; numbers and dates that are none
        return None, [f"版式不符合 YAML 格式：{error or '嵌套过深'}"]
    if not isinstance(told, dict):
        return None, ["版式应写明“名称”“底色”和“内容”"]
    found = [f"版式中不能写“{name}”，只能写：{'、'.join(_TOP)}" for name in told if name not in (*_TOP, _LINE)]
    title, ground, listed = told.get("名称"), told.get("底色"), told.get("内容")
    if not isinstance(title, str) or not title.strip():
        found.append("版式缺少“名称”")
    if ground is not None and not _is_colour(ground):
        found.append('“底色”应为颜色，例如 "#fffdf6"')
    if not isinstance(listed, list) or not listed:
        return None, [*found, "版式缺少“内容”"]
    if len(listed) > MOST:
        return None, [*found, f"“内容”最多 {MOST} 项"]
    parts = [part for one in listed if (part := _part(one, found)) is not None]
    return Layout(str(title or ""), colour_of(str(ground)) if _is_colour(ground) else None, tuple(parts)), found


def colour_of(text: str) -> Colour:
    """`#rrggbb` as three numbers up to 1."""
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _part(told: object, found: list[str]) -> Part | None:
    line = told.get(_LINE, 0) if isinstance(told, dict) else 0
    kinds = [name for name in told if name in KINDS] if isinstance(told, dict) else []
    if not isinstance(told, dict) or len(kinds) != 1:
        found.append(
            f"第 {line} 行：每项须写明是以下哪一种：{'、'.join(KINDS)}" if line else f"“内容”中的每项须是以下一种：{'、'.join(KINDS)}"
        )
        return None
    kind = kinds[0]
    before = len(found)
    box = told.get("位置")
    if not _is_box(box):
        found.append(f"第 {line} 行：“位置”应为 [左, 上, 宽, 高]，单位毫米，不超出 {PAGE[0]:g} × {PAGE[1]:g} 的页面")
    settings: dict[str, Any] = {}
    allowed = KINDS[kind]
    for name, value in told.items():
        if name in ("位置", _LINE):
            continue
        check = allowed.get(name)
        if check is None:
            found.append(f"第 {line} 行：“{kind}”不能写“{name}”，只能写：{'、'.join(('位置', *allowed))}")
        elif (wrong := check(value)) is not None:
            found.append(f"第 {line} 行：“{name}”{wrong}")
        else:
            settings[name] = value
    return Part(kind, tuple(map(float, box)), settings, line) if len(found) == before and box else None  # type: ignore[arg-type]


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and _COLOUR.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1000


def _is_box(value: object) -> bool:
    if not (isinstance(value, list) and len(value) == 4 and all(map(_is_number, value))):
        return False
    left, top, width, height = value
    within: bool = left >= 0 and top >= 0 and left + width <= PAGE[0] and top + height <= PAGE[1]
    return within and width >= 0 and height >= 0 and width + height > 0


def _number(least: float, most: float) -> Callable[[object], str | None]:
    return lambda value: None if _is_number(value) and least <= value <= most else f"应为 {least:g}–{most:g} 的数"  # type: ignore[operator]


def _choice(choices: Mapping[str, object]) -> Callable[[object], str | None]:
    return lambda value: None if isinstance(value, str) and value in choices else f"应为以下之一：{'、'.join(choices)}"


def _colour(value: object) -> str | None:
    return None if _is_colour(value) else '应为颜色，例如 "#8a1c1c"'


def _text(value: object) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "应为文字"
    unknown = [name for name in PLACEHOLDER.findall(value) if name not in WORDS]
    if unknown:
        return f"中没有“{{{unknown[0]}}}”这个变量，可用：{'、'.join(f'{{{name}}} {word}' for name, word in WORDS.items())}"
    rest = PLACEHOLDER.sub("", value)
    return "中的大括号不成对，变量写作 {name}" if "{" in rest or "}" in rest else None


def _party(value: object) -> str | None:
    return None if value in ROLES.values() else f"应为以下之一：{'、'.join(ROLES.values())}"


def _nothing(value: object) -> str | None:
    return None if value is None else "后面不写内容"


KINDS: Mapping[str, Mapping[str, Callable[[object], str | None]]] = {
    "文字": {
        "文字": _text,
        "字号": _number(4, 120),
        "最小": _number(3, 120),
        "字体": _choice(FONTS),
        "颜色": _colour,
        "对齐": _choice(ALIGNED),
        "字距": _number(0, 40),
    },
    "照片": {"照片": _nothing, "颜色": _colour},
    "二维码": {"二维码": _nothing, "颜色": _colour},
    "签章": {"签章": _party},
    "线": {"线": _nothing, "颜色": _colour, "粗细": _number(0.05, 10)},
    "框": {"框": _nothing, "颜色": _colour, "粗细": _number(0.05, 10), "圆角": _number(0, 50), "填充": _colour},
    "花边": {"花边": _nothing, "颜色": _colour, "粗细": _number(0.05, 2), "宽度": _number(2, 20)},
    "团花": {"团花": _nothing, "颜色": _colour, "粗细": _number(0.05, 2), "花瓣": _number(3, 60)},
}
"""What may stand on the page, and what may be said of each besides its 位置."""
_TOP = ("名称", "底色", "内容")
_LINE = "\0line"  # no key of a file can be this


class _Loader(yaml.SafeLoader):
    """Plain values alone: no anchors (a small file would grow without end), no tags, no key twice; each mapping knows its line."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Called for each value of the file."""
        if (event := self.peek_event()) and getattr(event, "anchor", None) is not None:  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "不能使用锚点和引用（& 和 *）", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A mapping with the line on which it begins."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for at, key in enumerate(keys):
            if not isinstance(key, str) or key in keys[:at]:
                raise yaml.constructor.ConstructorError(None, None, f"“{key}”写了两次或不是文字", node.value[at][0].start_mark)
        return {**super().construct_mapping(node, deep=True), _LINE: node.start_mark.line + 1}
