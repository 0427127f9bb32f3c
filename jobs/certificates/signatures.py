"""The signatures in a PDF, found by their bytes: whether what each covers is as it was signed. Structure does not matter here.

So a file whose structure a change has broken still tells which signature the change has broken. Nothing is believed of a name in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from asn1crypto import cms, core, parser, tsp
from asn1crypto import x509 as asn1
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError, extract_signer_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, validate_sig_integrity

from jobs.certificates.seen import Signature

MOST = 20
"""Signatures that are looked at: of the product's own there are two."""
# Possessive throughout: linear on any file.
_RANGE = re.compile(rb"/ByteRange[\x00\t\n\f\r ]*+\[" + rb"[\x00\t\n\f\r ]*+([0-9]{1,12}+)" * 4 + rb"[\x00\t\n\f\r ]*+\]")
_DIGESTS = frozenset(("sha256", "sha384", "sha512"))
Range = tuple[int, int, int, int]
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, RuntimeError, OverflowError)
"""What reading hostile ASN.1 may raise besides the library's own errors."""


def signatures_of(content: bytes) -> Iterator[tuple[Range, Signature]]:
    """Each signature of the file with the bytes that it covers, in the order of where they end; at most `MOST`."""
    found: dict[Range, None] = {}
    for match in _RANGE.finditer(content):
        start, length, after, rest = map(int, match.groups())
        found[start, length, after, rest] = None
        if len(found) == MOST:
            break
    for at in sorted(found, key=lambda one: one[2] + one[3]):
        yield at, _signature(content, at)


def _signature(content: bytes, at: Range) -> Signature:
    start, length, after, rest = at
    hole = content[length:after] if 0 < after - length < len(content) else b""
    framed = start == 0 and hole[:1] == b"<" and hole[-1:] == b">"
    there = framed and after + rest <= len(content)
    seen = Signature("", "", "", "", "", "", framed, whole=False, genuine=False, covers=after + rest)
    try:
        encoded = bytes.fromhex(hole[1:-1].decode("ascii"))
        long = parser.peek(encoded)
        told = cms.ContentInfo.load(encoded[:long])
        # beyond the signature there are zeros alone, and its digits are written as they were: nobody hides or changes anything in them
        tidy = hole[1:-1] == encoded.hex().upper().encode() and not encoded[long:].strip(b"\0")
        return _verified(seen, told["content"], _covered(content, at), tidy) if there else seen
    except (*MALFORMED, SignatureValidationError, CMSExtractionError, CMSStructuralError):
        return seen


def _covered(content: bytes, at: Range) -> memoryview:
    return memoryview(content[: at[1]] + content[at[2] : at[2] + at[3]])


def _verified(seen: Signature, signed: cms.SignedData, covered: memoryview, tidy: bool) -> Signature:
    certificate, genuine, whole = _checked(signed, "data", covered)
    told = replace(
        seen,
        fingerprint=hashlib.sha256(certificate.dump()).hexdigest(),
        subject=str(certificate.subject.native.get("common_name") or certificate.subject.human_friendly)[:200],
        valid_from=certificate.not_valid_before.isoformat(),
        valid_to=certificate.not_valid_after.isoformat(),
        whole=whole,
        genuine=genuine and tidy,
    )
    return _stamped(told, signed)


def _checked(signed: cms.SignedData, kind: str, covered: memoryview | bytes) -> tuple[asn1.Certificate, bool, bool]:
    """The signer's certificate, whether its key made the signature, and whether that is over these bytes."""
    info = extract_signer_info(signed)
    certificate = extract_certs_for_validation(signed).signer_cert
    algorithm = str(info["digest_algorithm"]["algorithm"].native)
    if algorithm not in _DIGESTS or info["signed_attrs"] is core.VOID:
        return certificate, False, False
    digest = hashlib.new(algorithm, covered).digest()
    whole, genuine = validate_sig_integrity(info, certificate, kind, digest)
    return certificate, bool(genuine), bool(whole)


def _stamped(seen: Signature, signed: cms.SignedData) -> Signature:
    """With what a time stamp says, where one belongs to this signature (RFC 3161, appendix A)."""
    info = extract_signer_info(signed)
    try:
        token: Any = next(
            value["content"]
            for attribute in (info["unsigned_attrs"] or ())
            if attribute["type"].native == "signature_time_stamp_token"
            for value in attribute["values"]
        )
        inner: tsp.TSTInfo = token["encap_content_info"]["content"].parsed
        imprint = inner["message_imprint"]
        algorithm = str(imprint["hash_algorithm"]["algorithm"].native)
        ours = hashlib.new(algorithm, info["signature"].native).digest() if algorithm in _DIGESTS else b""
        certificate, genuine, whole = _checked(token, "tst_info", bytes(token["encap_content_info"]["content"]))
        if not (ours == imprint["hashed_message"].native and genuine and whole):
            return seen
        return replace(seen, stamped_at=inner["gen_time"].native.isoformat(), authority=hashlib.sha256(certificate.dump()).hexdigest())
    except (StopIteration, *MALFORMED, SignatureValidationError, CMSExtractionError, CMSStructuralError):
        return seen
