"""Barge-ins at every stage of an answer: scenarios made from cells, many calls at once over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torim.commands.loops import settled_heap
from torim.commands.placing import LocalServer, Placed, make_voices, place
from torim.config import Config
from torim.core.abilities import EngineCapabilities
from torim.core.actions import Note
from torim.core.reasons import Level
from torim.desk.business import load_business
from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.engines.script import Answer, Behaviour, Request, says
from torim.engines.scripted import ScriptedPeer
from torim.lab.caller import Dialing
from torim.lab.engine_line import EngineDelays, distant
from torim.lab.measure import BargeIn
from torim.lab.scenario import Say, Scenario, parse_scenario
from torim.live.admission import Admission
from torim.live.engine_side import EnginePlan
from torim.live.peer_link import connect_peer
from torim.live.serve import running

ANSWER_MS, GREETING_MS, DONE_GAP_MS = 4_000, 3_000, 600
WORDS = (
    "Excuse me, one moment",
    "Sorry, can I ask something",
    "No, tomorrow please",
    "Wait, I have a question",
    "Could you say that again",
    "Actually, not today",
)

# Where in the answer the caller cuts in; {at} is a random offset within the range.
STAGES = {
    "first 100 ms": ("wait for the AI to speak\n{at} ms later {act}", (0, 80)),
    "middle": ("wait for the AI to speak\n{at} ms later {act}", (800, 2500)),
    "last word": ("wait for the AI to speak\nwait for the last 450 ms of the AI\n{at} ms later {act}", (0, 150)),
    "audio.done to response.done": ("wait for engine audio_done\n{at} ms later {act}", (20, 350)),
    "after response.done": ("wait for engine done\n{at} ms later {act}", (50, 300)),
    "100 ms after": ("wait for the AI to finish\n{at} ms later {act}", (90, 120)),
    "350 ms after": ("wait for the AI to finish\n{at} ms later {act}", (330, 370)),
}
SILENT = ("100 ms after", "350 ms after")
LEFT_TO_HEAR = ("audio.done to response.done", "after response.done")  # of an engine faster than real time
LOCKED = "greeting locked"


@dataclass(frozen=True, slots=True)
class Line:
    """How far away the engine is and how fast it generates, as multiples of real time."""

    delay_ms: int = 0
    speed: float = 4.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One trial: in the how-manieth answer, at which stage, with what, and which random numbers."""

    response: int
    stage: str
    by: str = "speech"
    seed: int = 0

    def __str__(self) -> str:
        return f"answer {self.response}, {self.stage}, by {self.by}, seed {self.seed}"

    def scenario(self) -> Scenario:
        """The caller's script of this trial."""
        chance = random.Random(str(self))
        act = "press 5" if self.by == "key" else f'say "{chance.choice(WORDS)}"'
        if self.stage == LOCKED:
            steps = ["wait for the AI to speak", f'stage "cell"\n{chance.randint(300, 1500)} ms later {act}']
            steps.append("wait for the AI to speak")
        else:
            template, (least, most) = STAGES[self.stage]
            steps = [f'wait for the AI to speak\n300 ms later say "{WORDS[0]}"'] * (self.response - 1)
            before, _, last = template.format(at=chance.randint(least, most), act=act).rpartition("\n")
            wait = "" if before.startswith("wait for the AI to speak") else "wait for the AI to speak\n"
            steps += [f'{wait}{before}\nstage "cell"\n{last}', "wait for the AI to speak within 10 s"]
        return parse_scenario("\n".join(["language en", *steps, "300 ms later hang up"]), title=str(self))


def answer(request: Request) -> Answer:
    """The first answer is the greeting; every one has words of its own."""
    length_ms = GREETING_MS if request.number <= 1 else ANSWER_MS
    return says(f"This is what I say number {request.number}, and it goes on for a while.", length_ms)


@contextlib.asynccontextmanager
async def server(folder: Path, line: Line, greeting_lock: bool) -> AsyncIterator[LocalServer]:
    """A server of its own, its engine behind a line."""
    config = Config(
        data_dir=folder / "data", port=0, media_port=0, engine="scripted", language="en", greeting_lock=greeting_lock
    )
    delays = EngineDelays(line.delay_ms, line.delay_ms, DONE_GAP_MS)
    async with running(config, partial(_plans, line, delays)) as made:
        # A machine that runs other tests is late for reasons of its own; who is admitted is proved elsewhere.
        made.node.host.admission = Admission(config.max_calls, lambda: len(made.calls), lambda: 0.0)
        with settled_heap():
            yield LocalServer(made, load_business(None))


def _plans(line: Line, delays: EngineDelays, session: SessionConfig) -> tuple[EnginePlan, ...]:
    def peer() -> ScriptedPeer:
        return ScriptedPeer(otherwise=answer, behaviour=Behaviour(speed=line.speed))

    connect = distant(partial(connect_peer, peer), delays)
    return (EnginePlan("scripted", EngineCapabilities(), partial(OpenAIRealtimeCodec, session), connect),)


async def trial(cell: Cell, local: LocalServer, voices: dict[Say, bytes], start_s: float) -> Placed:
    """Place one call, a little after the others."""
    await asyncio.sleep(start_s)
    return await place(cell.scenario(), voices, Dialing(local.server.web_url), lambda _: None, local, settle=False)


async def trials(cells: Sequence[Cell], line: Line, folder: Path, at_once: int = 12) -> dict[Cell, Placed]:
    """Run every cell, a number of calls at once."""
    script = "\n".join(["language en", *(f'say "{words}"' for words in WORDS)])
    voices = await make_voices(parse_scenario(script), folder)
    gate = asyncio.Semaphore(at_once)

    async def one(index: int, cell: Cell) -> Placed:
        async with gate:
            return await trial(cell, locked if cell.stage == LOCKED else unlocked, voices, 0.15 * (index % at_once))

    async with server(folder / "locked", line, True) as locked, server(folder / "unlocked", line, False) as unlocked:
        placed = await asyncio.gather(*(one(index, cell) for index, cell in enumerate(cells)))
    return dict(zip(cells, placed, strict=True))


def row_of(placed: Placed) -> BargeIn | None:
    """The barge-in that the cell is about."""
    return next((row for row in placed.rows if row.stage == "cell"), None)


def errors(placed: Placed) -> list[str]:
    """Lines at ERROR: somebody would have to act."""
    notes = (entry for entry in placed.record.timeline if isinstance(entry.subject, Note))
    return [entry.line for entry in notes if isinstance(entry.subject, Note) and entry.subject.level >= Level.ERROR]
