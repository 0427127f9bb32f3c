"""What readers make of a PDF's structure: which fields are signed, how often it was added to, and what was added after a signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zlib import error as ZlibError

from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget
from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.errors import SignatureValidationError

from jobs.certificates.facts import ROLES
from jobs.certificates.signatures import MALFORMED, Range

BROKEN = (PdfError, SignatureValidationError, ZlibError, AssertionError, *MALFORMED)
"""What reading a hostile PDF may raise."""
_LIMITS = DecodeLimits(document_budget=DocumentDecodeBudget(base_allowance=64 * 1024 * 1024))


@dataclass(frozen=True)
class Field:
    """A signed field."""

    name: str
    range: Range
    signed_at: str
    """ISO 8601; empty where it is not told."""
    revision: int
    """In which its signature was written last; 0 is the first writing."""


@dataclass(frozen=True)
class Structure:
    """What a reader makes of a file."""

    reader: PdfFileReader
    encrypted: bool
    title: str
    revisions: int
    fields: tuple[Field, ...]
    """In the order of their revisions."""


def structure_of(content: bytes) -> Structure:
    """Reads it as strictly as may be: programs of the product write nothing that this refuses.

    Raises:
        one of `BROKEN`: it cannot be read.
    """
    reader = PdfFileReader(BytesIO(content), strict=True, decode_limits=_LIMITS)
    if reader.encrypted:
        return Structure(reader, True, "", reader.total_revisions, ())
    found = enumerate_sig_fields(reader, filled_status=True)
    fields = sorted((_field(reader, name, value.get_object(), field) for name, value, field in found), key=lambda one: one.revision)
    return Structure(reader, False, _title(reader), reader.total_revisions, tuple(fields))


def _field(reader: PdfFileReader, name: str, value: Any, field: Any) -> Field:
    start, length, after, rest = (int(number) for number in value["/ByteRange"])
    reference = field.get_object().raw_get("/V").reference
    return Field(name, (start, length, after, rest), _moment(value.get("/M")), reader.xrefs.get_last_change(reference))


def _moment(told: Any) -> str:
    from pyhanko.pdf_utils.generic import parse_pdf_date

    try:
        return "" if told is None else parse_pdf_date(told).isoformat()
    except MALFORMED:
        return ""


def _title(reader: PdfFileReader) -> str:
    try:
        return str(reader.trailer_view["/Info"]["/Title"])[:200]
    except BROKEN:
        return ""


def orderly(structure: Structure, ranges: list[Range], size: int) -> bool:
    """Whether it is built as certificates are: drawn, then a revision for each role, which does nothing but sign in that role's field."""
    fields = structure.fields
    if [one.range for one in fields] != ranges or [one.name for one in fields] != list(ROLES):
        return False
    if structure.revisions != len(ROLES) + 1 or [one.revision for one in fields] != list(range(1, structure.revisions)):
        return False
    return _end(fields[-1].range) == size and _only_filled_in(structure.reader, fields[0].revision)


def _only_filled_in(reader: PdfFileReader, since: int) -> bool:
    """Whether whatever came after this revision did nothing but sign."""
    result = DEFAULT_DIFF_POLICY.review_file(reader, since, doc_mdp=MDPPerm.FILL_FORMS)
    return isinstance(result, DiffResult) and result.modification_level.value <= MDPPerm.FILL_FORMS.value


def added_after(structure: Structure, last: Range) -> tuple[str, ...]:
    """What was added or replaced after the signature over this range, in words, as far as a reader can tell."""
    field = next((one for one in structure.fields if one.range == last), None)
    if field is None:
        return ("最后一个有效的签章已被换掉，读者看不到它",)
    later = range(field.revision + 1, structure.revisions)
    before = structure.reader.get_historical_resolver(field.revision)
    return tuple(_changes(structure, before, field.revision, later)) if later else ()


def _changes(structure: Structure, before: HistoricalResolver, revision: int, later: range) -> Iterator[str]:
    reader = structure.reader
    pages = [int(one.root["/Pages"]["/Count"]) for one in (before, reader)]
    if pages[0] != pages[1]:
        yield f"页数由 {pages[0]} 页变为 {pages[1]} 页"
    counted = [_annotations(one) for one in (before, reader)]
    if counted[0] < counted[1]:
        yield f"页面上添加了 {counted[1] - counted[0]} 个批注、附件或表单"
    elif counted[0] > counted[1]:
        yield f"页面上的 {counted[0] - counted[1]} 个签章或批注被移走"
    if before.root_ref.idnum != reader.root_ref.idnum:
        yield "文件的目录被换成了另一个，原来的内容被藏起来了"
    touched = set[Reference]().union(*(reader.xrefs.explicit_refs_in_revision(one) for one in later))
    freed = {number for one in later for number in reader.xrefs.get_xref_data(one).freed if _was_used(before, number)}
    replaced = [one for one in touched if _was_there(structure, one, revision)]
    if replaced:
        yield f"原有的 {len(replaced)} 处内容（{'、'.join(dict.fromkeys(_kind(before, one) for one in _sorted(replaced)))}）被改写"
    if freed:
        yield f"原有的 {len(freed)} 处内容被删除"
    if not replaced and not freed and touched:
        yield f"添加了 {len(touched)} 处内容"


def _annotations(handler: PdfFileReader | HistoricalResolver) -> int:
    total = 0
    waiting, seen = [handler.root["/Pages"]], 0
    while waiting and seen < 1000:
        node = waiting.pop()
        seen += 1
        total += len(node.get("/Annots", ()))
        waiting += [kid.get_object() for kid in node.get("/Kids", ())]
    return total


def _was_there(structure: Structure, reference: Reference, revision: int) -> bool:
    introduced = structure.reader.xrefs.get_introducing_revision(reference)
    return bool(introduced <= revision)


def _was_used(before: HistoricalResolver, number: int) -> bool:
    try:
        return bool(number) and before.get_object(Reference(number, 0, before)) is not None
    except BROKEN:
        return False


def _sorted(references: list[Reference]) -> list[Reference]:
    return sorted(references, key=lambda one: one.idnum)


_KINDS = {
    "/Catalog": "目录",
    "/Pages": "页面列表",
    "/Page": "页面",
    "/Font": "字体",
    "/FontDescriptor": "字体",
    "/Annot": "签章栏",
    "/Sig": "签章",
    "/Image": "图片",
    "/Form": "图形",
    "/ExtGState": "图形",
}


def _kind(before: HistoricalResolver, reference: Reference) -> str:
    try:
        told: Any = before.get_object(reference)
        return next((_KINDS[name] for name in (str(told.get("/Subtype")), str(told.get("/Type"))) if name in _KINDS), "其他内容")
    except BROKEN:
        return "其他内容"


def _end(at: Range) -> int:
    return at[2] + at[3]
