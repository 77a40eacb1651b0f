"""Serving: the web application and the calls, in this process alone or with media workers in their own.

It decides the order of a shutdown: no new calls, live calls finish, then a spoken goodbye. How a call goes is the
bridge's business, what a webhook answers the web side's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from prometheus_client import CollectorRegistry

from torim.config import Config
from torim.errors import TorimError
from torim.live import interpreter
from torim.live.afterwards import doing_jobs
from torim.live.bridge import Bridge
from torim.live.clock import utc_now
from torim.live.dispatch import Dispatcher, WorkerView, media_url, on_web_port, web_media_url
from torim.live.ends import CallEnds, SharedEnds
from torim.live.fleet import fleet
from torim.live.front_office import api_deps, first_run, web_address
from torim.live.host import MakePlans
from torim.live.node import Listeners, MakeDesk, Node, media_port, node, prepare
from torim.live.trace import Subscriber
from torim.live.watching import CallSource
from torim.storage.store import Store
from torim.web.api.deps import ApiDeps
from torim.web.app import build_app
from torim.web.ports import WebDeps
from torim.web.rehearsals import Rehearsals
from torim.web.server import web_server

DRAIN_MAX_S = 30 * 60.0  # live calls finish by themselves within this
GOODBYE_MAX_S = 30.0  # for the goodbye to be said
NOBODY_S = 0.1  # long enough to see that no call is live
ENDED_WITHIN = timedelta(seconds=15)  # shorter than a transfer rings: an older end was another stream's
AFTER_S = 2.0  # the carrier asks what follows a stream right after its end
VIEW_EVERY_S = 0.25
OWN_WORKER = 0  # the number of the process that serves the web

MakeRehearsals = Callable[[Config, Node], Rehearsals]

_log = logging.getLogger("torim.serve")


@dataclass(frozen=True, slots=True)
class Server:
    """A Torim that runs inside this process: web and media on ports of their own, one loop."""

    web_url: str
    media_url: str
    node: Node
    dispatcher: Dispatcher

    @property
    def calls(self) -> Mapping[str, Bridge]:
        """The live calls, by the carrier's call id."""
        return self.node.host.calls

    @property
    def store(self) -> Store:
        """The database."""
        return self.node.store

    @property
    def registry(self) -> CollectorRegistry:
        """The metrics."""
        return self.node.registry

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Follow the timeline of every call; returns the function that stops it."""
        return self.node.hub.subscribe(subscriber)

    async def settled(self, timeout_s: float = 5.0) -> None:
        """Wait until no call is live and everything they left is written."""
        async with asyncio.timeout(timeout_s):
            await self.node.host.until_idle()
        await asyncio.to_thread(self._flush, timeout_s)

    def _flush(self, timeout_s: float) -> None:
        self.node.archive.wait_completed(timeout_s)
        self.node.writer.flush(timeout_s)
        self.node.spool.flush(timeout_s)


@contextlib.asynccontextmanager
async def running(
    config: Config,
    make_plans: MakePlans | None = None,
    make_desk: MakeDesk | None = None,
    *,
    speaks: bool | None = None,
    make_rehearsals: MakeRehearsals | None = None,
) -> AsyncIterator[Server]:
    """Serve inside this process and loop while the block runs; port 0 takes a free port.

    Args:
        make_plans: Engines of each call; those of the configuration by default.
        make_desk: The desk that all calls share; that of the configuration by default.
        speaks: Calls have words of their own for when no engine speaks; by default with the configured engines.
    """
    await asyncio.to_thread(prepare, config)
    secret = secrets.token_bytes(32)
    ends = CallEnds()
    view = WorkerView(OWN_WORKER, "")
    dispatcher = Dispatcher([view], config.max_calls, time.monotonic)
    listeners = _listeners(ends, dispatcher, OWN_WORKER)
    named: list[str] = []
    async with (
        doing_jobs(config),  # until the calls have left what they leave
        node(config, OWN_WORKER, secret, listeners, make_plans, make_desk, speaks=speaks) as own,
        media_port(own, config, config.media_port, named) as media,
    ):
        rehearsals = make_rehearsals(config, own) if make_rehearsals else None
        api = api_deps(config, own, rehearsals=rehearsals)
        app = build_app(_deps(config, dispatcher, ends, own, api))
        async with web_server(app, config.host, config.port) as web_port, _rehearsing(rehearsals, config, web_port):
            view.url = media_url(config, OWN_WORKER, media.port)
            named.append(view.url)
            watching = asyncio.create_task(_watch(own, view))
            try:
                yield Server(f"http://{config.host}:{web_port}", view.url, own, dispatcher)
            finally:
                api.news.close()
                watching.cancel()


@contextlib.asynccontextmanager
async def _rehearsing(rehearsals: Rehearsals | None, config: Config, web_port: int) -> AsyncIterator[None]:
    """Let the rehearsals, where there are any, find the web port while the block runs."""
    if rehearsals is None:
        yield
        return
    rehearsals.open_at(web_address(replace(config, public_url=None), web_port))
    try:
        yield
    finally:
        await rehearsals.close()


def main(config: Config, make_rehearsals: MakeRehearsals | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    import uvloop

    from torim.live import logs

    logs.configure(config.log_level, config.log_format, config.secrets)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(config, make_rehearsals))
    except TorimError as error:
        _log.error("%s (%s)", error, error.code)
        return 1
    return 0


async def _serve(config: Config, make_rehearsals: MakeRehearsals | None) -> None:
    """The web here, calls in worker processes; calls of the web port and of the browser here, too."""
    await asyncio.to_thread(prepare, config)
    secret = secrets.token_bytes(32)
    ends = CallEnds()
    views = [WorkerView(OWN_WORKER, web_media_url(config))] if on_web_port(config) else []
    dispatcher = Dispatcher(views, config.max_calls, time.monotonic)
    async with contextlib.AsyncExitStack() as stack:
        listeners = _listeners(ends, dispatcher, OWN_WORKER)
        await stack.enter_async_context(doing_jobs(config))  # until the calls have left what they leave
        own = await stack.enter_async_context(node(config, OWN_WORKER, secret, listeners))
        crews: list[Crew] = [own.host]
        others: list[CallSource] = []
        if views:
            stack.callback(asyncio.create_task(_watch(own, views[0])).cancel)
        else:
            workers = await stack.enter_async_context(fleet(config, secret, ends, dispatcher, own.archive.lost))
            own.registry.register(workers)
            crews.append(workers)
            others.append(workers)
        rehearsals = make_rehearsals(config, own) if make_rehearsals else None
        api = api_deps(config, own, others, rehearsals)
        app = build_app(_deps(config, dispatcher, ends, own, api))
        web_port = await stack.enter_async_context(web_server(app, config.host, config.port))
        await stack.enter_async_context(_rehearsing(rehearsals, config, web_port))
        stack.callback(api.news.close)  # streams of events end before the server waits for them
        await _invite(config, api, web_port)
        interpreter.settle()
        _log.info("ready: web port %d, engine %s, press Ctrl-C to stop", web_port, config.engine)
        await _until_stopped(dispatcher, crews, rehearsals)
    _log.info("stopped")


async def _invite(config: Config, api: ApiDeps, web_port: int) -> None:
    """Tell the operator, on the console and not in the log, where the first account is made."""
    address = await asyncio.to_thread(first_run, config, api.access, web_port)
    if address is not None:
        print(f"\nNobody can log in yet. Make the first account here, once:\n\n    {address}\n", flush=True)


class Crew(Protocol):
    """Calls that are shut down together: those of this process, or those of all workers."""

    def drain(self) -> None: ...
    def say_goodbye(self) -> None: ...
    async def until_idle(self) -> None: ...


async def _until_stopped(dispatcher: Dispatcher, crews: Sequence[Crew], rehearsals: Rehearsals | None) -> None:
    """Serve until told to stop; then finish the calls. Each further signal shortens the wait."""
    told: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.put_nowait, None)
    await told.get()
    _log.info("stopping: no new calls; live calls finish (again: say goodbye now)")
    dispatcher.draining = True
    if rehearsals is not None:  # nobody waits for them
        await rehearsals.close()
    for crew in crews:
        crew.drain()
    if await _idle(crews, told, NOBODY_S):
        return
    if not await _idle(crews, told, DRAIN_MAX_S):
        for crew in crews:
            crew.say_goodbye()
        await _idle(crews, told, GOODBYE_MAX_S)
    await asyncio.sleep(AFTER_S)


async def _idle(crews: Sequence[Crew], told: asyncio.Queue[None], timeout_s: float) -> bool:
    """Wait until no call is live; False if the time ran out or another signal came first."""
    idle = asyncio.create_task(_all_idle(crews))
    again = asyncio.create_task(told.get())
    await asyncio.wait({idle, again}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finished = idle.done()
    for waiting in (idle, again):
        waiting.cancel()
    return finished


async def _all_idle(crews: Sequence[Crew]) -> None:
    await asyncio.gather(*(crew.until_idle() for crew in crews))


async def _watch(own: Node, view: WorkerView) -> None:
    """Keep the dispatcher's view of this process's calls."""
    while True:
        view.calls, view.refusal = len(own.host.calls), own.host.admission.refusal()
        await asyncio.sleep(VIEW_EVERY_S)


def _listeners(ends: CallEnds, dispatcher: Dispatcher, worker: int) -> Listeners:
    def began(call_sid: str) -> None:
        ends.began(call_sid)
        dispatcher.arrived(worker, call_sid)

    return Listeners(began, ends.ended)


def _shared(ends: CallEnds, store: Store) -> CallEnds | SharedEnds:
    """What knows why calls ended; an SQLite database has no other machines."""
    if store.database.is_sqlite:
        return ends
    return SharedEnds(ends, lambda call_sid: store.how_it_ended(call_sid, utc_now() - ENDED_WITHIN))


def _deps(config: Config, dispatcher: Dispatcher, ends: CallEnds, own: Node, api: ApiDeps) -> WebDeps:
    return WebDeps(
        config=config,
        dispatcher=dispatcher,
        health=dispatcher,
        call_ends=_shared(ends, own.store),
        registry=own.registry,
        token_secret=own.host.token_secret,
        language=own.host.language,
        media=own.host,
        trusted_peers=config.trusted_proxies,
        transfer_number=own.transfer_number,
        api=api,
        transfers=api.transfers,
    )
