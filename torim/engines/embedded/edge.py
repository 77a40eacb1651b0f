"""One client's session in real time: its clock, its timer, and the jobs it waits for.

It performs what the pure session asks and decides nothing about the conversation. What the server says is
handed over one message at a time, each in its own turn of the loop, so that a cancel never waits for a queue
of deltas to be made.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from torim.engines.embedded.endpoints import Endpoints
from torim.engines.embedded.jobs import (
    Converse,
    Failed,
    Job,
    Result,
    Spoken,
    Synthesize,
    Transcribe,
    Transcribed,
)
from torim.engines.embedded.session import Session
from torim.engines.embedded.voice import Voice
from torim.engines.link_closed import LinkClosed
from torim.errors import EngineError


class Performs(Protocol):
    """What does the jobs of a session."""

    async def perform(self, job: Job) -> Result: ...

    async def close(self) -> None: ...


class Performer:
    """Jobs done by a voice and by model endpoints."""

    def __init__(self, voice: Voice, endpoints: Endpoints) -> None:
        self._voice = voice
        self._endpoints = endpoints

    async def perform(self, job: Job) -> Result:
        """Do a job; a failure is a result too."""
        try:
            match job:
                case Synthesize(job_id, text, language, speed):
                    return Spoken(job_id, await self._voice.speak(text, language, speed))
                case Transcribe(job_id):
                    return Transcribed(job_id, await self._endpoints.transcribe(job))
                case Converse():
                    return await self._endpoints.converse(job)
        except EngineError as error:
            return Failed(job.job_id, error.code, str(error))

    async def close(self) -> None:
        await self._endpoints.close()


class LiveSession:
    """A session that runs on the event loop until it is closed by either side."""

    def __init__(
        self,
        session: Session,
        performer: Performs,
        on_message: Callable[[str], None],
        on_closed: Callable[[LinkClosed], None],
    ) -> None:
        self._session = session
        self._performer = performer
        self._on_message = on_message
        self._on_closed: Callable[[LinkClosed], None] | None = on_closed
        self._loop = asyncio.get_running_loop()
        self._opened_s = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._said: deque[str] = deque()
        self._delivering = False
        self._farewell: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Greet the client."""
        self._step(self._session.open(0))

    def receive(self, message: str | bytes) -> None:
        """Take one client event; what follows is delivered in later turns of the loop."""
        if self._on_closed is not None:
            self._step(self._session.receive(message, self._now_ms()))

    def close(self, reason: LinkClosed) -> None:
        """End the session; nothing is delivered any more."""
        on_closed, self._on_closed = self._on_closed, None
        if on_closed is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks.values():
            task.cancel()
        self._said.clear()
        self._farewell = self._loop.create_task(self._performer.close())
        on_closed(reason)

    # --- inside -------------------------------------------------------------------------------------------

    def _now_ms(self) -> int:
        return int((self._loop.time() - self._opened_s) * 1000)

    def _step(self, events: list[str]) -> None:
        """After anything that happened: say what follows, do what is asked, set the timer."""
        self._said.extend(events)
        for job in self._session.jobs():
            self._tasks[job.job_id] = self._loop.create_task(self._perform(job))
        self._abandon()
        self._set_timer()
        self._deliver_soon()

    def _abandon(self) -> None:
        """Stop work that nobody waits for: an answer that was cancelled while a model was thinking."""
        for job_id in self._tasks.keys() - self._session.waiting_jobs():
            self._tasks.pop(job_id).cancel()

    async def _perform(self, job: Job) -> None:
        try:
            result = await self._performer.perform(job)
        except Exception as error:  # a bug in a job must end its response, not leave the caller in silence
            result = Failed(job.job_id, "engine.internal", f"{type(error).__name__}: {error}")
        self._tasks.pop(job.job_id, None)
        if self._on_closed is not None:
            self._step(self._session.finish(result, self._now_ms()))

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ms = self._session.next_deadline_ms()
        if due_ms is not None:
            self._timer = self._loop.call_at(self._opened_s + due_ms / 1000, self._wake, due_ms)

    def _wake(self, due_ms: int) -> None:
        # The timer may fire a little early by the loop's clock; the session gets the instant it asked for.
        self._timer = None
        self._step(self._session.wake(max(due_ms, self._now_ms())))

    def _deliver_soon(self) -> None:
        if not self._delivering and (self._said or self._session.closed):
            self._delivering = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._delivering = False
        if self._on_closed is None:
            return
        if self._said:
            message = self._said.popleft()
            self._deliver_soon()
            self._on_message(message)
        elif self._session.closed is not None:
            self.close(self._session.closed)
