"""Signed webhooks: what is sent to a business's own server, and how that server knows that it is genuine and new.

The format is that of the Standard Webhooks specification, for which libraries exist: three headers, and an HMAC-SHA256
over id, time and body. The id stays the same when a webhook is sent again, so a receiver that remembers ids acts
once; a receiver that refuses old times cannot be fed a recorded request. It decides which answers are final.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from torim import __version__
from torim.jobs.base import DeliveryError
from torim.jobs.outgoing import PrivateAddress

TIMEOUT_S = 15.0
TOLERANCE_S = 300  # how old a request may be, and how far ahead a clock
SECRET_PREFIX = "whsec_"
ANSWER_CHARACTERS = 200
_GONE = 410


def sign(secret: str, webhook_id: str, at_s: int, body: bytes) -> str:
    """The signature header of a request: ``v1,`` and the base64 of its HMAC."""
    content = f"{webhook_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), content, hashlib.sha256).digest()).decode()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now_s: int) -> str:
    """What a receiver does: check a request and return its id, to be remembered for as long as `TOLERANCE_S`.

    Raises:
        DeliveryError: ``webhook.signature`` or ``webhook.too_old``.
    """
    found = {name.lower(): value for name, value in headers.items()}
    webhook_id, at = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not at.isascii() or not at.isdigit() or abs(now_s - int(at)) > TOLERANCE_S:
        raise DeliveryError("The webhook's time is not now: it may be a recording.", "webhook.too_old", final=True)
    expected = sign(secret, webhook_id, int(at), body)
    given = found.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given):
        raise DeliveryError("The webhook's signature is wrong.", "webhook.signature", final=True)
    return webhook_id


def post(client: httpx.Client, url: str, secret: str, webhook_id: str, event: Mapping[str, Any], now: datetime) -> int:
    """Send an event; gives the status of the answer.

    Raises:
        DeliveryError: Not taken; final only if the server says that it will never be.
    """
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    at_s = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"torim/{__version__}",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": sign(secret, webhook_id, at_s, body),
    }
    try:
        answer = client.post(url, content=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)
    except PrivateAddress as error:
        raise DeliveryError(f"{_host(url)}: {error}", "webhook.private_address", final=True) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DeliveryError(f"{_host(url)} cannot be reached ({error}).", "webhook.unreachable") from error
    if not answer.is_success:
        said = " ".join(answer.text.split())[:ANSWER_CHARACTERS]
        advice = f"{_host(url)} answered {answer.status_code}: {said}"
        raise DeliveryError(
            advice, "webhook.refused", final=answer.status_code == _GONE, after_s=wait_asked_for(answer)
        )
    return answer.status_code


def wait_asked_for(answer: httpx.Response) -> float | None:
    """The seconds of a ``Retry-After`` header, if it says seconds."""
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() else None


def _host(url: str) -> str:
    """What may be told of an address: its path often is a secret."""
    try:
        return urlsplit(url).hostname or "the address"
    except ValueError:
        return "the address"


def _key(secret: str) -> bytes:
    """Secrets that begin with ``whsec_`` are base64, as the specification has them; others are taken as they are."""
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()
