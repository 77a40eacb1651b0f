"""What a webhook says of an appointment, a message or a call. Pure; it decides which fields leave the house.

An event has an id, a type, the instant at which it was sent and data as they are then. Transcripts are not in it: a
receiver that wants one asks the API for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from torim.desk.book import Appointment
from torim.desk.business import Business
from torim.desk.messages import Message
from torim.storage.jobs import Job
from torim.storage.records import StoredCall


def envelope(job: Job, business: Business, now: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """The whole event."""
    return {
        "id": job.id,
        "type": job.payload["event"],
        "timestamp": _instant(now),
        "business_id": business.id,
        "data": data,
    }


def appointment_data(business: Business, made: Appointment, language: str) -> dict[str, Any]:
    """An appointment."""
    return {
        "appointment_id": made.id,
        "status": made.status.value,
        "service_id": made.service_id,
        "service": business.service_name(made.service_id, language),
        "staff_id": made.staff_id or None,
        "starts_at": _instant(made.starts_at),
        "ends_at": _instant(made.ends_at),
        "timezone": made.timezone,
        "source": made.source.value,
        "sequence": made.sequence,
        "version": made.version,
        "call_id": made.call_id,
        "contact": {"name": made.contact_name, "phone": made.contact_phone, "email": made.contact_email},
        "notes": made.notes,
    }


def message_data(message: Message) -> dict[str, Any]:
    """A message that a caller left."""
    return {
        "message_id": message.id,
        "call_id": message.call_id,
        "from": message.from_number,
        "name": message.name,
        "text": message.text,
        "urgency": message.urgency.value,
        "created_at": _instant(message.created_at),
    }


def call_data(call: StoredCall) -> dict[str, Any]:
    """A call with its summary."""
    return {
        "call_id": call.call_id,
        "from": call.from_number,
        "to": call.to_number,
        "started_at": _instant(call.started_at),
        "ended_at": None if call.ended_at is None else _instant(call.ended_at),
        "end_reason": None if call.end_reason is None else call.end_reason.value,
        "language": call.language,
        "outcome": None if call.outcome is None else call.outcome.value,
        "summary": call.summary,
        "intent": call.intent,
        "next_action": call.next_action,
        "sentiment": None if call.sentiment is None else call.sentiment.value,
        "urgency": None if call.urgency is None else call.urgency.value,
        "details": dict(call.details),
        "counts": dict(call.counts),
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
