"""Create calls, turns, call events and appointments, and the rule against double booking."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OVERLAP = """
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
EXCLUDE USING gist (business_id WITH =, int8range(starts_at, ends_at) WITH &&)
WHERE (status IN ('held', 'booked'))
"""


def upgrade() -> None:
    _calls()
    _turns()
    _call_events()
    _appointments()
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(EXCLUSION)
    else:
        op.execute(OVERLAP.format(name="insert", event="INSERT", itself="NULL"))
        changed = "UPDATE OF business_id, starts_at, ends_at, status"
        op.execute(OVERLAP.format(name="update", event=changed, itself="OLD.id"))


def downgrade() -> None:
    for table in ("appointments", "call_events", "turns", "calls"):
        op.drop_table(table)


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("business_id", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("from_number", sa.Text),
        sa.Column("to_number", sa.Text),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("end_reason", sa.Text),
        sa.Column("summary", sa.Text),
        sa.Column("counts", sa.JSON),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_business_id_started_at"), "calls", ["business_id", "started_at"])


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("speaker", sa.Text, nullable=False),
        sa.Column("start_ms", sa.Integer, nullable=False),
        sa.Column("end_ms", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("heard_text", sa.Text, nullable=False),
        sa.Column("unheard_text", sa.Text, nullable=False),
        sa.Column("heard_ms", sa.Integer, nullable=False),
        sa.Column("audio_ms", sa.Integer, nullable=False),
        sa.Column("interrupted", sa.Boolean, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "n", name=op.f("pk_turns")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_turns_call_id"), ondelete="CASCADE"),
    )


def _call_events() -> None:
    op.create_table(
        "call_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("at_ms", sa.Integer, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_events")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_events_call_id"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_call_events_call_id"), "call_events", ["call_id"])


def _appointments() -> None:
    op.create_table(
        "appointments",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_appointments_call_id"), ondelete="SET NULL"),
        sa.UniqueConstraint("business_id", "idempotency_key", name=op.f("uq_appointments_business_id_idempotency_key")),
        sa.CheckConstraint("status IN ('held', 'booked', 'cancelled')", name=op.f("ck_appointments_status")),
        sa.CheckConstraint("ends_at > starts_at AND ends_at - starts_at <= 86400", name=op.f("ck_appointments_length")),
    )
    op.create_index(op.f("ix_appointments_business_id_starts_at"), "appointments", ["business_id", "starts_at"])
    op.create_index(op.f("ix_appointments_call_id"), "appointments", ["call_id"])
