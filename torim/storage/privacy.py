"""What is kept of a person and what is not: export and erasure of one caller, forgetting of calls, storage modes.

Files go before rows: a crash in between leaves a row that says what is still to be done, and doing it again is safe.
What stays of a call that was forgotten is what nobody can be known by: times, counts, outcome, measures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, or_, select, update

from torim.desk.business import PrivacyMode
from torim.desk.notes import call_of
from torim.errors import StorageError
from torim.storage.database import Database
from torim.storage.files import call_files, note_file, notes_dir
from torim.storage.moments import maybe_moment, moment, seconds
from torim.storage.schema import appointments, call_events, calls, messages, turns

_HIDDEN = "[...]"
_PERSONAL = re.compile(r"[^\s@<>(),;:]+@[\w.-]+\.\w+|\+?\d(?:[\s().-]?\d){4,}")
_DATE = re.compile(r"\d{1,2}[.\s-]\d{1,2}[.\s-]\d{4}|\d{4}-\d{2}-\d{2}")
_FORGOTTEN: Mapping[str, Any] = {
    "from_number": None,
    "summary": None,
    "intent": None,
    "next_action": None,
    "details": None,
    "recording_path": None,
}
_NO_CONTACT: Mapping[str, Any] = {
    "contact_name": None,
    "contact_phone": None,
    "contact_email": None,
    "notes": None,
    "name_note": None,
    "call_summary": None,
    "call_transcript": None,
}


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure removed."""

    calls: int = 0
    appointments: int = 0
    messages: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class Export:
    """Everything that is kept of one caller: values for JSON, and files by their name in the export."""

    data: Mapping[str, Any]
    files: Mapping[str, Path] = field(default_factory=dict)


class PrivacyStore:
    """The personal data of one database and its directory of files; every method blocks.

    Args:
        data_dir: Where recordings, timelines and voice notes are.
    """

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database = database
        self._data_dir = data_dir

    # --- one caller -------------------------------------------------------------------------------------

    def export(self, business_id: str, numbers: Sequence[str]) -> Export:
        """Everything that one business keeps of a caller.

        Args:
            numbers: The forms in which the caller's number may be stored; E.164 first.
        """
        with self._database.read() as connection:
            found = _calls_of(connection, business_id, numbers)
            ids = [row.id for row in found]
            made = _rows(connection, select(appointments).where(_appointments_of(business_id, numbers)))
            left = _rows(connection, select(messages).where(_messages_of(business_id, numbers)))
            said = _rows(connection, select(turns).where(turns.c.call_id.in_(ids)).order_by(turns.c.call_id, turns.c.n))
            lines = _rows(connection, select(call_events).where(call_events.c.call_id.in_(ids)))
        data = {
            "number": numbers[0],
            "business_id": business_id,
            "calls": [_call_data(row, said, lines) for row in found],
            "appointments": [_readable(row, _APPOINTMENT_TIMES) for row in made],
            "messages": [_readable(row, ("created_at", "done_at")) for row in left],
        }
        files = [*self._call_files(found), *self._notes(made, found)]
        return Export(data, {f"files/{path.name}": path for path in files})

    def erase(self, business_id: str, numbers: Sequence[str], now: datetime) -> Erased:
        """Remove everything that one business keeps of a caller; what it is counted by stays.

        Appointments keep their time, without a name to it.

        Raises:
            StorageError: ``privacy.call_live``: the caller is on the telephone.
        """
        with self._database.read() as connection:
            found = _calls_of(connection, business_id, numbers)
            made = _rows(connection, select(appointments).where(_appointments_of(business_id, numbers)))
        if any(row.ended_at is None for row in found):
            advice = "A call of this number is going on, or was cut off and not yet tidied up; try again after it."
            raise StorageError(advice, "privacy.call_live")
        files = _remove([*self._call_files(found), *self._notes(made, found)])
        with self._database.write() as connection:
            ids = [row.id for row in found]
            _forget(connection, ids, now)
            mine = _appointments_of(business_id, numbers)
            changed = {"updated_at": seconds(now), "version": appointments.c.version + 1}
            count = connection.execute(update(appointments).where(mine).values({**_NO_CONTACT, **changed})).rowcount
            gone = connection.execute(delete(messages).where(_messages_of(business_id, numbers))).rowcount
        return Erased(len(ids), count, gone, files)

    # --- calls ------------------------------------------------------------------------------------------

    def calls_before(self, business_id: str, before: datetime, limit: int = 500) -> list[str]:
        """The calls that ended before an instant and were not forgotten yet, oldest first."""
        query = select(calls.c.id).where(
            calls.c.business_id == business_id, calls.c.ended_at < seconds(before), calls.c.erased_at.is_(None)
        )
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(calls.c.ended_at, calls.c.id).limit(limit)).scalars())

    def forget(self, business_id: str, call_ids: Sequence[str], now: datetime) -> Erased:
        """Remove what was said in calls, who called, and their files; appointments lose what was said in their call."""
        with self._database.read() as connection:
            found = _some_calls(connection, business_id, call_ids)
        files = _remove(self._call_files(found))
        with self._database.write() as connection:
            _forget(connection, [row.id for row in found], now)
        return Erased(calls=len(found), files=files)

    def messages_before(self, business_id: str, before: datetime) -> int:
        """Delete the messages that were done before an instant; gives their number."""
        old = and_(messages.c.business_id == business_id, messages.c.done_at < seconds(before))
        with self._database.write() as connection:
            return connection.execute(delete(messages).where(old)).rowcount

    def reduce(self, business_id: str, call_id: str, mode: PrivacyMode) -> None:
        """Keep of a finished call only what the storage mode of the business allows; asked again, it changes nothing.

        ``NO_PERSONAL_DATA`` keeps the words without numbers, addresses and the names of the call's contacts.
        ``FACTS_ONLY`` keeps no words at all but the summary, which must be one made of facts. Neither keeps the
        caller's number, a recording or a timeline with the call. Appointments keep their contact.
        """
        if mode is PrivacyMode.EVERYTHING:
            return
        with self._database.read() as connection:
            found = _some_calls(connection, business_id, [call_id])
            names = _names(connection, [row.id for row in found])
        _remove(self._call_files(found))
        with self._database.write() as connection:
            for row in found:
                connection.execute(delete(call_events).where(call_events.c.call_id == row.id))
                if mode is PrivacyMode.FACTS_ONLY:
                    _facts_only(connection, row)
                else:
                    _without_persons(connection, row, names)

    # --- files ------------------------------------------------------------------------------------------

    def _call_files(self, found: Iterable[Row[Any]]) -> list[Path]:
        paths: list[Path] = []
        for row in found:
            files = call_files(self._data_dir, row.id, moment(row.started_at))
            paths += [path for path in (files.recording, files.timeline) if path.is_file()]
        return paths

    def _notes(self, made: Iterable[Row[Any]], found: Iterable[Row[Any]]) -> list[Path]:
        """The voice notes that appointments hold, and all that were taken in the calls: messages hold some, too."""
        folder, ids = notes_dir(self._data_dir), {row.id for row in found}
        held = {note_file(folder, row.name_note) for row in made if row.name_note}
        held |= {path for path in folder.glob("*.wav") if call_of(path.stem) in ids}
        return sorted(path for path in held if path.is_file())


def redacted(text: str | None, names: Sequence[str]) -> str | None:
    """A text without telephone numbers, e-mail addresses and the given names."""
    if not text:
        return text
    hidden = _PERSONAL.sub(lambda found: found[0] if _DATE.fullmatch(found[0]) else _HIDDEN, text)
    for name in names:
        hidden = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _HIDDEN, hidden, flags=re.IGNORECASE)
    return hidden


# --- statements -----------------------------------------------------------------------------------------------


def _calls_of(connection: Connection, business_id: str, numbers: Sequence[str]) -> list[Row[Any]]:
    """The caller's calls: from the number, or from a withheld one that left it."""
    booked = exists().where(appointments.c.call_id == calls.c.id, _appointments_of(business_id, numbers))
    left = exists().where(messages.c.call_id == calls.c.id, _messages_of(business_id, numbers))
    withheld = and_(calls.c.from_number.is_(None), or_(booked, left))
    query = select(calls).where(calls.c.business_id == business_id, or_(calls.c.from_number.in_(numbers), withheld))
    return _rows(connection, query.order_by(calls.c.started_at, calls.c.id))


def _some_calls(connection: Connection, business_id: str, call_ids: Sequence[str]) -> list[Row[Any]]:
    query = select(calls).where(calls.c.business_id == business_id, calls.c.id.in_(call_ids))
    return _rows(connection, query.where(calls.c.ended_at.is_not(None)))


def _appointments_of(business_id: str, numbers: Sequence[str]) -> Any:
    return and_(appointments.c.business_id == business_id, appointments.c.contact_phone.in_(numbers))


def _messages_of(business_id: str, numbers: Sequence[str]) -> Any:
    return and_(messages.c.business_id == business_id, messages.c.from_number.in_(numbers))


def _rows(connection: Connection, query: Any) -> list[Row[Any]]:
    return list(connection.execute(query))


def _forget(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    for table in (turns, call_events):
        connection.execute(delete(table).where(table.c.call_id.in_(ids)))
    connection.execute(update(calls).where(calls.c.id.in_(ids)).values({**_FORGOTTEN, "erased_at": seconds(now)}))
    words = {"call_summary": None, "call_transcript": None}
    connection.execute(update(appointments).where(appointments.c.call_id.in_(ids)).values(words))


def _names(connection: Connection, call_ids: Sequence[str]) -> list[str]:
    """The names of the calls' contacts, whole and in their parts, longest first."""
    booked = select(appointments.c.contact_name).where(appointments.c.call_id.in_(call_ids))
    left = select(messages.c.name).where(messages.c.call_id.in_(call_ids))
    said = {name.strip() for query in (booked, left) for name in connection.execute(query).scalars() if name}
    parts = said | {part for name in said for part in name.split() if len(part) > 1}
    return sorted(parts, key=len, reverse=True)


def _facts_only(connection: Connection, row: Row[Any]) -> None:
    connection.execute(delete(turns).where(turns.c.call_id == row.id))
    kept = {**_FORGOTTEN, "summary": row.summary}
    connection.execute(update(calls).where(calls.c.id == row.id).values(kept))
    connection.execute(update(appointments).where(appointments.c.call_id == row.id).values(call_transcript=None))


def _without_persons(connection: Connection, row: Row[Any], names: Sequence[str]) -> None:
    for turn in _rows(connection, select(turns).where(turns.c.call_id == row.id)):
        words = {name: redacted(getattr(turn, name), names) for name in ("text", "heard_text", "unheard_text")}
        connection.execute(update(turns).where(turns.c.call_id == row.id, turns.c.n == turn.n).values(words))
    kept = {name: redacted(getattr(row, name), names) for name in ("summary", "intent", "next_action")}
    connection.execute(update(calls).where(calls.c.id == row.id).values({**_FORGOTTEN, **kept}))
    for made in _rows(connection, select(appointments).where(appointments.c.call_id == row.id)):
        words = {name: redacted(getattr(made, name), names) for name in ("call_summary", "call_transcript")}
        connection.execute(update(appointments).where(appointments.c.id == made.id).values(words))


def _remove(paths: Iterable[Path]) -> int:
    count = 0
    for path in paths:
        try:
            path.unlink()
            count += 1
        except FileNotFoundError:
            continue
        except OSError as error:
            advice = f"The file {path.name} cannot be deleted ({error}); check the permissions of the data directory."
            raise StorageError(advice, "privacy.file") from error
    return count


# --- values ---------------------------------------------------------------------------------------------------

_APPOINTMENT_TIMES = (
    *("starts_at", "ends_at", "created_at", "updated_at", "hold_expires_at", "confirmed_at", "cancelled_at"),
    *("blocked_from", "blocked_until"),
)


def _call_data(row: Row[Any], said: Sequence[Row[Any]], lines: Sequence[Row[Any]]) -> dict[str, Any]:
    return {
        **_readable(row, ("started_at", "ended_at", "erased_at")),
        "turns": [_readable(turn, ()) for turn in said if turn.call_id == row.id],
        "events": [line.line for line in lines if line.call_id == row.id],
    }


def _readable(row: Row[Any], instants: Sequence[str]) -> dict[str, Any]:
    values = dict(row._mapping)
    for name in instants:
        at = maybe_moment(values[name])
        values[name] = None if at is None else at.isoformat()
    return values
