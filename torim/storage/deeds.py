"""What a call did: the appointments that it made or changed, and the messages that it left. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from torim.desk.book import Appointment, Status
from torim.desk.messages import Message
from torim.storage.appointments import appointment
from torim.storage.database import Database
from torim.storage.messages import message_of
from torim.storage.schema import appointments, booking_keys, messages

BOOKED = frozenset({"book", "confirm"})


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a call did, from what is stored; ``last_verb`` is by appointment id."""

    appointments: Sequence[Appointment] = ()
    last_verb: Mapping[str, str] = field(default_factory=dict)
    messages: Sequence[Message] = ()

    @property
    def booked(self) -> list[Appointment]:
        """Appointments that the call made, and did not cancel again."""
        return [made for made in self.appointments if self._now(made) in BOOKED]

    @property
    def moved(self) -> list[Appointment]:
        """Appointments that the call moved."""
        return [made for made in self.appointments if self._now(made) == "reschedule"]

    @property
    def cancelled(self) -> list[Appointment]:
        """Appointments that the call cancelled."""
        return [made for made in self.appointments if self._now(made) == "cancel"]

    def _now(self, made: Appointment) -> str | None:
        return self.last_verb.get(made.id)


def deeds(database: Database, business_id: str, call_id: str) -> Deeds:
    """What a call of a business did."""
    keys, made = booking_keys, appointments
    prefix = f"{call_id}/"  # of the idempotency keys of its tool calls
    done = (
        select(made, keys.c.verb)
        .join(keys, keys.c.appointment_id == made.c.id)
        .where(keys.c.business_id == business_id, func.substr(keys.c.idempotency_key, 1, len(prefix)) == prefix)
        .where(keys.c.verb.in_((*BOOKED, "reschedule", "cancel")))
        .order_by(keys.c.done_at, keys.c.idempotency_key)
    )
    # A booking's own row says whose it is, also where its key has another form.
    own = select(made).where(
        made.c.business_id == business_id, made.c.call_id == call_id, made.c.status != Status.HELD.value
    )
    left = select(messages).where(messages.c.business_id == business_id, messages.c.call_id == call_id)
    with database.read() as connection:
        found = {row.id: appointment(row) for row in connection.execute(own)}
        verbs = dict.fromkeys(found, "book")
        for row in connection.execute(done):
            found[row.id] = appointment(row)
            verbs[row.id] = row.verb
        said = [message_of(row) for row in connection.execute(left.order_by(messages.c.created_at, messages.c.id))]
    in_order = sorted(found.values(), key=lambda one: one.starts_at)
    return Deeds(tuple(in_order), verbs, tuple(said))
