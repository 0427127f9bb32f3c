"""From HTML to PDF by xhtml2pdf: nothing is fetched and no file is read; of pictures there are only the photos that are handed over."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from domain.ground.handling import FAULTS
from jobs.documents.fonts import BOLD, CHAIN, REGULAR, font

if TYPE_CHECKING:
    from xhtml2pdf.config.resources import ResourceAccessPolicy

SECONDS = 120.0  # that one document may take
LARGEST = 20_000_000  # bytes of its HTML
_SHOWN = 300  # characters of what the library says
_NOTHING = "data:text/plain,"


class BadPage(ValueError):
    """The HTML cannot be made into a PDF."""


def render(html: str, photos: Mapping[str, bytes], faces: frozenset[str]) -> bytes:
    """A PDF of this HTML.

    `photos` are JPEGs by the `src` that names them; any other `src`, and every `url(…)`, has nothing to show. `faces` are the fonts of
    `CHAIN` that the text needs besides the first.

    Raises:
        BadPage: xhtml2pdf finds the HTML wrong, cannot lay it out, or it takes too long.
    """
    from reportlab.platypus.doctemplate import LayoutError
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import RenderLimitError
    from xhtml2pdf.w3c.cssParser import CSSParseError

    _fonts_known()
    for name in faces:
        _rare_font_known(name)
    made = BytesIO()
    try:
        result = pisa.CreatePDF(
            html, made, encoding="utf-8", link_callback=_pictures(photos), resource_policy=_nothing_outside(), raise_exception=True
        )
    except (RenderLimitError, LayoutError, CSSParseError, RecursionError, AssertionError, *FAULTS) as error:
        # a style that makes no sense may break the library anywhere
        raise BadPage(str(error).partition("\n")[0][:_SHOWN] or type(error).__name__) from error
    if result.err:
        raise BadPage("; ".join(str(line[1]) for line in result.log) or "unknown")
    return made.getvalue()


def _pictures(photos: Mapping[str, bytes]) -> Callable[[object, object], str]:
    """What xhtml2pdf asks for whatever a document names."""

    def answer(uri: object, base: object) -> str:
        content = photos.get(uri) if isinstance(uri, str) else None
        return _NOTHING if content is None else "data:image/jpeg;base64," + b64encode(content).decode()

    return answer


@cache
def _nothing_outside() -> ResourceAccessPolicy:
    """xhtml2pdf's own guard, should anything not ask: no address and no file."""
    from xhtml2pdf.config.resources import ResourceAccessPolicy

    return ResourceAccessPolicy.server(
        None, allow_remote=False, allowed_hosts=frozenset(), max_resources=0, max_render_seconds=SECONDS, max_document_bytes=LARGEST
    )


@cache
def _fonts_known() -> None:
    """Tells xhtml2pdf the two fonts of every document: `Pilot`, bold where it is asked for, and `PilotRegular`, which never is."""
    from reportlab.lib.fonts import addMapping

    font(REGULAR), font(BOLD)
    for italic in (0, 1):
        addMapping(REGULAR, 0, italic, REGULAR)
        addMapping(REGULAR, 1, italic, BOLD)
    _known(REGULAR, REGULAR)
    for name in CHAIN[1:]:
        _known(name, REGULAR)  # until a text needs it: it is large, and names that nobody knows are complained about
    _one_weight(f"{REGULAR}Regular", REGULAR)


@cache
def _rare_font_known(name: str) -> None:
    font(name)
    _one_weight(name, name)


def _one_weight(family: str, name: str) -> None:
    """A family that has one font, whatever the weight."""
    from reportlab.lib.fonts import addMapping

    for bold in (0, 1):
        for italic in (0, 1):
            addMapping(family, bold, italic, name)
    _known(family, family)


def _known(family: str, name: str) -> None:
    """The table of families with which xhtml2pdf begins each document is the one place that takes fonts which are loaded already."""
    from xhtml2pdf.default import DEFAULT_FONT

    DEFAULT_FONT[family.lower()] = name
