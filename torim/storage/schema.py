"""The tables, as the newest migration leaves them; a test compares the two.

Instants are whole UTC seconds, times within a call whole milliseconds since its stream began. The rule against
double booking is not here: it is made of triggers or an exclusion constraint, in the migrations. ``HEAD`` is the
newest revision.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = max(file.name[1:5] for file in (Path(__file__).parent / "migrations" / "versions").glob("v*.py"))
SLOT_TAKEN = "booking.slot_taken"  # what the rule against double booking says when it refuses

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
METADATA = MetaData(naming_convention=NAMING)

calls = Table(
    "calls",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("business_id", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("from_number", Text),  # null: withheld
    Column("to_number", Text),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("end_reason", Text),
    Column("summary", Text),
    Column("counts", JSON),  # numbers about the call, by name
    Column("settings_version", Integer),  # of the business, that the call ran with
    Column("language", Text),
    Column("outcome", Text),  # `torim.desk.outcomes.Outcome`
    Column("intent", Text),
    Column("next_action", Text),
    Column("sentiment", Text),
    Column("urgency", Text),
    Column("details", JSON),  # name, telephone and what else was said that matters
    Column("barge_in_count", Integer),
    Column("false_alarm_count", Integer),
    Column("stop_ms_p50", Integer),  # from the caller's onset to silence
    Column("stop_ms_p95", Integer),
    Column("stop_ms_max", Integer),
    Column("response_ms_p50", Integer),  # from the end of the caller's turn to the first sound
    Column("response_ms_p95", Integer),
    Column("cost_estimate", Float),  # US dollars
    Column("usage", JSON),  # tokens and seconds, by name
    Column("recording_path", Text),  # below the data directory
    Column("erased_at", BigInteger),  # personal data was erased
    Column("summary_source", Text),  # "facts" or "model"; null: the call's record is not complete
    Index(None, "business_id", "started_at"),
    Index(None, "business_id", "from_number"),
)

turns = Table(
    "turns",
    METADATA,
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),  # place in the conversation, from 0
    Column("speaker", Text, nullable=False),  # "caller" or "ai"
    Column("start_ms", Integer, nullable=False),
    Column("end_ms", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("heard_text", Text, nullable=False),
    Column("unheard_text", Text, nullable=False),
    Column("heard_ms", Integer, nullable=False),
    Column("audio_ms", Integer, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("item_id", Text, nullable=False),
)

call_events = Table(
    "call_events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("line", Text, nullable=False),  # one line of the call's timeline
    Index(None, "call_id"),
)

appointments = Table(
    "appointments",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("business_id", Text, nullable=False),
    Column("service_id", Text, nullable=False),
    Column("staff_id", Text, nullable=False, server_default=""),  # "": the business names no staff
    Column("place", Integer, nullable=False, server_default="0"),  # of the performer's places
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("blocked_from", BigInteger, nullable=False),  # with the buffers
    Column("blocked_until", BigInteger, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("source", Text, nullable=False, server_default="call"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("call_id", ForeignKey("calls.id", ondelete="SET NULL")),
    Column("idempotency_key", Text, nullable=False),  # of the verb that made it
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("hold_expires_at", BigInteger),
    Column("confirmed_at", BigInteger),
    Column("cancelled_at", BigInteger),
    Column("contact_name", Text),
    Column("contact_phone", Text),
    Column("contact_email", Text),
    Column("notes", Text),
    Column("name_note", Text),
    Column("call_summary", Text),
    Column("call_transcript", Text),
    UniqueConstraint("business_id", "idempotency_key"),
    CheckConstraint("status IN ('held', 'booked', 'cancelled', 'done')", name="status"),
    CheckConstraint("source IN ('call', 'api', 'web')", name="source"),
    CheckConstraint("(status = 'held') = (hold_expires_at IS NOT NULL)", name="hold"),
    # The longest stretch lets the rule against double booking look at one day of the index only.
    CheckConstraint(
        "ends_at > starts_at AND blocked_from <= starts_at AND blocked_until >= ends_at"
        " AND blocked_until - blocked_from <= 86400",
        name="length",
    ),
    Index(None, "business_id", "starts_at"),
    Index(None, "business_id", "staff_id", "place", "blocked_from"),
    Index(None, "business_id", "contact_phone"),
    Index(None, "call_id"),
    Index("ix_appointments_holds", "business_id", "hold_expires_at"),
)

booking_keys = Table(
    "booking_keys",
    METADATA,
    Column("business_id", Text, primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("verb", Text, nullable=False),  # "hold", "book", "confirm", "reschedule", "cancel", "edit"
    Column("appointment_id", ForeignKey("appointments.id", ondelete="CASCADE"), nullable=False),
    Column("done_at", BigInteger, nullable=False),
    Index(None, "appointment_id"),
)

messages = Table(
    "messages",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("business_id", Text, nullable=False),
    Column("call_id", ForeignKey("calls.id", ondelete="SET NULL")),
    Column("idempotency_key", Text, nullable=False),
    Column("from_number", Text),  # null: withheld
    Column("name", Text),
    Column("text", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("business_id", "idempotency_key"),
    CheckConstraint("urgency IN ('low', 'normal', 'urgent')", name="urgency"),
    Index(None, "business_id", "created_at"),
    Index(None, "call_id"),
)

businesses = Table(
    "businesses",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("settings_hash", Text, nullable=False),
    Column("file_hash", Text),  # of the settings that a file brought last
    Column("updated_at", BigInteger, nullable=False),
)

business_numbers = Table(
    "business_numbers",
    METADATA,
    Column("number", Text, primary_key=True),  # E.164
    Column("business_id", ForeignKey("businesses.id", ondelete="CASCADE"), nullable=False),
    Index(None, "business_id"),
)

linked_calendars = Table(
    "linked_calendars",
    METADATA,
    Column("business_id", Text, primary_key=True),
    Column("staff_id", Text, primary_key=True),  # "": the whole business
    Column("url", Text, nullable=False),
    Column("read_at", BigInteger),  # when the copy was read; null: never
    Column("tried_at", BigInteger),
    Column("error", Text),  # of the last attempt, in words; null: it worked
    Column("content", Text),  # the last good copy
)

calendar_busy = Table(
    "calendar_busy",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("business_id", Text, nullable=False),
    Column("staff_id", Text, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["business_id", "staff_id"],
        ["linked_calendars.business_id", "linked_calendars.staff_id"],
        ondelete="CASCADE",
    ),
    Index(None, "business_id", "staff_id", "starts_at"),
)
