"""What is seen in a PDF that somebody hands in: values that go through a pipe as JSON. Whom to believe, `judging` decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NOT_PDF, ENCRYPTED, UNREADABLE = "not a pdf", "encrypted", "unreadable"


@dataclass(frozen=True)
class Signature:
    """One signature, in the order in which they were made."""

    field: str
    """The name of its field; empty where the file cannot be read that far."""
    fingerprint: str
    """SHA-256 of the signer's certificate (DER), hexadecimal; empty where there is none that can be read."""
    subject: str
    """Whom that certificate names: anybody may make one with any name."""
    valid_from: str
    valid_to: str
    """ISO 8601, as the next."""
    signed_at: str
    """When, as the signer says; empty where it says nothing."""
    placed: bool
    """Whether it lies where it says: it covers what is before and after itself, from the file's first byte on."""
    whole: bool
    """Whether these bytes are as they were signed."""
    genuine: bool
    """Whether the signature itself was made with the certificate's key."""
    covers: int
    """Up to which byte of the file."""
    stamped_at: str = ""
    """When, as a time stamp on it says, where there is one that belongs to it."""
    authority: str = ""
    """The fingerprint of who made that."""

    @property
    def good(self) -> bool:
        """Whether what it covers is what this key signed."""
        return self.placed and self.whole and self.genuine


@dataclass(frozen=True)
class Seen:
    """A file."""

    digest: str
    """Its SHA-256, hexadecimal."""
    size: int
    problem: str = ""
    """Why it could not be read as a whole: one of the words above."""
    ended: bool = False
    """Whether there is an end of a PDF near its end: a file that was not received as a whole has none."""
    title: str = ""
    """What the file says that it is."""
    signatures: tuple[Signature, ...] = ()
    revisions: int = 0
    """How many times something was written to its end, the first writing among them."""
    orderly: bool = False
    """Whether readers find just these signatures, each in its field and in a revision of its own, which does nothing but sign."""
    added: tuple[str, ...] = ()
    """What was added or replaced after the last good signature, in words."""

    @property
    def number(self) -> str:
        """The number that its title ends with: where to look for what was issued. Nothing proves it."""
        return self.title.split()[-1] if self.title.split() else ""

    def as_json(self) -> dict[str, Any]:
        """As it goes through a pipe."""
        return asdict(self)


def seen_of(told: Mapping[str, Any]) -> Seen:
    """What `as_json` gave."""
    return Seen(**{**told, "signatures": tuple(Signature(**one) for one in told["signatures"]), "added": tuple(told["added"])})
