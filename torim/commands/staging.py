"""Placing the calls of the stage matrix: two servers in this process, many calls at once, each with its own engine.

It puts together what the lab and the server offer and decides nothing about either.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from torim.config import Config
from torim.core import timeline
from torim.desk.business import Business
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.engines.registry import engine
from torim.errors import CarrierError
from torim.lab.caller import Caller, Dialing
from torim.lab.engine_line import EngineDelays, distant
from torim.lab.matrix import PITCHES, CallPlan
from torim.lab.matrix_call import Played, Stager, Voices
from torim.lab.matrix_engine import CAPABILITIES, DONE_GAP_MS, Intake, UnhurriedDesk, scripted
from torim.lab.record import ServerEntry
from torim.lab.voices import levelled, raised, trimmed
from torim.live import engines, logs
from torim.live.engine_side import EnginePlan
from torim.live.peer_link import connect_peer
from torim.live.serve import Server, running
from torim.storage.store import Store

if TYPE_CHECKING:
    from torim.engines.base import SessionConfig
    from torim.live.trace import Traced

REFUSED_WAIT_S = 0.5  # a busy server is called again
REFUSED_MAX = 1200
START_WAIT_S = 5.0

Tell = Callable[[str], None]


@dataclass(slots=True)
class _Expected:
    """The call that is being dialled, whose engine is therefore asked for next."""

    plan: CallPlan
    intake: Intake


class Switchboard:
    """A server and the calls to it: each call gets the engine of its plan and sees its own timeline."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._dialling = asyncio.Lock()  # one at a time, so that an engine is asked for by the call that is meant
        self._expected: _Expected | None = None
        self._calls: dict[str, tuple[Caller, Played]] = {}
        self._server: Server | None = None

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Switchboard]:
        """Serve while the block runs."""
        async with running(self._config, self._plans, _desk) as server:
            stop = server.subscribe(self._traced)
            self._server = server
            try:
                yield self
            finally:
                stop()

    def _plans(self, session: SessionConfig) -> tuple[EnginePlan, ...]:
        expected = self._expected
        if expected is None:
            raise CarrierError("A stream began that no call of the matrix asked for.", "lab.stray_stream")
        way = expected.plan.way
        if way.engine == "scripted":
            connect = partial(connect_peer, partial(scripted, expected.plan))
            codec = partial(OpenAIRealtimeCodec, session, CAPABILITIES)
            return (EnginePlan("scripted", CAPABILITIES, codec, expected.intake.tapped(connect)),)
        made = engines.plan(engine(way.engine), self._config, session)
        far = distant(made.connect, EngineDelays(way.delay_ms, way.delay_ms, DONE_GAP_MS))
        return (EnginePlan(made.name, made.capabilities, made.codec, expected.intake.tapped(far)),)

    def _traced(self, traced: Traced) -> None:
        call = self._calls.get(traced.call_id)
        if call is None or traced.entry is None:
            return
        caller, played = call
        line = timeline.render(traced.at_ms, traced.entry)
        played.enter(ServerEntry(traced.at_ms, traced.entry, line, caller.clock.now_samples()))

    async def place(self, plan: CallPlan, voices: Voices) -> Played:
        """Place one call and make its trials; a server that is busy is called again."""
        for _ in range(REFUSED_MAX):
            dialled = await self._dial(plan)
            if dialled is not None:
                caller, played = dialled
                try:
                    return await Stager(played, caller, voices).play()
                finally:
                    await caller.finished()
                    del self._calls[caller.record.call_sid]
            await asyncio.sleep(REFUSED_WAIT_S)
        raise CarrierError("The server took no call: is the machine too busy?", "lab.no_stream")

    async def _dial(self, plan: CallPlan) -> tuple[Caller, Played] | None:
        assert self._server is not None
        async with self._dialling:
            caller = Caller(Dialing(self._server.web_url, line=plan.line), str(plan))
            intake = Intake(caller.clock.now_samples)
            played = Played(plan, caller.record, intake)
            self._calls[caller.record.call_sid] = caller, played
            self._expected = _Expected(plan, intake)
            with contextlib.suppress(CarrierError):
                await caller.dial()
                await _started(played, caller)
            if played.record.timeline:
                return caller, played
            del self._calls[caller.record.call_sid]
            return None


def _desk(business: Business, store: Store) -> UnhurriedDesk:
    return UnhurriedDesk(business, store, voice_notes=True)


async def _started(played: Played, caller: Caller) -> None:
    """Until the server has made the call, or has refused it."""
    for _ in range(round(START_WAIT_S / 0.01)):
        if played.record.timeline or caller.over:
            return
        await asyncio.sleep(0.01)


@dataclass(slots=True)
class Outcome:
    """What became of a run: every call, and what the server logged at ERROR."""

    played: list[Played] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def run_calls(
    plans: Sequence[CallPlan], voices: Voices, folder: Path, at_once: int, tell: Tell = lambda _: None
) -> Outcome:
    """Place all calls, a number of them at a time, on a server with the greeting lock and on one without."""
    outcome = Outcome()
    gate = asyncio.Semaphore(at_once)
    engines.load(Config(engine="embedded"))
    with errors_logged(outcome.errors):
        async with _board(folder, True).open() as locked, _board(folder, False).open() as unlocked:

            async def one(plan: CallPlan) -> None:
                async with gate:
                    outcome.played.append(await (locked if plan.greeting_lock else unlocked).place(plan, voices))
                tell(f"{len(outcome.played)} of {len(plans)} calls")

            await asyncio.gather(*(one(plan) for plan in plans))
    outcome.played.sort(key=lambda played: played.plan.number)
    return outcome


def _board(folder: Path, greeting_lock: bool) -> Switchboard:
    data_dir = folder / ("locked" if greeting_lock else "unlocked")
    return Switchboard(
        Config(data_dir=data_dir, port=0, media_port=0, engine="embedded", language="en", greeting_lock=greeting_lock)
    )


@contextlib.contextmanager
def errors_logged(errors: list[str]) -> Iterator[None]:
    """Collect every line that the process logs at ERROR while the block runs; the log is as before afterwards."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    lines = StringIO()
    logs.configure("ERROR", "console", stream=lines)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**before)
        errors += lines.getvalue().splitlines()


async def speak(words: Sequence[str], pitches: Sequence[float] = PITCHES) -> dict[tuple[str, float], bytes]:
    """Everything that callers will say, in several voices."""
    from torim.engines.embedded.voice import EspeakVoice

    voice = EspeakVoice()
    try:
        spoken = {text: (await voice.speak(text, "en")).payload for text in words}
    finally:
        await voice.close()
    return {
        (text, pitch): trimmed(levelled(raised(audio, pitch)), 0) for text, audio in spoken.items() for pitch in pitches
    }
