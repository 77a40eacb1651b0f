"""The tables of who may use the web side: accounts, memberships, sessions, one-time links, API keys, feeds.

Secrets are here only as hashes. Instants are whole UTC seconds.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from torim.storage.schema import METADATA

accounts = Table(
    "accounts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # in lower case
    Column("name", Text, nullable=False),
    Column("language", Text),
    Column("password_hash", Text),  # null: no password chosen yet
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

memberships = Table(
    "memberships",
    METADATA,
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("business_id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    CheckConstraint("role IN ('owner', 'staff')", name="role"),
    Index(None, "business_id"),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("token_hash", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),  # how a page names it
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("business_id", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "account_id"),
)

one_time_links = Table(
    "one_time_links",
    METADATA,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE")),  # null: the first account of all
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "account_id"),
)

api_keys = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("business_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_by", ForeignKey("accounts.id", ondelete="SET NULL")),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index(None, "business_id"),
)

calendar_feeds = Table(
    "calendar_feeds",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("business_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("staff_id", Text),  # null: everybody
    Column("token_hash", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("read_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index(None, "business_id"),
)
