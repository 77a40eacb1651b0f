"""A media worker's process: its calls, its media port, and the pipe to the process that started it.

It decides to finish its calls and end when that process is gone. It obeys the pipe, not signals: a signal to the
whole group must not end calls.
"""

from __future__ import annotations

import asyncio
import queue
import signal
import threading
from collections.abc import Coroutine
from multiprocessing.connection import Connection
from typing import Any

from torim.config import Config
from torim.core.events import EndReason
from torim.errors import TorimError
from torim.live import interpreter
from torim.live.dispatch import media_url
from torim.live.node import Listeners, Node, media_port, node
from torim.web.live_calls import Command

STATE_EVERY_S = 0.25
METRICS_EVERY = 8  # states
GOODBYE_MAX_S = 30.0


class Reporter:
    """Says things to the parent from a thread of its own: a parent that stalls must not stall calls."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="torim-reporter", daemon=True)
        self._thread.start()

    def say(self, *what: Any) -> None:
        """Queue one message."""
        self._queue.put(what)

    def close(self) -> None:
        """Send what is queued and end."""
        self._queue.put(None)
        self._thread.join(2.0)

    def _run(self) -> None:
        while (what := self._queue.get()) is not None:
            try:
                self._connection.send(what)
            except OSError:
                return  # the parent is gone


def run_worker(config: Config, number: int, port: int, token_secret: bytes, connection: Connection) -> None:
    """The worker's main function."""
    import uvloop

    from torim.live import logs

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    logs.configure(config.log_level, config.log_format, config.secrets)
    reporter = Reporter(connection)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(config, number, port, token_secret, connection, reporter))
    except TorimError as error:
        reporter.say("failed", str(error), error.code)
    reporter.close()


async def _work(
    config: Config, number: int, port: int, token_secret: bytes, connection: Connection, reporter: Reporter
) -> None:
    def stream_ended(call_sid: str, reason: EndReason) -> None:
        reporter.say("stream_ended", call_sid, reason.value)

    listeners = Listeners(
        lambda call_sid: reporter.say("began", call_sid),
        stream_ended,
        lambda call_sid: reporter.say("ended", call_sid),
    )
    named: list[str] = []
    async with node(config, number, token_secret, listeners) as own, media_port(own, config, port, named) as media:
        named.append(media_url(config, number, media.port))
        interpreter.settle()
        reporter.say("ready", media.port)
        stop = _obey(connection, own, reporter)
        reporting = asyncio.create_task(_report(own, reporter))
        await stop.wait()
        reporting.cancel()


def _obey(connection: Connection, own: Node, reporter: Reporter) -> asyncio.Event:
    """Follow the parent's orders and answer its questions; the event is set when it is time to end."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    running: set[asyncio.Task[None]] = set()

    def run(work: Coroutine[Any, Any, None]) -> None:
        task = loop.create_task(work)
        running.add(task)
        task.add_done_callback(running.discard)

    def listen() -> None:
        try:
            while connection.poll():
                said = connection.recv()
                if isinstance(said, tuple):
                    run(_answer(said, own, reporter))
                else:
                    _order(said, own, stop)
        except (EOFError, OSError):
            loop.remove_reader(connection.fileno())
            run(_orphaned(own, stop))

    loop.add_reader(connection.fileno(), listen)
    return stop


def _order(order: str, own: Node, stop: asyncio.Event) -> None:
    if order == "drain":
        own.host.drain()
    elif order == "goodbye":
        own.host.say_goodbye()
    elif order == "stop":
        stop.set()


async def _answer(question: tuple[Any, ...], own: Node, reporter: Reporter) -> None:
    """Say what our calls look like, or whether one of them took an order."""
    number, what, *rest = question
    if what == "look":
        reporter.say("answer", number, await own.watched.look())
    else:
        business_id, call_id, command = rest
        taken = await own.watched.order(business_id, call_id, Command(command))
        reporter.say("answer", number, taken)


async def _orphaned(own: Node, stop: asyncio.Event) -> None:
    """Nobody can send us calls any more: say goodbye and end."""
    own.host.drain()
    own.host.say_goodbye()
    try:
        async with asyncio.timeout(GOODBYE_MAX_S):
            await own.host.until_idle()
    except TimeoutError:
        pass  # stopping ends what is left
    stop.set()


async def _report(own: Node, reporter: Reporter) -> None:
    states = 0
    while True:
        reporter.say("state", len(own.host.calls), own.host.admission.refusal())
        if states % METRICS_EVERY == 0:
            reporter.say("metrics", list(own.registry.collect()))
        states += 1
        await asyncio.sleep(STATE_EVERY_S)
