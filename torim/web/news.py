"""What is new in a business, for whoever watches: live calls as they change, appointments and messages as they come.

One follower per business asks the database, however many pages watch; nobody asks while nobody watches. Changes made
by other processes and machines are seen alike, within a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from torim.desk.book import Appointment
from torim.desk.messages import Message
from torim.errors import AccessError, StorageError
from torim.storage.office import OfficeStore
from torim.web.live_calls import LiveCall, LiveCalls

LOOK_EVERY_S = 0.7
FIRST_LOOK_S = 3.0
QUIET_S = 15.0  # so that proxies and pages know that the stream is alive
OVERLAP = timedelta(seconds=5)  # clocks of machines, and transactions that commit late
WATCHERS_MAX = 64
BACKLOG_MAX = 200  # news that a slow page has not taken; beyond it the page must reconnect


@dataclass(frozen=True, slots=True)
class Calls:
    """The live calls, as they stand now."""

    calls: tuple[LiveCall, ...]


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment was made or changed."""

    appointment: Appointment


@dataclass(frozen=True, slots=True)
class Left:
    """A message was left or changed."""

    message: Message


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing for a while."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The server stops, or the page is too slow."""


News = Calls | Booked | Left | Quiet | Closed


@dataclass(slots=True)
class _Watched:
    """One business that somebody watches."""

    queues: list[asyncio.Queue[News]] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)  # the book was looked at once: what follows is new


class NewsDesk:
    """Hands what is new to every page that watches."""

    def __init__(self, live: LiveCalls, office: OfficeStore, now: Callable[[], datetime]) -> None:
        self._live = live
        self._office = office
        self._now = now
        self._watched: dict[str, _Watched] = {}

    @property
    def watchers(self) -> int:
        """How many pages watch."""
        return sum(len(watched.queues) for watched in self._watched.values())

    def follow(self, business_id: str) -> AsyncIterator[News]:
        """What is new from now on, the live calls first; ends when the server stops.

        Raises:
            AccessError: ``access.too_many_streams``.
        """
        if self.watchers >= WATCHERS_MAX:
            raise AccessError("Too many pages watch already; close some.", "access.too_many_streams")
        return self._follow(business_id)

    async def _follow(self, business_id: str) -> AsyncIterator[News]:
        queue: asyncio.Queue[News] = asyncio.Queue()
        watched = self._watch(business_id, queue)
        try:
            with contextlib.suppress(TimeoutError):  # a database that is away must not keep the live calls away
                async with asyncio.timeout(FIRST_LOOK_S):
                    await watched.ready.wait()
            yield Calls(tuple(await self._live.calls(business_id)))
            while True:
                try:
                    async with asyncio.timeout(QUIET_S):
                        item = await queue.get()
                except TimeoutError:
                    item = Quiet()
                yield item
                if isinstance(item, Closed):
                    return
        finally:
            self._leave(business_id, watched, queue)

    def close(self) -> None:
        """The server stops: every page is told so."""
        for watched in self._watched.values():
            for queue in watched.queues:
                queue.put_nowait(Closed())

    # --- one business -----------------------------------------------------------------------------------

    def _watch(self, business_id: str, queue: asyncio.Queue[News]) -> _Watched:
        watched = self._watched.get(business_id)
        if watched is None:
            watched = self._watched[business_id] = _Watched()
            loop = asyncio.get_running_loop()
            watched.tasks = [
                loop.create_task(self._follow_calls(business_id, watched)),
                loop.create_task(self._follow_book(business_id, watched)),
            ]
        watched.queues.append(queue)
        return watched

    def _leave(self, business_id: str, watched: _Watched, queue: asyncio.Queue[News]) -> None:
        watched.queues.remove(queue)
        if not watched.queues and self._watched.get(business_id) is watched:
            del self._watched[business_id]
            for task in watched.tasks:
                task.cancel()

    async def _follow_calls(self, business_id: str, watched: _Watched) -> None:
        async for calls in self._live.follow(business_id):
            _tell(watched, Calls(calls))

    async def _follow_book(self, business_id: str, watched: _Watched) -> None:
        since = self._now()
        known: dict[str, int] = {}
        first = True
        while True:
            looked_at = self._now()
            with contextlib.suppress(StorageError):  # it is reported where it is written; the next look may see it
                found = await asyncio.to_thread(self._look, business_id, since - OVERLAP)
                fresh = [item for item in found if known.get(_key(item), 0) < item_version(item)]
                known = {_key(item): item_version(item) for item in found}
                if not first:
                    for item in fresh:
                        _tell(watched, Booked(item) if isinstance(item, Appointment) else Left(item))
                since, first = looked_at, False
                watched.ready.set()
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self, business_id: str, since: datetime) -> Sequence[Appointment | Message]:
        appointments = self._office.changed_appointments(business_id, since)
        return [*appointments, *self._office.changed_messages(business_id, since)]


def _key(item: Appointment | Message) -> str:
    return f"{type(item).__name__}:{item.id}"


def item_version(item: Appointment | Message) -> int:
    """How often a thing was changed."""
    return item.version


def _tell(watched: _Watched, item: News) -> None:
    for queue in watched.queues:
        if queue.qsize() < BACKLOG_MAX:
            queue.put_nowait(item)
        elif queue.qsize() == BACKLOG_MAX:
            queue.put_nowait(Closed())
