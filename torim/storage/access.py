"""Who may use the web side, in the database: accounts, sessions, one-time links, API keys, calendar feeds.

Every method is one transaction and blocks. Secrets come in as their hashes and are never returned; what a role or a
scope allows is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from torim.errors import AccessError
from torim.storage import access_tables as tables
from torim.storage.access_rows import (
    Account,
    ApiKey,
    Feed,
    Session,
    account_of,
    any_account,
    dead_link,
    email_taken,
    feed_of,
    insert_account,
    keep_owner,
    key_of,
    one_account,
    roles_of,
    session_of,
    set_password,
    set_role,
    use_link,
)
from torim.storage.database import Database
from torim.storage.moments import seconds

__all__ = ["AccessStore", "Account", "ApiKey", "Feed", "Session"]

SEEN_EVERY_S = 60  # how exactly "last seen" is kept: a write for every request would be too many


class AccessStore:
    """The accounts of one database; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- accounts ---------------------------------------------------------------------------------------

    def has_accounts(self) -> bool:
        """Whether anybody could log in."""
        with self._database.read() as connection:
            return any_account(connection)

    def accounts(self, business_id: str | None = None) -> list[Account]:
        """The accounts of a business, or all of them, by e-mail."""
        query = select(tables.accounts).order_by(tables.accounts.c.email)
        if business_id is not None:
            members = select(tables.memberships.c.account_id).where(tables.memberships.c.business_id == business_id)
            query = query.where(tables.accounts.c.id.in_(members))
        with self._database.read() as connection:
            return [account_of(connection, row) for row in connection.execute(query)]

    def account(self, account_id: str) -> Account | None:
        """One account."""
        with self._database.read() as connection:
            return one_account(connection, tables.accounts.c.id == account_id)

    def account_by_email(self, email: str) -> Account | None:
        """The account with this e-mail address, however it is written."""
        with self._database.read() as connection:
            return one_account(connection, tables.accounts.c.email == email.lower())

    def add_account(
        self, email: str, name: str, roles: Mapping[str, str], now: datetime, password_hash: str | None = None
    ) -> Account:
        """Make an account with its roles by business id.

        Raises:
            AccessError: ``access.email_taken``.
        """
        with self._database.write() as connection:
            return insert_account(connection, email, name, roles, now, password_hash)

    def add_first_account(
        self, email: str, name: str, roles: Mapping[str, str], now: datetime, password_hash: str, link_hash: str
    ) -> Account:
        """Make the first account of all, with the link that was printed on the console.

        Raises:
            AccessError: ``access.link`` if the link is no good, or there is an account already.
        """
        with self._database.write() as connection:
            if use_link(connection, link_hash, now) is not None or any_account(connection):
                raise dead_link()
            return insert_account(connection, email, name, roles, now, password_hash)

    def edit_account(
        self,
        account_id: str,
        version: int,
        changes: Mapping[str, Any],
        role: tuple[str, str] | None = None,
        owners_of: str | None = None,
    ) -> Account:
        """Change fields of an account, and its role in one business (business id, role).

        A change of role, and a disabling, end its sessions. The business ``owners_of`` keeps an owner who can log in.

        Raises:
            AccessError: ``access.version_conflict``, ``access.not_found``, ``access.email_taken`` or
                ``access.last_owner``.
        """
        table = tables.accounts
        values = {**changes, "version": version + 1}
        with self._database.write() as connection:
            matches = (table.c.id == account_id) & (table.c.version == version)
            try:
                changed = connection.execute(update(table).where(matches).values(values)).rowcount
            except IntegrityError as error:
                raise email_taken() from error
            found = one_account(connection, table.c.id == account_id)
            if found is None:
                raise AccessError("There is no such account.", "access.not_found")
            if not changed:
                raise AccessError("Somebody changed this account meanwhile; load it again.", "access.version_conflict")
            if role is not None:
                set_role(connection, account_id, *role)
            if role is not None or changes.get("disabled_at") is not None:
                connection.execute(delete(tables.sessions).where(tables.sessions.c.account_id == account_id))
            if owners_of is not None:
                keep_owner(connection, owners_of)
            return one_account(connection, table.c.id == account_id) or found

    def set_password(self, account_id: str, password_hash: str, keep_session: str | None = None) -> None:
        """Set a password, and end the account's sessions except the one to keep."""
        sessions = tables.sessions
        with self._database.write() as connection:
            set_password(connection, account_id, password_hash)
            ended = delete(sessions).where(sessions.c.account_id == account_id)
            connection.execute(ended if keep_session is None else ended.where(sessions.c.id != keep_session))

    def rehash(self, account_id: str, password_hash: str) -> None:
        """Keep the same password under a stronger hash."""
        with self._database.write() as connection:
            set_password(connection, account_id, password_hash)

    def remove_member(self, account_id: str, business_id: str) -> bool:
        """Take an account out of a business; an account without any is deleted. False: it was not in it.

        Raises:
            AccessError: ``access.last_owner``.
        """
        members, sessions = tables.memberships, tables.sessions
        with self._database.write() as connection:
            gone = delete(members).where(members.c.account_id == account_id, members.c.business_id == business_id)
            if not connection.execute(gone).rowcount:
                return False
            connection.execute(delete(sessions).where(sessions.c.account_id == account_id))
            if not roles_of(connection, account_id):
                connection.execute(delete(tables.accounts).where(tables.accounts.c.id == account_id))
            keep_owner(connection, business_id)
            return True

    # --- one-time links ---------------------------------------------------------------------------------

    def add_link(self, link_hash: str, account_id: str | None, expires_at: datetime) -> None:
        """Remember a one-time link, in place of earlier ones for the same account (None: for the first of all)."""
        links = tables.one_time_links
        with self._database.write() as connection:
            connection.execute(delete(links).where(links.c.account_id.is_not_distinct_from(account_id)))
            row = {"token_hash": link_hash, "account_id": account_id, "expires_at": seconds(expires_at)}
            connection.execute(insert(links).values(row))

    def link(self, link_hash: str, now: datetime) -> Account | None:
        """Whose password a live link sets; None: it makes the first account.

        Raises:
            AccessError: ``access.link``.
        """
        links = tables.one_time_links
        query = select(links).where(links.c.token_hash == link_hash, links.c.expires_at > seconds(now))
        with self._database.read() as connection:
            row = connection.execute(query).first()
            if row is None or (row.account_id is None and any_account(connection)):
                raise dead_link()
            return None if row.account_id is None else one_account(connection, tables.accounts.c.id == row.account_id)

    def set_password_by_link(self, link_hash: str, password_hash: str, now: datetime) -> Account:
        """Set the password of the link's account, use the link up, and end the account's sessions.

        Raises:
            AccessError: ``access.link``.
        """
        with self._database.write() as connection:
            account_id = use_link(connection, link_hash, now)
            if account_id is None:
                raise dead_link()
            set_password(connection, account_id, password_hash)
            connection.execute(delete(tables.sessions).where(tables.sessions.c.account_id == account_id))
            found = one_account(connection, tables.accounts.c.id == account_id)
            if found is None:
                raise dead_link()
            return found

    # --- sessions ---------------------------------------------------------------------------------------

    def add_session(self, token_hash: str, session: Session) -> None:
        """Remember a session; those that are over are dropped."""
        table = tables.sessions
        row = {
            "token_hash": token_hash,
            "id": session.id,
            "account_id": session.account_id,
            "business_id": session.business_id,
            "user_agent": session.user_agent,
            "created_at": seconds(session.created_at),
            "seen_at": seconds(session.seen_at),
            "expires_at": seconds(session.expires_at),
        }
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.expires_at <= seconds(session.created_at)))
            connection.execute(insert(table).values(row))

    def session(self, token_hash: str, now: datetime, idle_s: int) -> tuple[Session, Account] | None:
        """The live session of a token and its account, noted as seen."""
        table = tables.sessions
        live = (table.c.expires_at > seconds(now)) & (table.c.seen_at > seconds(now) - idle_s)
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.token_hash == token_hash, live)).first()
            if row is None:
                return None
            account = one_account(connection, tables.accounts.c.id == row.account_id)
        if account is None or account.disabled_at is not None:
            return None
        if seconds(now) - row.seen_at >= SEEN_EVERY_S:
            self._touch(table, table.c.token_hash == token_hash, "seen_at", now)
        return session_of(row), account

    def sessions(self, account_id: str, now: datetime) -> list[Session]:
        """The live sessions of an account, latest first."""
        table = tables.sessions
        query = select(table).where(table.c.account_id == account_id, table.c.expires_at > seconds(now))
        with self._database.read() as connection:
            return [session_of(row) for row in connection.execute(query.order_by(table.c.seen_at.desc()))]

    def move_session(self, session_id: str, business_id: str) -> None:
        """Have a session work on another business."""
        table = tables.sessions
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.id == session_id).values(business_id=business_id))

    def end_session(self, account_id: str, session_id: str) -> bool:
        """Log one browser out; False if the account has no such session."""
        table = tables.sessions
        with self._database.write() as connection:
            ended = delete(table).where(table.c.id == session_id, table.c.account_id == account_id)
            return bool(connection.execute(ended).rowcount)

    # --- API keys ---------------------------------------------------------------------------------------

    def add_key(self, key: ApiKey, key_hash: str) -> None:
        """Remember an API key by its hash."""
        row = {
            "id": key.id,
            "business_id": key.business_id,
            "name": key.name,
            "key_hash": key_hash,
            "scopes": list(key.scopes),
            "created_by": key.created_by,
            "created_at": seconds(key.created_at),
            "expires_at": None if key.expires_at is None else seconds(key.expires_at),
        }
        with self._database.write() as connection:
            connection.execute(insert(tables.api_keys).values(row))

    def keys(self, business_id: str) -> list[ApiKey]:
        """The API keys of a business, newest first, revoked ones included."""
        table = tables.api_keys
        query = select(table).where(table.c.business_id == business_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.created_at.desc(), table.c.id))
            return [key_of(row) for row in rows]

    def key(self, key_hash: str, now: datetime) -> ApiKey | None:
        """The live key with this hash, noted as used."""
        table = tables.api_keys
        live = table.c.revoked_at.is_(None) & (table.c.expires_at.is_(None) | (table.c.expires_at > seconds(now)))
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.key_hash == key_hash, live)).first()
        if row is None:
            return None
        if seconds(now) - (row.used_at or 0) >= SEEN_EVERY_S:
            self._touch(table, table.c.id == row.id, "used_at", now)
        return key_of(row)

    def revoke_key(self, business_id: str, key_id: str, now: datetime) -> bool:
        """Revoke a key for good; False if the business has no such live key."""
        return self._revoke(tables.api_keys, business_id, key_id, now)

    # --- calendar feeds ---------------------------------------------------------------------------------

    def add_feed(self, feed: Feed, token_hash: str) -> None:
        """Remember a calendar address by its token's hash."""
        row = {
            "id": feed.id,
            "business_id": feed.business_id,
            "name": feed.name,
            "staff_id": feed.staff_id,
            "token_hash": token_hash,
            "created_at": seconds(feed.created_at),
        }
        with self._database.write() as connection:
            connection.execute(insert(tables.calendar_feeds).values(row))

    def feeds(self, business_id: str) -> list[Feed]:
        """The calendar addresses of a business, newest first, revoked ones included."""
        table = tables.calendar_feeds
        query = select(table).where(table.c.business_id == business_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.created_at.desc(), table.c.id))
            return [feed_of(row) for row in rows]

    def feed(self, token_hash: str, now: datetime) -> Feed | None:
        """The live feed of a token, noted as read."""
        table = tables.calendar_feeds
        query = select(table).where(table.c.token_hash == token_hash, table.c.revoked_at.is_(None))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if seconds(now) - (row.read_at or 0) >= SEEN_EVERY_S:
            self._touch(table, table.c.id == row.id, "read_at", now)
        return feed_of(row)

    def revoke_feed(self, business_id: str, feed_id: str, now: datetime) -> bool:
        """Revoke an address for good; False if the business has no such live one."""
        return self._revoke(tables.calendar_feeds, business_id, feed_id, now)

    # --- for both ---------------------------------------------------------------------------------------

    def _touch(self, table: Any, which: Any, column: str, now: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(update(table).where(which).values({column: seconds(now)}))

    def _revoke(self, table: Any, business_id: str, row_id: str, now: datetime) -> bool:
        which = (table.c.id == row_id) & (table.c.business_id == business_id) & table.c.revoked_at.is_(None)
        with self._database.write() as connection:
            return bool(connection.execute(update(table).where(which).values(revoked_at=seconds(now))).rowcount)
