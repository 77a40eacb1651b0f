"""The settings of businesses in the database, and which called numbers are whose.

It decides what an edit that came too late means, and that a file changes its business only while nobody edited it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from torim.desk.business import Business, business_from, checked, settings_json
from torim.desk.businesses import BusinessRecord
from torim.desk.numbers import country_of, e164
from torim.errors import BookingError, ConfigError
from torim.storage.database import Database, storage_error
from torim.storage.moments import moment, seconds
from torim.storage.schema import business_numbers, businesses, calendar_busy, linked_calendars


class BusinessDirectory:
    """The businesses of one database; safe to share between threads. Fulfils `torim.desk.businesses.Businesses`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_number(self, called: str) -> BusinessRecord | None:
        """The business that answers a called number, however it is written; None: nobody's number."""
        query = select(businesses).join(business_numbers).where(business_numbers.c.number == e164(called))
        with self._database.read() as connection:
            row = connection.execute(query).first()
            return _record(row) if row else None

    def get(self, business_id: str) -> BusinessRecord | None:
        """One business."""
        with self._database.read() as connection:
            row = _row(connection, business_id)
            return _record(row) if row else None

    def all(self) -> list[BusinessRecord]:
        """Every business, in order of its id."""
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(select(businesses).order_by(businesses.c.id))]

    def versions(self) -> dict[str, int]:
        """The version of every business's settings, by its id."""
        with self._database.read() as connection:
            return {row.id: row.version for row in connection.execute(select(businesses.c.id, businesses.c.version))}

    def save(self, business: Business, expected_version: int, now: datetime) -> BusinessRecord:
        """Store changed settings; version 0 stores a new business.

        Raises:
            ConfigError: ``config.business``: the settings cannot work; ``config.number_taken``: another business
                answers one of the numbers.
            BookingError: ``business.version_conflict``: somebody saved meanwhile.
        """
        checked(business, business.id)
        with self._saving() as connection:
            row = _row(connection, business.id)
            version = row.version if row else 0
            if version != expected_version:
                advice = f"Somebody changed these settings meanwhile (version {version} now); read them again."
                raise BookingError(advice, code="business.version_conflict")
            return _put(connection, business, version, row.file_hash if row else None, now)

    def adopt(self, business: Business, now: datetime) -> BusinessRecord:
        """Store the settings of a file: new ones, or those of a file that changed while nobody edited the stored ones.

        Returns:
            What is in force now.
        """
        found = settings_hash(business)
        with self._saving() as connection:
            row = _row(connection, business.id)
            if row is not None and (row.file_hash == found or row.settings_hash != row.file_hash):
                return _record(row)
            return _put(connection, business, row.version if row else 0, found, now)

    @contextmanager
    def _saving(self) -> Iterator[Connection]:
        try:
            with self._database.write() as connection:
                yield connection
        except IntegrityError as error:
            if "business_numbers" in str(error.orig):
                advice = "Another business of this installation answers one of these numbers; take it out there first."
                raise ConfigError(advice, code="config.number_taken") from error
            if "businesses" in str(error.orig):
                advice = "Somebody saved these settings at the same instant; read them again."
                raise BookingError(advice, code="business.version_conflict") from error
            raise storage_error(error.orig or error) from error


def settings_hash(business: Business) -> str:
    """A short text that is the same for equal settings only."""
    return hashlib.sha256(settings_json(business).encode()).hexdigest()[:16]


def _row(connection: Connection, business_id: str) -> Row[Any] | None:
    return connection.execute(select(businesses).where(businesses.c.id == business_id)).first()


def _record(row: Row[Any]) -> BusinessRecord:
    business = business_from(row.settings, f"the stored settings of {row.id}")
    return BusinessRecord(business, row.version, row.settings_hash, moment(row.updated_at))


def _put(
    connection: Connection, business: Business, version: int, file_hash: str | None, now: datetime
) -> BusinessRecord:
    values = {
        "version": version + 1,
        "settings": json.loads(settings_json(business)),
        "settings_hash": settings_hash(business),
        "file_hash": file_hash,
        "updated_at": seconds(now),
    }
    if version:
        mine = (businesses.c.id == business.id) & (businesses.c.version == version)
        if not connection.execute(update(businesses).where(mine).values(values)).rowcount:
            raise BookingError("Somebody saved these settings at the same instant.", code="business.version_conflict")
    else:
        connection.execute(insert(businesses).values(values | {"id": business.id}))
    _put_numbers(connection, business)
    _put_calendars(connection, business)
    return BusinessRecord(business, version + 1, str(values["settings_hash"]), moment(seconds(now)))


def _put_numbers(connection: Connection, business: Business) -> None:
    country = country_of(business.timezone)
    numbers = {number for text in business.numbers if (number := e164(text, country)) is not None}
    connection.execute(delete(business_numbers).where(business_numbers.c.business_id == business.id))
    for number in sorted(numbers):
        connection.execute(insert(business_numbers).values(number=number, business_id=business.id))


def _put_calendars(connection: Connection, business: Business) -> None:
    """Keep what was read of the calendars whose address stays; the others begin anew."""
    wanted = {"": business.calendar} | {member.id: member.calendar for member in business.staff}
    table = linked_calendars
    known = connection.execute(select(table.c.staff_id, table.c.url).where(table.c.business_id == business.id)).all()
    for staff_id, url in known:
        if wanted.get(staff_id) != url:
            for gone in (calendar_busy, table):
                connection.execute(delete(gone).where(gone.c.business_id == business.id, gone.c.staff_id == staff_id))
    kept = {staff_id for staff_id, url in known if wanted.get(staff_id) == url}
    for staff_id, url in wanted.items():
        if url and staff_id not in kept:
            connection.execute(insert(table).values(business_id=business.id, staff_id=staff_id, url=url))
