"""Messages of callers in the database: every method is one transaction, scoped to one business."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from torim.desk.messages import Message, MessageRequest, Urgency
from torim.errors import BookingError
from torim.storage.calls import ensure_call
from torim.storage.database import Database
from torim.storage.jobs import Fact, add_fact
from torim.storage.moments import maybe_moment, moment, seconds
from torim.storage.schema import messages as table


class MessageBox:
    """The messages of one database; safe to share between threads. Fulfils `torim.desk.messages.Messages`."""

    _database: Database

    def leave_message(self, request: MessageRequest) -> Message:
        """Make the message durable, or return the one already made under this key."""
        with self._database.write() as connection:
            made = _by_key(connection, request)
            return made or _insert(connection, request)

    def messages(
        self,
        business_id: str,
        *,
        call_id: str | None = None,
        is_done: bool | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Message]:
        """Messages, newest first; all, or only those that are done or not."""
        query = select(table).where(table.c.business_id == business_id)
        if call_id is not None:
            query = query.where(table.c.call_id == call_id)
        if is_done is not None:
            query = query.where(table.c.done_at.is_not(None) if is_done else table.c.done_at.is_(None))
        query = query.order_by(table.c.created_at.desc(), table.c.id).limit(limit).offset(offset)
        with self._database.read() as connection:
            return [message_of(row) for row in connection.execute(query)]

    def message(self, business_id: str, message_id: str) -> Message | None:
        """One message."""
        with self._database.read() as connection:
            return _find(connection, business_id, message_id)

    def mark_done(
        self,
        business_id: str,
        message_id: str,
        now: datetime,
        *,
        done: bool = True,
        expected_version: int | None = None,
    ) -> Message:
        """Mark a message as done, or as open again.

        Raises:
            BookingError: ``message.not_found``, ``message.version_conflict``.
        """
        with self._database.write() as connection:
            made = _find(connection, business_id, message_id)
            if made is None:
                raise BookingError(f"There is no message {message_id!r}.", code="message.not_found")
            if expected_version not in (None, made.version):
                advice = f"Somebody changed this message meanwhile (version {made.version} now); read it again."
                raise BookingError(advice, code="message.version_conflict")
            if done == (made.done_at is not None):
                return made
            values = {"done_at": seconds(now) if done else None, "version": made.version + 1}
            connection.execute(update(table).where(table.c.id == message_id).values(values))
            return message_of(connection.execute(select(table).where(table.c.id == message_id)).one())


def _by_key(connection: Connection, request: MessageRequest) -> Message | None:
    query = select(table).where(
        table.c.business_id == request.business_id, table.c.idempotency_key == request.idempotency_key
    )
    row = connection.execute(query).first()
    return message_of(row) if row else None


def _find(connection: Connection, business_id: str, message_id: str) -> Message | None:
    query = select(table).where(table.c.business_id == business_id, table.c.id == message_id)
    row = connection.execute(query).first()
    return message_of(row) if row else None


def _insert(connection: Connection, request: MessageRequest) -> Message:
    if request.call_id is not None:
        ensure_call(connection, request.call_id, request.business_id, request.asked_at)
    row = {
        "id": secrets.token_hex(8),
        "business_id": request.business_id,
        "call_id": request.call_id,
        "idempotency_key": request.idempotency_key,
        "from_number": request.from_number,
        "name": request.name,
        "text": request.text,
        "urgency": request.urgency.value,
        "created_at": seconds(request.asked_at),
    }
    connection.execute(insert(table).values(row))
    add_fact(connection, request.business_id, Fact.MESSAGE_LEFT, str(row["id"]), request.asked_at)
    return message_of(connection.execute(select(table).where(table.c.id == row["id"])).one())


def message_of(row: Row[Any]) -> Message:
    """A row of the table as the desk sees it."""
    return Message(
        id=row.id,
        business_id=row.business_id,
        text=row.text,
        created_at=moment(row.created_at),
        call_id=row.call_id,
        from_number=row.from_number,
        name=row.name,
        urgency=Urgency(row.urgency),
        done_at=maybe_moment(row.done_at),
        version=row.version,
    )
