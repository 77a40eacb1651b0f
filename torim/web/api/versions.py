"""Optimistic concurrency: a version leaves as an `ETag` and comes back in `If-Match`."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from torim.web.api.problems import Refusal

_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"', re.ASCII)


def tag(response: Response, version: int) -> None:
    """Name the version of what a response shows."""
    response.headers["ETag"] = f'"{version}"'


def _expected(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            max_length=60,
            description='The `ETag` of what was read, such as `"3"`; `*` for any version.',
        ),
    ] = None,
) -> int | None:
    """The version that an edit is based on; None: any.

    Raises:
        Refusal: 428 without `If-Match`, 412 with one that is none of ours.
    """
    if if_match is None:
        advice = "Send the ETag of what you read as `If-Match`, so that nobody's edit is lost; `*` overwrites any."
        raise Refusal(428, "request.if_match", advice)
    if if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Refusal(412, "request.version_conflict", "`If-Match` names no version of this; load it again.")
    return int(found[1])


Expected = Annotated[int | None, Depends(_expected)]
