"""One process that takes calls: its database, writers, desk, host and media port, put together and taken apart.

It decides the order of starting and stopping, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import httpx
from prometheus_client import CollectorRegistry

from torim.carriers.trust import Doorkeeper
from torim.config import Config
from torim.core.events import EndReason
from torim.desk.business import Business, load_business
from torim.desk.receptionist import Receptionist
from torim.engines.embedded.voice import EspeakVoice
from torim.errors import StorageError
from torim.live import engines
from torim.live.archive import Archive
from torim.live.calendars import keep_reading
from torim.live.clips import Clips, own_words
from torim.live.clock import utc_now
from torim.live.desks import Desks
from torim.live.host import CallHost, HostParts, MakePlans
from torim.live.repair import repair_all
from torim.live.spool import Spool
from torim.live.texting import make_code, sms_account, texting
from torim.live.trace import TraceHub
from torim.live.watching import OwnCalls
from torim.live.worker import MediaServer
from torim.storage.store import Store
from torim.storage.writer import Report, Trouble, Writer

DESK_THREADS = 8
OVERTIME = timedelta(minutes=10)  # for goodbyes, last tools and clocks that differ
CLOSE_WAIT_S = 10.0
READS_CALENDARS = 0  # the number of the process that reads the linked calendars of an installation's machine

MakeDesk = Callable[[Business, Store], Receptionist]

_log = logging.getLogger("torim.live")


def _answering(config: Config, http: httpx.Client) -> MakeDesk:
    """The desk of every call: the line keeps voice notes, and sends codes where an account is configured."""
    send_text = texting(sms_account(config), http)

    def make(business: Business, store: Store) -> Receptionist:
        return Receptionist(
            business,
            store,
            voice_notes=True,
            send_text=send_text,
            make_code=make_code if send_text else None,
            recorded=config.record_calls or business.recording,
        )

    return make


async def _clips(receptionist: Receptionist) -> Clips:
    voice = EspeakVoice()
    try:
        return await own_words(receptionist, voice)
    finally:
        await voice.close()


def _nobody(call_sid: str) -> None:
    """Who asked not to be told."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Whom a node tells about its calls, by the carrier's call id."""

    stream_began: Callable[[str], None]
    stream_ended: Callable[[str, EndReason], None]  # before the carrier can ask what follows
    call_ended: Callable[[str], None] = _nobody  # nothing of it is under way any more


def transfer_number(store: Store, own: Business, called: str) -> str | None:
    """To whom callers of a number are put through: by the settings of the business that answers it. Blocking."""
    try:
        record = store.businesses.by_number(called) or store.businesses.get(own.id)
    except StorageError as error:
        _log.warning("the settings cannot be read; those of the file count: %s", error)
        record = None
    return (record.business if record else own).transfer.number


@dataclass(frozen=True, slots=True)
class Node:
    """The running parts of one process."""

    host: CallHost
    store: Store
    hub: TraceHub
    registry: CollectorRegistry
    spool: Spool
    writer: Writer
    archive: Archive
    desks: Desks

    def transfer_number(self, called: str) -> str | None:
        """To whom callers of a number are put through. Blocking."""
        return transfer_number(self.store, self.archive.business, called)

    @property
    def watched(self) -> OwnCalls:
        """The calls of this process, to be looked at and given orders."""
        return OwnCalls(self.host.calls, lambda bridge: self.archive.business_of(bridge.setup).id)


def prepare(config: Config) -> None:
    """Create the data directory, bring the database to its newest schema, finish what a crash left. Blocking.

    Raises:
        StorageError: The data directory or the database cannot be used.
        ConfigError: The business cannot be read.
    """
    business = load_business(config.business_file)
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The data directory {config.data_dir} cannot be created ({error}); set TORIM_DATA_DIR to one that can.",
            "storage.data_dir",
        ) from error
    with contextlib.closing(Store(config.database_url)) as store:
        store.upgrade()
        store.businesses.adopt(business, utc_now())
        repaired = repair_all(store, config.language, _over_by(config))
    if repaired:
        _log.warning("%d calls were cut off by the end of an earlier run; what was said in them is stored", repaired)


def _over_by(config: Config) -> datetime:
    """Calls that began before this cannot be live any more, on any machine that shares the database."""
    shared = not config.database_url.startswith("sqlite")
    longest = timedelta(minutes=config.max_call_minutes) + OVERTIME
    return utc_now() - (longest if shared else timedelta())


@contextlib.asynccontextmanager
async def node(
    config: Config,
    worker: int,
    token_secret: bytes,
    listeners: Listeners,
    make_plans: MakePlans | None = None,
    make_desk: MakeDesk | None = None,
    *,
    speaks: bool | None = None,
) -> AsyncIterator[Node]:
    """Run the calls of one process while the block runs; the database must be prepared.

    Args:
        speaks: Calls have words of their own for when no engine speaks; by default with the configured engines.
    """
    if make_plans is None:
        await asyncio.to_thread(engines.load, config)
    store = Store(config.database_url)
    writer = Writer(store, _report)
    spool = Spool(_log.warning)
    pool = ThreadPoolExecutor(DESK_THREADS, "torim-desk")
    business = load_business(config.business_file)
    archive = Archive(store, writer, business, config.language, pool, spool)
    hub, registry = TraceHub(), CollectorRegistry()
    http = httpx.Client(trust_env=False)
    make = make_desk or _answering(config, http)
    receptionist = make(business, store)
    desks = Desks(store.businesses, business, lambda of: make(of, store))
    await asyncio.to_thread(desks.refresh)
    clips = await _clips(receptionist) if (make_plans is None if speaks is None else speaks) else {}
    host = CallHost(
        HostParts(
            config=config,
            worker=worker,
            token_secret=token_secret,
            receptionist=receptionist,
            plans=make_plans or partial(engines.plans, config),
            archive=archive,
            hub=hub,
            spool=spool,
            pool=pool,
            registry=registry,
            stream_began=listeners.stream_began,
            stream_ended=listeners.stream_ended,
            call_ended=listeners.call_ended,
            clips=clips,
            desks=desks,
        )
    )
    host.start()
    private = config.allow_private_addresses
    reads = keep_reading(store, allow_private_addresses=private) if worker == READS_CALENDARS else None
    reading = None if reads is None else asyncio.create_task(reads)
    try:
        yield Node(host, store, hub, registry, spool, writer, archive, desks)
    finally:
        if reading is not None:
            reading.cancel()
        host.stop()
        await asyncio.to_thread(_close, pool, writer, spool, store, http)


@contextlib.asynccontextmanager
async def media_port(running: Node, config: Config, port: int, named_urls: list[str]) -> AsyncIterator[MediaServer]:
    """Listen for media streams while the block runs; ``named_urls`` may still grow."""
    doorkeeper = Doorkeeper(config.twilio_auth_token, config.public_url, config.trusted_proxies)
    server = MediaServer(running.host, doorkeeper, named_urls)
    await server.start(config.host, port)
    try:
        yield server
    finally:
        await server.stop()


def _close(pool: ThreadPoolExecutor, writer: Writer, spool: Spool, store: Store, http: httpx.Client) -> None:
    pool.shutdown(wait=True)
    http.close()
    writer.close(CLOSE_WAIT_S)
    spool.close(CLOSE_WAIT_S)
    store.close()


def _report(report: Report) -> None:
    """The writer's troubles, for the operator."""
    if report.trouble is Trouble.RECOVERED:
        _log.info("the database takes records again: %d that waited are written", report.records)
    elif report.trouble is Trouble.RETRYING:
        _log.warning("the database refuses records; %d wait, nothing is lost: %s", report.records, report.error)
    else:
        _log.error("%d call records were lost: %s", report.records, report.error)
