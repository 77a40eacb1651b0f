"""The work after calls of one process, put together: its channels, handlers and engine.

It decides which engine does the jobs: threads of this process on SQLite, procrastinate on PostgreSQL. It reads no
configuration: what the operator chose comes as `JobSettings`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import httpx

from torim.jobs import retention
from torim.jobs.base import Handler, Kind
from torim.jobs.chat import ChatClient, Model
from torim.jobs.delivery import Delivery
from torim.jobs.local import LocalEngine
from torim.jobs.mail import Mailer, server_of
from torim.jobs.outgoing import Transport, permits
from torim.jobs.retention import Retention
from torim.jobs.sms import API_URL, SmsSender, TwilioSms
from torim.jobs.summary import Summaries
from torim.jobs.workshop import Step, Workshop
from torim.storage.jobs import JobBook
from torim.storage.privacy import PrivacyStore
from torim.storage.store import Store


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """The carrier's account that text messages are sent from."""

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str = ""
    api_url: str = API_URL


@dataclass(frozen=True, slots=True)
class JobSettings:
    """What the operator chose for the work after calls."""

    data_dir: Path
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = ""
    sms: SmsAccount | None = None
    model: Model | None = None
    allow_private_addresses: bool = False  # for webhooks


class Engine(Protocol):
    """Does jobs while it is started."""

    def start(self) -> None: ...
    def stop(self) -> bool: ...


class JobService:
    """The jobs of one process; `start` and `stop` it once. Its store is the caller's and stays open."""

    def __init__(
        self, settings: JobSettings, store: Store, now: Callable[[], datetime], observe: Step | None = None
    ) -> None:
        self.book = JobBook(store.database)
        self.privacy = PrivacyStore(store.database, settings.data_dir)
        self._now = now
        self._http = httpx.Client(trust_env=False)
        guarded = Transport(permits(settings.allow_private_addresses))
        self._webhooks = httpx.Client(transport=guarded, trust_env=False)
        handlers = _handlers(settings, store, self.privacy, self.book, self._http, self._webhooks)
        self.workshop = Workshop(self.book, handlers, now, *([observe] if observe else []))
        self._engine = _engine(self.workshop)

    def start(self) -> None:
        """Begin to do jobs, those included that an earlier run left."""
        self.book.add([retention.daily(retention.next_night(self._now()))], self._now())
        self._engine.start()

    def stop(self) -> None:
        """Finish the jobs in hand and take no more. Blocking."""
        self._engine.stop()
        self._http.close()
        self._webhooks.close()


def _handlers(
    settings: JobSettings,
    store: Store,
    privacy: PrivacyStore,
    book: JobBook,
    http: httpx.Client,
    webhooks: httpx.Client,
) -> Mapping[str, Handler]:
    delivery = Delivery(store, privacy, webhooks, _mailer(settings), sms_sender(settings.sms, http))
    chat = ChatClient(http, settings.model) if settings.model else None
    summaries = Summaries(store, delivery.channels, chat)
    return {
        **{kind.value: handler for kind, handler in delivery.handlers.items()},
        Kind.SUMMARY.value: summaries.summarize,
        Kind.RETENTION.value: Retention(store, privacy, book, settings.data_dir).clean,
    }


def sms_sender(account: SmsAccount | None, http: httpx.Client) -> SmsSender | None:
    """What sends text messages from an account."""
    if account is None or not account.sender:
        return None
    return TwilioSms(http, account.account_sid, account.auth_token, account.sender, account.api_url)


def _mailer(settings: JobSettings) -> Mailer | None:
    return Mailer(server_of(settings.smtp_url), settings.mail_from) if settings.smtp_url else None


def _engine(workshop: Workshop) -> Engine:
    if workshop.book.database.is_sqlite:
        return LocalEngine(workshop)
    from torim.jobs.shared import SharedEngine

    return SharedEngine(workshop)
