"""Instants as the database keeps them: whole UTC seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds(at: datetime) -> int:
    """Whole UTC seconds of an aware datetime."""
    return int(at.timestamp())


def moment(at: int) -> datetime:
    """The aware UTC datetime of whole seconds."""
    return datetime.fromtimestamp(at, UTC)


def maybe_moment(at: int | None) -> datetime | None:
    """The same, where there may be none."""
    return None if at is None else moment(at)
