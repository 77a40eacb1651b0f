"""The words of the API that several of its parts use: bases, small types, pages."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from torim.web.api.problems import Complaint, Refusal

PAGE_DEFAULT, PAGE_MAX = 50, 200
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


class In(BaseModel):
    """A request's body; unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """A response's body."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _storable(text: str) -> str:
    """No lone surrogates and no NUL: a database takes neither."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("remove characters that are no text")
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


Text = Annotated[str, AfterValidator(_storable)]
Line = Annotated[Text, AfterValidator(_one_line)]
PersonName = Annotated[Line, Field(min_length=1, max_length=120)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$")
]
Id = Annotated[Text, Field(min_length=1, max_length=128)]


def _instant(at: datetime) -> datetime:
    """An aware instant that the database can hold."""
    if at.tzinfo is None:
        raise ValueError("write an offset, as in 2027-03-01T10:00:00+02:00 or 2027-03-01T08:00:00Z")
    try:
        at = at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the year is out of range") from error
    if not 1970 <= at.year < LATEST.year:
        raise ValueError("the year is out of range")
    return at


Instant = Annotated[datetime, AfterValidator(_instant)]
# What leaves is always UTC and says so.
Utc = Annotated[datetime, PlainSerializer(lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"))]

Item = TypeVar("Item")


class Page(Out, Generic[Item]):
    """A part of a list, and where the next part begins."""

    items: list[Item]
    next_cursor: str | None = Field(description="To be sent as `cursor` for the next page; null on the last one.")


Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
CursorText = Annotated[
    str | None, Query(max_length=400, description="`next_cursor` of the page before; opaque.", alias="cursor")
]


def read_cursor(text: str | None) -> tuple[int, str] | None:
    """The sort key that a cursor stands for; raises `Refusal` 422 if it is none."""
    if not text:
        return None
    try:
        at, last = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        if type(at) is int and abs(at) < 2**53 and isinstance(last, str) and _storable(last) == last:
            return at, last
    except (ValueError, TypeError):
        pass
    complaint = Complaint(path="query.cursor", message="send `next_cursor` of the page before, unchanged")
    raise Refusal(422, "request.cursor", "The cursor is none of ours; begin without one.", errors=[complaint])


def write_cursor(at: int, last: str) -> str:
    """A cursor for a sort key."""
    return base64.urlsafe_b64encode(json.dumps([at, last]).encode()).decode("ascii")
