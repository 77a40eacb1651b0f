"""One-time tokens that let one media stream of one call reach one worker.

A webhook's signature can be replayed; a token cannot: it names its call, its worker and its last moment, and
the worker named in it accepts it once. Pure: the instant, the nonce and the secret are arguments.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from heapq import heappop, heappush

import msgspec

from torim.errors import CarrierError

TTL_S = 60  # a carrier opens the stream within seconds of the answer
_TOKEN_MAX_CHARS = 499  # what fits a Twilio stream parameter
_MAC_BYTES = 32


class StreamToken(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a token says; ``expires_s`` is in seconds since the epoch.

    A stream's own start message may say what it likes about ``business_id`` and ``caller``: where a token names them,
    the token counts.
    """

    call_sid: str
    worker: int
    expires_s: int
    nonce: str
    business_id: str = ""  # that is called; "": whose number it is
    caller: str | None = None  # the calling number, "" if it is withheld; None: the start message says it


def issue(
    secret: bytes,
    call_sid: str,
    worker: int,
    now_s: int,
    nonce: str,
    ttl_s: int = TTL_S,
    *,
    business_id: str = "",
    caller: str | None = None,
) -> str:
    """Make the token for one stream.

    Args:
        secret: Shared by the issuer and all workers, at least 16 random bytes.
        nonce: Random text that no other token has.
        business_id, caller: Whom the call is to and from, where its start message must not say so.

    Returns:
        URL-safe text, under 500 characters.
    """
    body = msgspec.json.encode(StreamToken(call_sid, worker, now_s + ttl_s, nonce, business_id, caller))
    return urlsafe_b64encode(_mac(secret, body) + body).decode("ascii")


def verify(secret: bytes, token: str, call_sid: str, worker: int, now_s: int) -> StreamToken:
    """Read a token back, if it was issued here, for this call and worker, and is still valid.

    Raises:
        CarrierError: It is none of ours, is for another call or worker, or has expired.
    """
    found = _read(secret, token)
    if found.call_sid != call_sid or found.worker != worker:
        raise CarrierError("The stream's token belongs to another call or worker.", "carrier.token_misplaced")
    if found.expires_s < now_s:
        raise CarrierError(
            f"The stream's token expired {now_s - found.expires_s} s ago; check the clocks of the machines.",
            "carrier.token_expired",
        )
    return found


class UsedTokens:
    """Which tokens one worker has accepted; each is remembered until it expires."""

    def __init__(self) -> None:
        self._nonces: set[str] = set()
        self._by_expiry: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._nonces)

    def spend(self, token: StreamToken, now_s: int) -> None:
        """Use a verified token up; raises `CarrierError` if it was used before."""
        while self._by_expiry and self._by_expiry[0][0] < now_s:
            self._nonces.discard(heappop(self._by_expiry)[1])
        if token.nonce in self._nonces:
            raise CarrierError("The stream's token was used before; each opens one stream.", "carrier.token_replayed")
        self._nonces.add(token.nonce)
        heappush(self._by_expiry, (token.expires_s, token.nonce))


def _read(secret: bytes, token: str) -> StreamToken:
    try:
        raw = urlsafe_b64decode(token.encode("ascii")) if len(token) <= _TOKEN_MAX_CHARS else b""
        given, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        one_spelling = urlsafe_b64encode(raw).decode("ascii") == token  # Base64 has spare bits, and skips what is none
        if one_spelling and hmac.compare_digest(given, _mac(secret, body)):
            return msgspec.json.decode(body, type=StreamToken)
    except (ValueError, msgspec.MsgspecError):
        pass
    raise CarrierError(
        "The stream has no valid token: it must come from the webhook's answer.", "carrier.token_invalid"
    )


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"torim stream token\0" + body, "sha256")
