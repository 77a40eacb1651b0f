"""The media workers of this machine: processes that this one starts, listens to, and starts again.

It decides that a worker that died is replaced, and tells the web side why its calls ended. Calls themselves live
in the workers; a worker whose parent is gone finishes its calls and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import multiprocessing
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from torim.config import Config
from torim.core.events import EndReason
from torim.errors import ConfigError
from torim.live.dispatch import Dispatcher, WorkerView, media_url
from torim.live.ends import CallEnds
from torim.live.worker_process import run_worker
from torim.web.live_calls import Command, LiveCall

READY_MAX_S = 30.0
RESTART_S = 1.0
ANSWER_MAX_S = 1.0  # a worker that takes longer has no calls to show
STOP_MAX_S = 15.0

Lost = Callable[[Sequence[str]], None]
Run = Callable[[Config, int, int, bytes, Connection], None]

_log = logging.getLogger("torim.live.fleet")
_spawn = multiprocessing.get_context("spawn")  # a fork would copy threads and locks in any state


class _Phase(Enum):
    """Where the life of the fleet is."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"


@dataclass(slots=True)
class _Worker:
    """One worker process and what it last said."""

    view: WorkerView
    port: int
    process: SpawnProcess
    connection: Connection
    ready: asyncio.Future[None]
    live: set[str] = field(default_factory=set)  # the carrier's ids of its calls
    asked: dict[int, asyncio.Future[Any]] = field(default_factory=dict)  # questions that it has not answered
    metrics: list[Metric] = field(default_factory=list)


class Fleet(Collector):
    """All workers; also a collector of their metrics, each with its worker's number.

    Args:
        run: The main function of a worker's process.
        ready_max_s: How long the workers may take to start.
        restart_s: From the death of a worker to the start of the next.
    """

    def __init__(
        self,
        config: Config,
        token_secret: bytes,
        ends: CallEnds,
        dispatcher: Dispatcher,
        lost: Lost,
        *,
        run: Run = run_worker,
        ready_max_s: float = READY_MAX_S,
        restart_s: float = RESTART_S,
    ) -> None:
        self._config = config
        self._lost = lost
        self._token_secret = token_secret
        self._ends = ends
        self._dispatcher = dispatcher
        self._loop = asyncio.get_running_loop()
        self._workers: dict[int, _Worker] = {}
        self._run, self._ready_max_s, self._restart_s = run, ready_max_s, restart_s
        self._phase = _Phase.STARTING
        self._changed = asyncio.Event()
        self._numbers = itertools.count(1)  # of questions

    # --- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start all workers and wait until they listen.

        Raises:
            ConfigError: A worker cannot start; the message says why.
        """
        for number, port in enumerate(self._config.media_ports, 1):
            view = WorkerView(number, "")
            self._dispatcher.add(view)
            self._launch(view, port)
        try:
            async with asyncio.timeout(self._ready_max_s):
                await asyncio.gather(*(worker.ready for worker in self._workers.values()))
        except TimeoutError as error:
            raise ConfigError("The media workers did not start in time; see their log.", "config.workers") from error
        self._phase = _Phase.RUNNING

    async def stop(self) -> None:
        """End every worker: politely, then firmly."""
        self._phase = _Phase.STOPPING
        for worker in self._workers.values():
            self._tell(worker, "stop")
        await asyncio.to_thread(self._join)
        for worker in self._workers.values():
            self._loop.remove_reader(worker.connection.fileno())
            worker.connection.close()

    def _join(self) -> None:
        for worker in self._workers.values():
            worker.process.join(STOP_MAX_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _launch(self, view: WorkerView, port: int) -> None:
        ours, theirs = _spawn.Pipe()
        arguments = (self._config, view.worker, port, self._token_secret, theirs)
        process = _spawn.Process(target=self._run, args=arguments, name=f"torim-worker-{view.worker}")
        process.start()
        theirs.close()
        worker = _Worker(view, port, process, ours, self._loop.create_future())
        self._workers[view.worker] = worker
        self._loop.add_reader(ours.fileno(), self._listen, worker)

    # --- what is asked of all ----------------------------------------------------------------------------

    def drain(self) -> None:
        """Have every worker take no new calls."""
        for worker in self._workers.values():
            self._tell(worker, "drain")

    def say_goodbye(self) -> None:
        """Have every live call end politely."""
        for worker in self._workers.values():
            self._tell(worker, "goodbye")

    async def until_idle(self) -> None:
        """Wait until no worker has a live call."""
        while any(worker.live for worker in self._workers.values()):
            self._changed.clear()
            await self._changed.wait()

    def collect(self) -> Iterator[Metric]:
        """The workers' metrics as they last reported them."""
        merged: dict[str, Metric] = {}
        for number, worker in sorted(self._workers.items()):
            for metric in worker.metrics:
                into = merged.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                for sample in metric.samples:
                    labels = {**sample.labels, "worker": str(number)}
                    into.samples.append(sample._replace(labels=labels))
        yield from merged.values()

    def describe(self) -> list[Metric]:
        """Nothing yet: what workers count is known when they report it."""
        return []

    # --- what is asked about single calls ------------------------------------------------------------------

    async def look(self) -> tuple[LiveCall, ...]:
        """The calls that go on in all workers, as they look now."""
        busy = [worker for worker in self._workers.values() if worker.live]
        found = await asyncio.gather(*(self._ask(worker, "look") for worker in busy))
        return tuple(call for calls in found if calls for call in calls)

    async def order(self, business_id: str, call_id: str, command: Command) -> bool:
        """Give an order to one call, whichever worker carries it; False: none does."""
        order = ("order", business_id, call_id, command.value)
        busy = [worker for worker in self._workers.values() if worker.live]
        return any(await asyncio.gather(*(self._ask(worker, *order) for worker in busy)))

    async def _ask(self, worker: _Worker, *question: str) -> Any:
        """A worker's answer; None if it gives none in time."""
        number = next(self._numbers)
        answer = worker.asked[number] = self._loop.create_future()
        self._tell(worker, (number, *question))
        try:
            async with asyncio.timeout(ANSWER_MAX_S):
                return await answer
        except TimeoutError:
            return None
        finally:
            worker.asked.pop(number, None)

    @staticmethod
    def _tell(worker: _Worker, what: str | tuple[int | str, ...]) -> None:
        with contextlib.suppress(OSError):  # it died: its end is noticed by `_listen`
            worker.connection.send(what)

    # --- what workers say --------------------------------------------------------------------------------

    def _listen(self, worker: _Worker) -> None:
        try:
            while worker.connection.poll():
                self._heard(worker, *worker.connection.recv())
        except (EOFError, OSError):
            self._died(worker)

    def _heard(self, worker: _Worker, kind: str, *said: Any) -> None:
        if kind == "ready":
            worker.port = said[0]
            worker.view.url = media_url(self._config, worker.view.worker, said[0])
            worker.view.refusal = None
            if not worker.ready.done():  # nobody waits for a worker that comes too late
                worker.ready.set_result(None)
        elif kind == "state":
            worker.view.calls, worker.view.refusal = said
        elif kind == "began":
            worker.live.add(said[0])
            self._ends.began(said[0])
            self._dispatcher.arrived(worker.view.worker, said[0])
        elif kind == "stream_ended":
            self._ends.ended(said[0], EndReason(said[1]))
        elif kind == "ended":
            worker.live.discard(said[0])
            self._changed.set()
        elif kind == "answer":
            if (asked := worker.asked.get(said[0])) is not None and not asked.done():
                asked.set_result(said[1])
        elif kind == "metrics":
            worker.metrics = said[0]
        elif kind == "failed":
            self._failed(worker, ConfigError(said[0], said[1]))

    def _died(self, worker: _Worker) -> None:
        self._loop.remove_reader(worker.connection.fileno())
        worker.view.refusal, worker.view.calls = "the worker is not running", 0
        for answer in worker.asked.values():
            if not answer.done():
                answer.set_result(None)
        for call_sid in worker.live:
            self._ends.ended(call_sid, EndReason.INTERNAL_ERROR)
        self._lost(tuple(worker.live))
        worker.live.clear()
        self._changed.set()
        if self._phase is _Phase.STARTING:
            self._failed(worker, ConfigError("A media worker did not start; see its log.", "config.workers"))
        elif self._phase is _Phase.RUNNING:
            _log.error("media worker %d died; its calls are lost, a new one starts", worker.view.worker)
            self._loop.call_later(self._restart_s, self._restart, worker)

    def _failed(self, worker: _Worker, error: ConfigError) -> None:
        """A worker cannot start: then the fleet cannot; one that follows a dead one is tried again when it has died."""
        if self._phase is _Phase.STARTING and not worker.ready.done():
            worker.ready.set_exception(error)
        else:
            _log.error("media worker %d cannot start: %s (%s)", worker.view.worker, error, error.code)

    def _restart(self, worker: _Worker) -> None:
        if self._phase is _Phase.RUNNING:
            worker.connection.close()
            self._launch(worker.view, worker.port)


@contextlib.asynccontextmanager
async def fleet(
    config: Config, token_secret: bytes, ends: CallEnds, dispatcher: Dispatcher, lost: Lost
) -> AsyncIterator[Fleet]:
    """Run the media workers while the block runs; ``lost`` is told the calls of a worker that died."""
    workers = Fleet(config, token_secret, ends, dispatcher, lost)
    try:
        await workers.start()
        yield workers
    finally:
        await workers.stop()
