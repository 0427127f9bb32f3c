"""A time stamp authority asked by HTTP (RFC 3161, 3.4), for `sealing.seal`. Whatever it answers but a stamp is a failure that passes."""

from __future__ import annotations

import httpx
from asn1crypto import cms, tsp
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from handlers.outside import TIMEOUT, client

LARGEST = 100_000  # bytes of an answer; with its certificates one has 3–8 thousand
_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class HttpAuthority(TimeStamper):
    """The authority at this address. One object may be used for a whole batch."""

    def __init__(self, address: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.address = address

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Its answer.

        Raises:
            TimestampRequestError (an OSError): it does not answer, or something else.
        """
        try:
            answer = client().post(self.address, content=req.dump(), headers=_HEADERS, timeout=TIMEOUT)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise TimestampRequestError(str(error)) from error
        if len(answer.content) > LARGEST:
            raise TimestampRequestError(f"{len(answer.content)} bytes")
        return tsp.TimeStampResp.load(answer.content)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A stamp over this digest. Raises as `async_request_tsa_response`."""
        try:
            stamp = await super().async_timestamp(message_digest, md_algorithm)
            imprint = stamp["content"]["encap_content_info"]["content"].parsed["message_imprint"]
            same = imprint["hashed_message"].native == message_digest and imprint["hash_algorithm"]["algorithm"].native == md_algorithm
        except (ValueError, TypeError, KeyError, AttributeError) as error:  # what reading bad ASN.1, or another nonce, raises
            raise TimestampRequestError("no time stamp") from error
        if not same:
            raise TimestampRequestError("a stamp on something else")
        return stamp
