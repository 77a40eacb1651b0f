"""The tables, as the newest migration leaves them; a test compares the two.

Instants are whole UTC seconds, times within a call whole milliseconds since its stream began. The rule against
double booking is not here: it is made of triggers or an exclusion constraint, in the migrations.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0002"  # the newest revision
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
    Index(None, "business_id", "started_at"),
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
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("call_id", ForeignKey("calls.id", ondelete="SET NULL")),
    Column("idempotency_key", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("contact_name", Text),
    Column("contact_phone", Text),
    Column("name_note", Text),
    Column("call_summary", Text),
    Column("call_transcript", Text),
    UniqueConstraint("business_id", "idempotency_key"),
    CheckConstraint("status IN ('held', 'booked', 'cancelled')", name="status"),
    # The longest stretch lets the rule against double booking look at one day of the index only.
    CheckConstraint("ends_at > starts_at AND ends_at - starts_at <= 86400", name="length"),
    Index(None, "business_id", "starts_at"),
    Index(None, "call_id"),
)
