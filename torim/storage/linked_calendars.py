"""Linked calendars in the database: which are to be read, the last good copy of each, and why one could not be read.

It decides nothing about their content, and fetches nothing: what was read is handed in as stretches of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from torim.storage.appointments import CALENDAR_GOOD_FOR
from torim.storage.database import Database
from torim.storage.moments import maybe_moment, seconds
from torim.storage.schema import calendar_busy
from torim.storage.schema import linked_calendars as table


@dataclass(frozen=True, slots=True)
class LinkedCalendar:
    """One linked calendar; ``staff_id`` "" is the whole business's. The address is a secret."""

    business_id: str
    staff_id: str
    url: str
    read_at: datetime | None  # when the copy was read; None: never
    tried_at: datetime | None
    error: str | None  # of the last attempt, in words; None: it worked

    def is_good(self, now: datetime) -> bool:
        """Whether its busy times may be relied on; if not, nothing is offered."""
        return self.read_at is not None and self.read_at >= now - CALENDAR_GOOD_FOR


class CalendarStore:
    """The linked calendars of one database; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_business(self, business_id: str) -> list[LinkedCalendar]:
        """The calendars of a business, its own first."""
        query = select(table).where(table.c.business_id == business_id).order_by(table.c.staff_id)
        with self._database.read() as connection:
            return [_linked(row) for row in connection.execute(query)]

    def claim(self, now: datetime, every: timedelta) -> list[LinkedCalendar]:
        """The calendars that nobody tried to read for so long; they count as tried from now on."""
        due = or_(table.c.tried_at.is_(None), table.c.tried_at <= seconds(now - every))
        with self._database.read() as connection:
            if connection.execute(select(table.c.url).where(due).limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            found = [_linked(row) for row in connection.execute(select(table).where(due).with_for_update())]
            connection.execute(update(table).where(due).values(tried_at=seconds(now)))
            return found

    def put_copy(
        self, calendar: LinkedCalendar, content: str, busy: Sequence[tuple[datetime, datetime]], now: datetime
    ) -> bool:
        """Replace the copy and its busy times; False if the business links another address by now."""
        with self._database.write() as connection:
            values = {"read_at": seconds(now), "tried_at": seconds(now), "error": None, "content": content}
            if not connection.execute(update(table).where(*_is(calendar)).values(values)).rowcount:
                return False
            mine = (calendar_busy.c.business_id == calendar.business_id, calendar_busy.c.staff_id == calendar.staff_id)
            connection.execute(delete(calendar_busy).where(*mine))
            rows = [
                {
                    "business_id": calendar.business_id,
                    "staff_id": calendar.staff_id,
                    "starts_at": seconds(begins),
                    "ends_at": -int(-ends.timestamp() // 1),
                }
                for begins, ends in busy
            ]
            if rows:
                connection.execute(insert(calendar_busy), rows)
            return True

    def put_error(self, calendar: LinkedCalendar, words: str, now: datetime) -> None:
        """Remember why it could not be read; the last good copy stays."""
        with self._database.write() as connection:
            connection.execute(update(table).where(*_is(calendar)).values(tried_at=seconds(now), error=words))


def _is(calendar: LinkedCalendar) -> tuple[Any, ...]:
    return (
        table.c.business_id == calendar.business_id,
        table.c.staff_id == calendar.staff_id,
        table.c.url == calendar.url,
    )


def _linked(row: Row[Any]) -> LinkedCalendar:
    return LinkedCalendar(
        row.business_id, row.staff_id, row.url, maybe_moment(row.read_at), maybe_moment(row.tried_at), row.error
    )
