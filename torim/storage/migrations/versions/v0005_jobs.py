"""Create the table of jobs, and say of each call's summary whether a model or the facts wrote it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("business_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("run_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("last_error", sa.Text),
        sa.Column("result", sa.JSON),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("business_id", "key", name=op.f("uq_jobs_business_id_key")),
        sa.CheckConstraint("status IN ('waiting', 'running', 'done', 'dead', 'dropped')", name=op.f("ck_jobs_status")),
    )
    op.create_index(op.f("ix_jobs_status_run_at"), "jobs", ["status", "run_at"])
    op.create_index(op.f("ix_jobs_business_id_subject"), "jobs", ["business_id", "subject"])
    op.add_column("calls", sa.Column("summary_source", sa.Text))
    op.execute("UPDATE calls SET summary_source = 'facts' WHERE ended_at IS NOT NULL")


def downgrade() -> None:
    op.drop_column("calls", "summary_source")
    op.drop_table("jobs")
