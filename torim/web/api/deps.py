"""What the API is built from, and how a handler gets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from torim.carriers.trust import Doorkeeper
from torim.storage.access import AccessStore
from torim.storage.office import OfficeStore
from torim.storage.privacy import PrivacyStore
from torim.storage.store import Store
from torim.web.attempts import Attempts
from torim.web.live_calls import BrowserCalls, LiveCalls
from torim.web.news import NewsDesk
from torim.web.rehearsals import Rehearsals
from torim.web.telephone_check import Telephony
from torim.web.transfers import Transfers


@dataclass(frozen=True, slots=True)
class Speaks:
    """With which engine calls are answered, and the voices that it is known to have."""

    engine: str = "embedded"
    voice: str | None = None  # where a business wishes for none; None: the engine has no choice of them
    voices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiDeps:
    """Everything behind the API.

    Args:
        store: The appointment book, messages and businesses.
        office: What the pages read of calls, appointments and messages.
        privacy: Exports and erases.
        live: The calls of this machine that are going on.
        news: Tells pages what is new.
        browser: Begins calls from the browser; None where this process takes none.
        doorkeeper: Knows the address under which a request was made.
        now: The wall clock, in UTC.
        longest_call: No call goes on for longer.
        speaks: The engine and its voices.
        telephony: What the installation says about its carrier.
        rehearsals: Plays scripts on this installation; None where this process rehearses nothing.
    """

    access: AccessStore
    store: Store
    office: OfficeStore
    privacy: PrivacyStore
    live: LiveCalls
    news: NewsDesk
    doorkeeper: Doorkeeper
    data_dir: Path
    now: Callable[[], datetime]
    browser: BrowserCalls | None = None
    rehearsals: Rehearsals | None = None
    speaks: Speaks = field(default_factory=Speaks)
    telephony: Telephony = field(default_factory=Telephony)
    longest_call: timedelta = timedelta(hours=4)
    transfers: Transfers = field(default_factory=Transfers)
    attempts: Attempts = field(default_factory=Attempts)


async def _deps(request: Request) -> ApiDeps:
    deps: ApiDeps = request.app.state.api
    return deps


Deps = Annotated[ApiDeps, Depends(_deps)]
