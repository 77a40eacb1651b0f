"""Who may use the web side: the values, and statements on a connection, no transactions of their own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from torim.errors import AccessError
from torim.storage import access_tables as tables
from torim.storage.moments import maybe_moment, moment, seconds


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may log in; ``roles`` by business id."""

    id: str
    email: str
    name: str
    language: str | None
    version: int
    created_at: datetime
    disabled_at: datetime | None
    password_hash: str | None
    roles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which a person is logged in, working on one business."""

    id: str
    account_id: str
    business_id: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A program's right to act for one business, within scopes."""

    id: str
    business_id: str
    name: str
    scopes: tuple[str, ...]
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A secret calendar address of one business; ``staff_id`` None: everybody's appointments."""

    id: str
    business_id: str
    name: str
    staff_id: str | None
    created_at: datetime
    read_at: datetime | None
    revoked_at: datetime | None


# --- statements -----------------------------------------------------------------------------------------------


def any_account(connection: Connection) -> bool:
    """Whether there is an account."""
    return bool(connection.execute(select(func.count()).select_from(tables.accounts)).scalar())


def one_account(connection: Connection, which: Any) -> Account | None:
    """The account that a condition picks."""
    row = connection.execute(select(tables.accounts).where(which)).first()
    return None if row is None else account_of(connection, row)


def roles_of(connection: Connection, account_id: str) -> dict[str, str]:
    """The roles of an account, by business id."""
    members = tables.memberships
    query = select(members.c.business_id, members.c.role).where(members.c.account_id == account_id)
    return {row.business_id: row.role for row in connection.execute(query.order_by(members.c.business_id))}


def insert_account(
    connection: Connection,
    email: str,
    name: str,
    roles: Mapping[str, str],
    now: datetime,
    password_hash: str | None,
) -> Account:
    """Make an account; raises `AccessError` ``access.email_taken``."""
    row = {
        "id": secrets.token_hex(8),
        "email": email.lower(),
        "name": name,
        "password_hash": password_hash,
        "version": 1,
        "created_at": seconds(now),
    }
    try:
        connection.execute(insert(tables.accounts).values(row))
    except IntegrityError as error:
        raise email_taken() from error
    for business_id, role in roles.items():
        set_role(connection, str(row["id"]), business_id, role)
    found = one_account(connection, tables.accounts.c.id == row["id"])
    assert found is not None
    return found


def set_role(connection: Connection, account_id: str, business_id: str, role: str) -> None:
    """Set the role of an account in one business."""
    members = tables.memberships
    which = (members.c.account_id == account_id) & (members.c.business_id == business_id)
    if not connection.execute(update(members).where(which).values(role=role)).rowcount:
        row = {"account_id": account_id, "business_id": business_id, "role": role}
        connection.execute(insert(members).values(row))


def keep_owner(connection: Connection, business_id: str) -> None:
    """Raise `AccessError` ``access.last_owner`` if nobody who can log in owns the business."""
    members, people = tables.memberships, tables.accounts
    query = (
        select(func.count())
        .select_from(members.join(people))
        .where(members.c.business_id == business_id, members.c.role == "owner", people.c.disabled_at.is_(None))
    )
    if not connection.execute(query).scalar():
        advice = "The business would be left without an owner who can log in; make another owner first."
        raise AccessError(advice, "access.last_owner")


def set_password(connection: Connection, account_id: str, password_hash: str) -> None:
    """Store the hash of a password."""
    table = tables.accounts
    connection.execute(update(table).where(table.c.id == account_id).values(password_hash=password_hash))


def use_link(connection: Connection, link_hash: str, now: datetime) -> str | None:
    """Whose link it was; it is used up.

    Raises:
        AccessError: ``access.link``.
    """
    links = tables.one_time_links
    row = connection.execute(select(links).where(links.c.token_hash == link_hash)).first()
    if row is None or row.expires_at <= seconds(now):
        raise dead_link()
    connection.execute(delete(links).where(links.c.token_hash == link_hash))
    account_id: str | None = row.account_id
    return account_id


def dead_link() -> AccessError:
    """What a link that is no good is answered with."""
    return AccessError("This link was used or has expired; ask for a new one: `torim accounts link`.", "access.link")


def email_taken() -> AccessError:
    """What a second account with one address is answered with."""
    return AccessError("Another account has this e-mail address; choose another one.", "access.email_taken")


# --- rows -----------------------------------------------------------------------------------------------------


def account_of(connection: Connection, row: Row[Any]) -> Account:
    """A row of the table as an account."""
    return Account(
        row.id,
        row.email,
        row.name,
        row.language,
        row.version,
        moment(row.created_at),
        maybe_moment(row.disabled_at),
        row.password_hash,
        roles_of(connection, row.id),
    )


def session_of(row: Row[Any]) -> Session:
    """A row of the table as a session."""
    return Session(
        row.id,
        row.account_id,
        row.business_id,
        row.user_agent,
        moment(row.created_at),
        moment(row.seen_at),
        moment(row.expires_at),
    )


def key_of(row: Row[Any]) -> ApiKey:
    """A row of the table as a key."""
    return ApiKey(
        row.id,
        row.business_id,
        row.name,
        tuple(row.scopes),
        row.created_by,
        moment(row.created_at),
        maybe_moment(row.expires_at),
        maybe_moment(row.used_at),
        maybe_moment(row.revoked_at),
    )


def feed_of(row: Row[Any]) -> Feed:
    """A row of the table as a feed."""
    return Feed(
        row.id,
        row.business_id,
        row.name,
        row.staff_id,
        moment(row.created_at),
        maybe_moment(row.read_at),
        maybe_moment(row.revoked_at),
    )
