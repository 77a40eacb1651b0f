"""One-time links: where they lead. The token stands behind `#`, so that no server or proxy ever logs it."""

from __future__ import annotations

from datetime import datetime, timedelta

from torim.storage.access import AccessStore
from torim.web.passwords import hash_token, new_token

LINK_HOURS = 72
FIRST_RUN_DAYS = 3650  # as long as there is no account


def first_run_path(token: str) -> str:
    """Where the first account is made."""
    return f"/welcome#token={token}"


def password_path(token: str) -> str:
    """Where somebody chooses a password."""
    return f"/password#token={token}"


def feed_path(token: str) -> str:
    """The secret address of a calendar."""
    return f"/calendar/{token}.ics"


def new_first_run(access: AccessStore, now: datetime) -> str | None:
    """The path of a new first-run link; None once there is an account. Blocks."""
    if access.has_accounts():
        return None
    token = new_token()
    access.add_link(hash_token(token), None, now + timedelta(days=FIRST_RUN_DAYS))
    return first_run_path(token)
