"""Placing synthetic calls, for `torim call` and `torim demo`: a server of one's own, one call, what it showed.

It puts together what the lab and the server offer and decides nothing about either.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from torim.config import Config
from torim.core import timeline
from torim.desk.business import Business, load_business
from torim.errors import ConfigError
from torim.lab.caller import Caller, Dialing
from torim.lab.engine_line import EngineDelays, distant
from torim.lab.measure import BargeIn, measure
from torim.lab.play import Finding, Player
from torim.lab.record import CallRecord, ServerEntry
from torim.lab.scenario import Say, Scenario
from torim.lab.voices import prepare, raised
from torim.live import engines, interpreter
from torim.live.serve import Server, running

if TYPE_CHECKING:
    from torim.desk.book import Appointment
    from torim.engines.base import SessionConfig
    from torim.live.engine_side import EnginePlan
    from torim.live.trace import Entry, Traced

CALLER_PITCH = 1.12  # the caller must not sound like the AI, which has the same synthetic voice

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Placed:
    """One call that was placed: its record, its barge-ins, and what the scenario found."""

    record: CallRecord
    rows: list[BargeIn]
    findings: list[Finding]

    @property
    def as_expected(self) -> bool:
        return all(finding.good for finding in self.findings)


class Inside(Protocol):
    """The view into a server that runs in this process."""

    def followed(self, caller: Caller) -> contextlib.AbstractContextManager[None]:
        """Copy the server's timeline of this caller's call into its record while the block runs."""

    async def appointments(self, call_id: str) -> Sequence[Appointment]:
        """What a call has booked."""

    async def settled(self) -> None:
        """Wait until everything that a call left is written."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server inside this process, whose timeline and database can be looked at."""

    server: Server
    business: Business

    async def appointments(self, call_id: str) -> list[Appointment]:
        """What a call has booked."""
        return await asyncio.to_thread(self.server.store.of_call, self.business.id, call_id)

    @contextlib.contextmanager
    def followed(self, caller: Caller) -> Iterator[None]:
        """Copy the server's timeline of this caller's call into its record while the block runs."""
        stop = self.server.subscribe(partial(self._enter, caller))
        try:
            yield
        finally:
            stop()

    def _enter(self, caller: Caller, traced: Traced) -> None:
        call_sid = caller.record.call_sid
        if traced.entry is not None and traced.call_id == call_sid:
            enter(caller, traced.at_ms, traced.entry, self.server.calls[call_sid].setup.trace.head)

    async def settled(self) -> None:
        """Wait until everything that a call left is written."""
        await self.server.settled()


def enter(caller: Caller, at_ms: int, entry: Entry, head: Mapping[str, str]) -> None:
    """Add a line of the server's timeline to the record of a call."""
    caller.record.head = caller.record.head or head
    line = timeline.render(at_ms, entry)
    caller.record.enter(ServerEntry(at_ms, entry, line, caller.clock.now_samples()))


def local_config(config: Config, folder: Path, language: str) -> Config:
    """The same settings for a server of our own: free ports on this machine, data in ``folder``."""
    data_dir = folder / "data"
    return replace(
        config,
        host="127.0.0.1",
        port=0,
        media_port=0,
        public_url=None,
        media_url=None,
        workers=1,
        data_dir=data_dir,
        database_url=f"sqlite:///{data_dir / 'torim.db'}",
        language=language,
    )


@contextlib.asynccontextmanager
async def local_server(config: Config, delays: EngineDelays) -> AsyncIterator[LocalServer]:
    """A server inside this process whose engine is as far away as asked."""
    business = load_business(config.business_file)
    async with running(config, partial(_plans, config, delays)) as server:
        with interpreter.settled():
            yield LocalServer(server, business)


def _plans(config: Config, delays: EngineDelays, session: SessionConfig) -> tuple[EnginePlan, ...]:
    made = engines.plans(config, session)
    if delays.none:
        return made
    return tuple(replace(plan, connect=distant(plan.connect, delays)) for plan in made)


async def make_voices(scenario: Scenario, folder: Path) -> dict[Say, bytes]:
    """Make everything that the caller will say."""
    from torim.engines.embedded.voice import EspeakVoice

    voice = EspeakVoice()

    async def speak(text: str, language: str) -> bytes:
        return raised((await voice.speak(text, language)).payload, CALLER_PITCH)

    try:
        return await prepare(scenario, speak, folder)
    finally:
        await voice.close()


async def place(
    scenario: Scenario,
    voices: Mapping[Say, bytes],
    dialing: Dialing,
    tell: Tell,
    local: Inside | None = None,
    *,
    settle: bool = True,
) -> Placed:
    """Place one call and play a scenario on it; the call does not outlive this, however it ends.

    Args:
        local: The view into the server that is called, if it runs in this process.
        settle: Wait until the server has written everything; not while it has other calls.

    Raises:
        CarrierError: The call could not be placed.
        ConfigError: The scenario needs to see into a server that is elsewhere.
    """
    if local is None:
        refuse_inside_views(scenario)
    caller = Caller(replace(dialing, caller=scenario.caller, line=scenario.line), scenario.title)
    with local.followed(caller) if local else contextlib.nullcontext():
        try:
            await caller.dial()
            findings = await Player(scenario, caller, voices, _timed(tell, caller), _lookup(local, caller)).play()
            await caller.finished()
        finally:
            await caller.leave()
        if local is not None and settle:
            await local.settled()
    return Placed(caller.record, await asyncio.to_thread(measure, caller.record), findings)


def refuse_inside_views(scenario: Scenario) -> None:
    """A server elsewhere shows neither its timeline nor its database; raises `ConfigError` naming the lines."""
    needs = scenario.server_needs()
    if needs:
        lines = ", ".join(f"{item.line} ({item.source})" for item in needs)
        raise ConfigError(
            f"With --to only what the caller hears can be waited for; these lines look into the server: {lines}. "
            "Leave --to out to let the scenario start a server of its own.",
            "scenario.needs_server",
        )


def _timed(tell: Tell, caller: Caller) -> Tell:
    """Show each step with the time of the call."""
    return lambda text: tell(f"{caller.clock.now_samples() / 8000:6.1f} s  {text}")


def _lookup(local: Inside | None, caller: Caller) -> Callable[[], Awaitable[bool]] | None:
    if local is None:
        return None

    async def stored() -> bool:
        return bool(await local.appointments(caller.record.call_sid))

    return stored
