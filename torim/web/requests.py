"""Reading requests: bounded bodies, form fields, and what a request says about where it came from.

Decides only what is too large or of the wrong kind. It believes nothing: that is `carriers/trust.py`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from torim.carriers.trust import Approach

BODY_MAX_BYTES = 64 * 1024  # a Twilio form has 1 to 3 kB
BODY_WAIT_S = 5.0  # the carrier gives a webhook 15 s in all
FIELDS_MAX = 200
_FORM = "application/x-www-form-urlencoded"
_CALL_SID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

Form = Sequence[tuple[str, str]]


def approach(connection: HTTPConnection) -> Approach:
    """What a request or handshake says about itself, and the address it really came from."""
    scope = connection.scope
    path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    query = scope.get("query_string", b"")
    target = (path + b"?" + query if query else path).decode("latin-1")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    peer = connection.client.host if connection.client else ""
    return Approach(peer, scope["scheme"], target, headers)


async def read_form(request: Request) -> Form:
    """The fields of a form post, in order, blank ones included.

    Raises:
        HTTPException: 415 if it is not a form, 413 if it is too large, 408 if it does not come, 400 if it is
            not UTF-8 or has too many fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise HTTPException(415, f"Send the fields as {_FORM}.")
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            body = await _read_body(request)
    except TimeoutError as error:
        raise HTTPException(408, f"The body did not come within {BODY_WAIT_S:.0f} s.") from error
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise HTTPException(400, f"The form cannot be read: send at most {FIELDS_MAX} UTF-8 fields.") from error


def call_sid(form: Form) -> str:
    """The call that a webhook is about; raises `HTTPException` 400 if it names none."""
    sid = field(form, "CallSid")
    if not _CALL_SID.fullmatch(sid):
        raise HTTPException(400, "The form needs a CallSid of 1 to 64 letters, digits, - or _.")
    return sid


def field(form: Form, name: str) -> str:
    """The first field of that name, or an empty text."""
    return next((value for given, value in form if given == name), "")


async def _read_body(request: Request) -> bytes:
    parts: list[bytes] = []
    size_bytes = 0
    async for part in request.stream():
        size_bytes += len(part)
        if size_bytes > BODY_MAX_BYTES:
            raise HTTPException(413, f"The body is larger than {BODY_MAX_BYTES} bytes.")
        parts.append(part)
    return b"".join(parts)
