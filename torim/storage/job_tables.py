"""The table of jobs: what is still owed after a booking or a call, and what became of it.

Instants are whole UTC seconds. A row holds ids and settings, never words or numbers of a caller.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint

from torim.storage.schema import METADATA

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("business_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),  # the same thing owed twice has the same key
    Column("subject", Text, nullable=False),  # id of the call, appointment or message it is about; "" for none
    Column("payload", JSON, nullable=False),
    Column("status", Text, nullable=False),
    Column("run_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("last_error", Text),
    Column("result", JSON),
    UniqueConstraint("business_id", "key"),
    CheckConstraint("status IN ('waiting', 'running', 'done', 'dead', 'dropped')", name="status"),
    Index(None, "status", "run_at"),
    Index(None, "business_id", "subject"),
)
