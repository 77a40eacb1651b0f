"""Appointments over the telephone: a server, scenarios that call it, and a double that plays a model with tools."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from torim.commands.placing import LocalServer, Placed, make_voices, place
from torim.config import Config
from torim.core.abilities import EngineCapabilities
from torim.core.transcript import Turn
from torim.desk.book import Appointment
from torim.desk.business import load_business
from torim.desk.report import readable_transcript
from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.engines.script import Answer, Request, calls_tool, says
from torim.engines.scripted import ScriptedPeer
from torim.errors import CarrierError
from torim.lab.caller import Dialing
from torim.lab.scenario import Say, Scenario, parse_scenario
from torim.live.engine_side import EnginePlan
from torim.live.front_office import first_run
from torim.live.host import MakePlans
from torim.live.peer_link import connect_peer
from torim.live.serve import running
from torim.storage.access import AccessStore

BUSINESS = load_business()
REFUSED_MAX, REFUSED_WAIT_S = 120, 0.5
SCENARIOS = Path(__file__).with_name("scenarios")
CAPABILITIES = EngineCapabilities(times_words=True)
_EXACTLY = re.compile(r'Say exactly: "(.*)"', re.DOTALL)
_TIME = re.compile(r"^\d+:\d\d ")

Output = Mapping[str, Any]  # of the tool that has just finished; empty after a turn of the caller
Move = Callable[[Output], Answer]


def scenario(name: str) -> Scenario:
    """A scenario of this folder."""
    return parse_scenario((SCENARIOS / f"{name}.scn").read_text(encoding="utf-8"), name)


class Model:
    """Plays a model: each answer that it is asked for is the next move, which may use what a tool gave."""

    def __init__(self, *moves: Move) -> None:
        self._moves = list(moves)

    def __call__(self, request: Request) -> Answer:
        exactly = _EXACTLY.search(request.instructions)
        if exactly:
            return says(exactly[1])
        item = request.last_item
        output = json.loads(item["output"]) if item.get("type") == "function_call_output" else {}
        return self._moves.pop(0)(output) if self._moves else says("I have nothing to add.")


def call(name: str, **arguments: Any) -> Move:
    """Call a tool, whatever was said."""
    return lambda output: calls_tool(name, arguments)


def say_it(more: str = "", audio_ms: int | None = None) -> Move:
    """Say what the tool gave to be said."""
    return lambda output: says(f"{output['spoken']}{more}", audio_ms)


def lines(transcript: str) -> list[str]:
    """A stored transcript without its times."""
    return [_TIME.sub("", line) for line in transcript.splitlines()]


@dataclass(frozen=True)
class Called:
    """One call that is over, as the installation remembers it."""

    placed: Placed
    turns: Sequence[Turn]
    transcript: str
    summary: str
    call_id: str

    @property
    def failures(self) -> list[str]:
        return [str(finding) for finding in self.placed.findings if not finding.good]


class Office:
    """A running installation, and the calls to it."""

    def __init__(self, local: LocalServer, prepare: Callable[[Scenario, Model | None], None]) -> None:
        self._local = local
        self._prepare = prepare

    async def call(self, name: str, model: Model | None = None) -> Called:
        """Place the call of a scenario and read back what was stored of it."""
        wanted = scenario(name)
        self._prepare(wanted, model)
        voices = await make_voices(wanted, SCENARIOS)
        for _ in range(REFUSED_MAX):
            try:
                placed = await place(wanted, voices, Dialing(self._local.server.web_url), lambda _: None, self._local)
            except CarrierError:  # a machine that is busy takes no calls: dial again
                await asyncio.sleep(REFUSED_WAIT_S)
            else:
                return await asyncio.to_thread(self._read_back, placed)
        raise AssertionError("the server took no call: is the machine too busy?")

    def _read_back(self, placed: Placed) -> Called:
        store, call_id = self._local.server.store, placed.record.call_sid
        stored = store.call(BUSINESS.id, call_id)
        assert stored is not None
        turns = store.turns(BUSINESS.id, call_id)
        return Called(placed, turns, readable_transcript(turns, "en"), stored.summary or "", call_id)

    @asynccontextmanager
    async def api(self) -> AsyncIterator[httpx.AsyncClient]:
        """The API, as the owner sees it who has just made the first account."""
        server = self._local.server
        port = int(server.web_url.rsplit(":", 1)[1])
        link = await asyncio.to_thread(first_run, Config(), AccessStore(server.store.database), port)
        assert link is not None
        owner = {"email": "owner@example.org", "name": "Owner", "password": "long enough to keep"}
        async with httpx.AsyncClient(base_url=server.web_url, trust_env=False) as client:
            made = await client.post("/api/v1/links/first-account", json=owner | {"token": link.rsplit("=", 1)[1]})
            made.raise_for_status()
            yield client

    def appointments(self) -> list[Appointment]:
        """All of them."""
        return self._local.server.store.appointments(BUSINESS.id)


@asynccontextmanager
async def office(folder: Path, engine: str) -> AsyncIterator[Office]:
    """An installation whose engine is the embedded one, or the model of each call."""
    config = Config(data_dir=folder / "data", port=0, media_port=0, engine=engine, language="en", greeting_lock=False)
    playing: list[tuple[Scenario, Model]] = []

    def prepare(wanted: Scenario, model: Model | None) -> None:
        if model is not None:
            playing.append((wanted, model))

    plans = _scripted(playing) if engine == "scripted" else None
    async with running(config, plans, speaks=False) as server:
        yield Office(LocalServer(server, BUSINESS), prepare)


def _scripted(playing: list[tuple[Scenario, Model]]) -> MakePlans:
    def peer(wanted: Scenario, model: Model) -> ScriptedPeer:
        said = [item.step.text for item in wanted.steps if isinstance(item.step, Say)]
        return ScriptedPeer(otherwise=model, session_id=wanted.title.replace(" ", "_")).caller_says(*said)

    def plans(session: SessionConfig) -> tuple[EnginePlan, ...]:
        connect = partial(connect_peer, partial(peer, *playing[-1]))
        codec = partial(OpenAIRealtimeCodec, session, CAPABILITIES)
        return (EnginePlan("scripted", CAPABILITIES, codec, connect),)

    return plans
