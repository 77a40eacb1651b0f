"""Add call_transcript to appointments: what was said in the call, as the caller heard it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointments", sa.Column("call_transcript", sa.Text))


def downgrade() -> None:
    op.drop_column("appointments", "call_transcript")
