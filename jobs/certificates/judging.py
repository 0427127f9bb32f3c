"""What a PDF that somebody hands in is worth, in words. Trusted are the certificates that the platform recorded at signing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.ground.base import in_shanghai
from jobs.certificates.facts import ROLES
from jobs.certificates.seen import ENCRYPTED, NOT_PDF, UNREADABLE, Seen, Signature

_OURS = "请上传从本平台下载的证书原文件"


class Verdict(Enum):
    """What a file is, worst first."""

    NOT_PDF = "不是 PDF 文件"
    TOO_LARGE = "文件过大"
    UNREADABLE = "文件无法读取"
    ENCRYPTED = "文件被加密"
    UNSIGNED = "没有签章"
    SAVED_AGAIN = "被其他程序重新保存过"
    CHANGED = "内容被改动过"
    FOREIGN = "签章不是本平台登记的"
    INCOMPLETE = "签章不全"
    ADDED_TO = "签发后被添加过内容"
    VALID = "签章有效"
    ISSUED = "与签发的文件完全一致"

    @property
    def good(self) -> bool:
        """Whether everything on the file is as both parties signed it."""
        return self in (Verdict.VALID, Verdict.ISSUED)


@dataclass(frozen=True)
class Known:
    """A certificate that the platform has recorded at signing."""

    role: str
    """Of `ROLES`: as whom it signed."""
    name: str


@dataclass(frozen=True)
class Checked:
    """What a file is worth."""

    verdict: Verdict
    sentences: tuple[str, ...]
    """What is wrong with it, or by whom and when it was signed."""
    seen: Seen


def judged(seen: Seen, known: Mapping[str, Known], issued: str | None = None) -> Checked:
    """The verdict on what was seen.

    `known`: the certificates that count, by their fingerprints (SHA-256 of the DER, hexadecimal) – those of this signing, or of all.
    `issued`: the SHA-256 of the file that was issued, hexadecimal, where the caller knows it. A file may be `VALID` and not the
    one that was issued, where it was sealed anew.
    """
    faults = list(_faults(seen, known))
    if not faults and not seen.orderly:
        faults = [(Verdict.ADDED_TO, "文件的构成与签发的证书不同：两个签章之间或之外还有别的改动")]
    if not faults:
        same = issued is not None and seen.digest == issued
        words = tuple(_told(signature, known[signature.fingerprint]) for signature in seen.signatures)
        return Checked(Verdict.ISSUED if same else Verdict.VALID, words, seen)
    order = list(Verdict)
    verdict = min((fault for fault, _ in faults), key=order.index)
    return Checked(verdict, tuple(dict.fromkeys(sentence for _, sentence in faults)), seen)


def _faults(seen: Seen, known: Mapping[str, Known]) -> Iterator[tuple[Verdict, str]]:
    if seen.problem == NOT_PDF:
        yield Verdict.NOT_PDF, f"这不是 PDF 文件，{_OURS}（.pdf）"
        return
    if seen.problem == ENCRYPTED:
        yield Verdict.ENCRYPTED, f"文件被加密或设有密码，本平台签发的证书不加密，{_OURS}"
        return
    signatures = seen.signatures
    if not signatures:
        if seen.problem:
            yield Verdict.UNREADABLE, f"文件不完整或已损坏，无法核验，{_OURS}"
        else:
            yield Verdict.UNSIGNED, f"文件中没有签章，可能是打印、转换或用其他程序重新保存得到的，{_OURS}"
        return
    yield from _broken(seen, known)
    yield from _strangers(signatures, known)
    yield from _missing(signatures, known)
    yield from _later(seen)


def _broken(seen: Seen, known: Mapping[str, Known]) -> Iterator[tuple[Verdict, str]]:
    for signature in seen.signatures:
        whose = _whose(signature, known)
        if not signature.placed:
            yield Verdict.SAVED_AGAIN, f"文件被其他程序重新保存过，或内容被改动过，签章已失效，{_OURS}"
        elif signature.covers > seen.size:
            yield Verdict.CHANGED, f"文件不完整：签章时至少有 {signature.covers} 个字节，现在只有 {seen.size} 个字节，{_OURS}"
        elif not signature.fingerprint:
            yield Verdict.CHANGED, f"{whose}的签章数据被改动过，无法核对"
        elif not signature.whole:
            yield Verdict.CHANGED, f"{whose}签章之后，文件内容被改动过"
        elif not signature.genuine:
            yield Verdict.CHANGED, f"{whose}的签章数据被改动过，与签章证书不符"


def _strangers(signatures: tuple[Signature, ...], known: Mapping[str, Known]) -> Iterator[tuple[Verdict, str]]:
    for signature in signatures:
        if signature.fingerprint and signature.fingerprint not in known:
            yield Verdict.FOREIGN, f"有一个签章使用的是名为“{signature.subject}”的证书，本平台没有登记过它，名称可以随意编写，不能相信"
        elif signature.field and signature.fingerprint and not _in_time(signature):
            yield Verdict.FOREIGN, f"{known[signature.fingerprint].name}的签章时间不在其签章证书的有效期内"


def _missing(signatures: tuple[Signature, ...], known: Mapping[str, Known]) -> Iterator[tuple[Verdict, str]]:
    made = [known[one.fingerprint].role for one in signatures if one.fingerprint in known]
    for role, word in ROLES.items():
        if all(one.fingerprint for one in signatures) and role not in made:
            yield Verdict.INCOMPLETE, f"缺少{word}的签章"
    for signature in signatures:
        role = known[signature.fingerprint].role if signature.fingerprint in known else ""
        if role and signature.field and signature.field != role:
            where, whose = ROLES.get(signature.field, signature.field), known[signature.fingerprint].name
            yield Verdict.INCOMPLETE, f"签章的位置不对：{where}处盖的是{whose}（{ROLES[role]}）的签章"
    if len(signatures) > len(ROLES):
        yield Verdict.ADDED_TO, f"文件中有 {len(signatures)} 个签章，签发的证书只有 {len(ROLES)} 个"


def _later(seen: Seen) -> Iterator[tuple[Verdict, str]]:
    """What came after the last signature that is good; where none is, nothing can be told from anything."""
    good = [signature for signature in seen.signatures if signature.good]
    if good and good[-1] is seen.signatures[-1] and good[-1].covers < seen.size:
        yield Verdict.ADDED_TO, f"签发之后，文件末尾又被写入了 {seen.size - good[-1].covers} 个字节，看到的内容可能与签发时不同"
    for words in seen.added if good and good[-1] is seen.signatures[-1] else ():
        yield Verdict.ADDED_TO, f"签章之后：{words}"
    if not seen.ended:
        yield Verdict.CHANGED, f"文件不完整，可能没有下载完，{_OURS}"
    elif seen.problem == UNREADABLE:
        yield Verdict.CHANGED, f"文件的结构有误，可能被改动过，{_OURS}"


def _in_time(signature: Signature) -> bool:
    if not signature.signed_at:
        return False
    signed, first, last = (datetime.fromisoformat(one) for one in (signature.signed_at, signature.valid_from, signature.valid_to))
    return signed.tzinfo is not None and first <= signed < last


def _whose(signature: Signature, known: Mapping[str, Known]) -> str:
    if signature.fingerprint in known:
        return known[signature.fingerprint].name
    return ROLES.get(signature.field, "其中一方")


def _told(signature: Signature, known: Known) -> str:
    signed = in_shanghai(datetime.fromisoformat(signature.signed_at))
    stamped = f"，有时间戳（{in_shanghai(datetime.fromisoformat(signature.stamped_at)):%Y-%m-%d %H:%M:%S}）" if signature.stamped_at else ""
    return f"{known.name}（{ROLES[known.role]}）于 {signed:%Y-%m-%d %H:%M:%S} 签章，签章有效{stamped}"
