"""Add staff, buffers, holds, messages, businesses, linked calendars and what is known of a finished call."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OVERLAP = """
CREATE TRIGGER appointments_no_overlap_on_{name} BEFORE {event} ON appointments
WHEN NEW.status IN ('held', 'booked')
BEGIN
    SELECT RAISE(ABORT, 'booking.slot_taken') WHERE EXISTS (
        SELECT 1 FROM appointments AS other
        WHERE other.business_id = NEW.business_id
            AND other.staff_id = NEW.staff_id
            AND other.place = NEW.place
            AND other.blocked_from < NEW.blocked_until
            AND other.blocked_from > NEW.blocked_from - 86400
            AND other.blocked_until > NEW.blocked_from
            AND other.status IN ('held', 'booked')
            AND other.id IS NOT {itself}
    );
END
"""
OLD_OVERLAP = """
CREATE TRIGGER appointments_no_overlap_on_{name} BEFORE {event} ON appointments
WHEN NEW.status IN ('held', 'booked')
BEGIN
    SELECT RAISE(ABORT, 'booking.slot_taken') WHERE EXISTS (
        SELECT 1 FROM appointments AS other
        WHERE other.business_id = NEW.business_id
            AND other.starts_at < NEW.ends_at
            AND other.starts_at > NEW.starts_at - 86400
            AND other.ends_at > NEW.starts_at
            AND other.status IN ('held', 'booked')
            AND other.id IS NOT {itself}
    );
END
"""
EXCLUSION = """
ALTER TABLE appointments ADD CONSTRAINT appointments_no_overlap
EXCLUDE USING gist (
    business_id WITH =, staff_id WITH =, place WITH =, int8range(blocked_from, blocked_until) WITH &&
) WHERE (status IN ('held', 'booked'))
"""
OLD_EXCLUSION = """
ALTER TABLE appointments ADD CONSTRAINT appointments_no_overlap
EXCLUDE USING gist (business_id WITH =, int8range(starts_at, ends_at) WITH &&)
WHERE (status IN ('held', 'booked'))
"""
OLD_COLUMNS = (
    "id, business_id, service_id, starts_at, ends_at, timezone, status, call_id, idempotency_key, created_at,"
    " contact_name, contact_phone, name_note, call_summary, call_transcript"
)
OLD_LENGTH = "ends_at > starts_at AND ends_at - starts_at <= 86400"
LENGTH = (
    "ends_at > starts_at AND blocked_from <= starts_at AND blocked_until >= ends_at"
    " AND blocked_until - blocked_from <= 86400"
)
OLD_STATUS = "status IN ('held', 'booked', 'cancelled')"
STATUS = "status IN ('held', 'booked', 'cancelled', 'done')"
SOURCE = "source IN ('call', 'api', 'web')"
HOLD = "(status = 'held') = (hold_expires_at IS NOT NULL)"
CALL_COLUMNS = (
    ("settings_version", sa.Integer),
    ("language", sa.Text),
    ("outcome", sa.Text),
    ("intent", sa.Text),
    ("next_action", sa.Text),
    ("sentiment", sa.Text),
    ("urgency", sa.Text),
    ("details", sa.JSON),
    ("barge_in_count", sa.Integer),
    ("false_alarm_count", sa.Integer),
    ("stop_ms_p50", sa.Integer),
    ("stop_ms_p95", sa.Integer),
    ("stop_ms_max", sa.Integer),
    ("response_ms_p50", sa.Integer),
    ("response_ms_p95", sa.Integer),
    ("cost_estimate", sa.Float),
    ("usage", sa.JSON),
    ("recording_path", sa.Text),
    ("erased_at", sa.BigInteger),
)
INDEXES = (
    ("ix_appointments_business_id_starts_at", ["business_id", "starts_at"]),
    ("ix_appointments_business_id_staff_id_place_blocked_from", ["business_id", "staff_id", "place", "blocked_from"]),
    ("ix_appointments_business_id_contact_phone", ["business_id", "contact_phone"]),
    ("ix_appointments_call_id", ["call_id"]),
    ("ix_appointments_holds", ["business_id", "hold_expires_at"]),
)
OLD_INDEXES = (INDEXES[0], INDEXES[3])


def upgrade() -> None:
    for name, kind in CALL_COLUMNS:
        op.add_column("calls", sa.Column(name, kind))
    op.create_index(op.f("ix_calls_business_id_from_number"), "calls", ["business_id", "from_number"])
    # An old hold had no end: nobody is waiting for it any more.
    op.execute("DELETE FROM appointments WHERE status = 'held'")
    if _is_postgresql():
        _alter_appointments()
    else:
        _rebuild_appointments()
    _booking_keys()
    _messages()
    _businesses()
    _calendars()


def downgrade() -> None:
    for table in ("calendar_busy", "linked_calendars", "business_numbers", "businesses", "messages", "booking_keys"):
        op.drop_table(table)
    # The old rule knows one place for everybody: what it cannot hold is kept, but takes no time any more.
    op.execute("DELETE FROM appointments WHERE status = 'held'")
    op.execute("UPDATE appointments SET status = 'cancelled' WHERE status = 'done' OR staff_id <> '' OR place <> 0")
    if _is_postgresql():
        _restore_appointments()
    else:
        _rebuild_old_appointments()
    op.drop_index(op.f("ix_calls_business_id_from_number"), "calls")
    for name, _ in reversed(CALL_COLUMNS):
        op.drop_column("calls", name)


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


# --- appointments: new rules, and columns that the rules speak of -------------------------------------------


def _new_columns(required: bool) -> list[sa.Column[Any]]:
    """What appointments gain; PostgreSQL fills the required ones before it requires them."""
    return [
        sa.Column("staff_id", sa.Text, nullable=False, server_default=""),
        sa.Column("place", sa.Integer, nullable=False, server_default="0"),
        sa.Column("blocked_from", sa.BigInteger, nullable=not required),
        sa.Column("blocked_until", sa.BigInteger, nullable=not required),
        sa.Column("source", sa.Text, nullable=False, server_default="call"),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("sequence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("updated_at", sa.BigInteger, nullable=not required),
        sa.Column("hold_expires_at", sa.BigInteger),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Column("cancelled_at", sa.BigInteger),
        sa.Column("contact_email", sa.Text),
        sa.Column("notes", sa.Text),
    ]


def _old_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("business_id", sa.Text, nullable=False),
        sa.Column("service_id", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("contact_name", sa.Text),
        sa.Column("contact_phone", sa.Text),
        sa.Column("name_note", sa.Text),
        sa.Column("call_summary", sa.Text),
        sa.Column("call_transcript", sa.Text),
    ]


def _keys() -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_appointments_call_id"), ondelete="SET NULL"),
        sa.UniqueConstraint("business_id", "idempotency_key", name=op.f("uq_appointments_business_id_idempotency_key")),
    ]


def _rebuild_appointments() -> None:
    """SQLite cannot change a CHECK: a new table takes the place of the old one."""
    op.create_table(
        "appointments_new",
        *_old_columns(),
        *_new_columns(required=True),
        *_keys(),
        sa.CheckConstraint(STATUS, name=op.f("ck_appointments_status")),
        sa.CheckConstraint(SOURCE, name=op.f("ck_appointments_source")),
        sa.CheckConstraint(HOLD, name=op.f("ck_appointments_hold")),
        sa.CheckConstraint(LENGTH, name=op.f("ck_appointments_length")),
    )
    op.execute(
        f"INSERT INTO appointments_new ({OLD_COLUMNS}, blocked_from, blocked_until, updated_at, cancelled_at)"
        f" SELECT {OLD_COLUMNS}, starts_at, ends_at, created_at,"
        " CASE status WHEN 'cancelled' THEN created_at END FROM appointments"
    )
    _replace(INDEXES, OVERLAP, "business_id, staff_id, place, blocked_from, blocked_until, status")


def _rebuild_old_appointments() -> None:
    op.create_table(
        "appointments_new",
        *_old_columns(),
        *_keys(),
        sa.CheckConstraint(OLD_STATUS, name=op.f("ck_appointments_status")),
        sa.CheckConstraint(OLD_LENGTH, name=op.f("ck_appointments_length")),
    )
    op.execute(f"INSERT INTO appointments_new ({OLD_COLUMNS}) SELECT {OLD_COLUMNS} FROM appointments")
    _replace(OLD_INDEXES, OLD_OVERLAP, "business_id, starts_at, ends_at, status")


def _replace(indexes: tuple[tuple[str, list[str]], ...], overlap: str, watched: str) -> None:
    op.drop_table("appointments")  # with its indexes and triggers
    op.rename_table("appointments_new", "appointments")
    for name, columns in indexes:
        op.create_index(op.f(name), "appointments", columns)
    op.execute(overlap.format(name="insert", event="INSERT", itself="NULL"))
    op.execute(overlap.format(name="update", event=f"UPDATE OF {watched}", itself="OLD.id"))


def _alter_appointments() -> None:
    for column in _new_columns(required=False):
        op.add_column("appointments", column)
    op.execute(
        "UPDATE appointments SET blocked_from = starts_at, blocked_until = ends_at, updated_at = created_at,"
        " cancelled_at = CASE status WHEN 'cancelled' THEN created_at END"
    )
    for name in ("blocked_from", "blocked_until", "updated_at"):
        op.alter_column("appointments", name, nullable=False)
    _drop_rules("ck_appointments_status", "ck_appointments_length")
    op.create_check_constraint(op.f("ck_appointments_status"), "appointments", STATUS)
    op.create_check_constraint(op.f("ck_appointments_source"), "appointments", SOURCE)
    op.create_check_constraint(op.f("ck_appointments_hold"), "appointments", HOLD)
    op.create_check_constraint(op.f("ck_appointments_length"), "appointments", LENGTH)
    op.execute(EXCLUSION)
    for name, columns in INDEXES:
        if (name, columns) not in OLD_INDEXES:
            op.create_index(op.f(name), "appointments", columns)


def _restore_appointments() -> None:
    _drop_rules(*(f"ck_appointments_{name}" for name in ("status", "source", "hold", "length")))
    for name, columns in INDEXES:
        if (name, columns) not in OLD_INDEXES:
            op.drop_index(op.f(name), "appointments")
    for column in _new_columns(required=False):
        op.drop_column("appointments", column.name)
    op.create_check_constraint(op.f("ck_appointments_status"), "appointments", OLD_STATUS)
    op.create_check_constraint(op.f("ck_appointments_length"), "appointments", OLD_LENGTH)
    op.execute(OLD_EXCLUSION)


def _drop_rules(*checks: str) -> None:
    op.execute("ALTER TABLE appointments DROP CONSTRAINT appointments_no_overlap")
    for name in checks:
        op.drop_constraint(op.f(name), "appointments", type_="check")


# --- new tables ---------------------------------------------------------------------------------------------


def _booking_keys() -> None:
    op.create_table(
        "booking_keys",
        sa.Column("business_id", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("appointment_id", sa.Text, nullable=False),
        sa.Column("done_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("business_id", "idempotency_key", name=op.f("pk_booking_keys")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_booking_keys_appointment_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_booking_keys_appointment_id"), "booking_keys", ["appointment_id"])
    op.execute(
        "INSERT INTO booking_keys (business_id, idempotency_key, verb, appointment_id, done_at)"
        " SELECT business_id, idempotency_key, 'book', id, created_at FROM appointments"
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("business_id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("from_number", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("urgency", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_messages_call_id"), ondelete="SET NULL"),
        sa.UniqueConstraint("business_id", "idempotency_key", name=op.f("uq_messages_business_id_idempotency_key")),
        sa.CheckConstraint("urgency IN ('low', 'normal', 'urgent')", name=op.f("ck_messages_urgency")),
    )
    op.create_index(op.f("ix_messages_business_id_created_at"), "messages", ["business_id", "created_at"])
    op.create_index(op.f("ix_messages_call_id"), "messages", ["call_id"])


def _businesses() -> None:
    op.create_table(
        "businesses",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("settings_hash", sa.Text, nullable=False),
        sa.Column("file_hash", sa.Text),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_businesses")),
    )
    op.create_table(
        "business_numbers",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("business_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_business_numbers")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_numbers_business_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_business_numbers_business_id"), "business_numbers", ["business_id"])


def _calendars() -> None:
    op.create_table(
        "linked_calendars",
        sa.Column("business_id", sa.Text, nullable=False),
        sa.Column("staff_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("read_at", sa.BigInteger),
        sa.Column("tried_at", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("content", sa.Text),
        sa.PrimaryKeyConstraint("business_id", "staff_id", name=op.f("pk_linked_calendars")),
    )
    op.create_table(
        "calendar_busy",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("business_id", sa.Text, nullable=False),
        sa.Column("staff_id", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_busy")),
        sa.ForeignKeyConstraint(
            ["business_id", "staff_id"],
            ["linked_calendars.business_id", "linked_calendars.staff_id"],
            name=op.f("fk_calendar_busy_business_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_calendar_busy_business_id_staff_id_starts_at"),
        "calendar_busy",
        ["business_id", "staff_id", "starts_at"],
    )
