"""New stream tokens: the one place of the web side where the clock and randomness go into them."""

from __future__ import annotations

import secrets
import time

from torim.live import tokens

_NONCE_BYTES = 12


def stream_token(secret: bytes, call_sid: str, worker: int, *, business_id: str = "", caller: str | None = None) -> str:
    """A token that opens one stream of this call at this worker, for the next minute; see `torim.live.tokens`."""
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    return tokens.issue(secret, call_sid, worker, int(time.time()), nonce, business_id=business_id, caller=caller)
