"""Rehearsals in a running server: a script is played over real sockets, and nothing of it reaches the real book."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from torim.carriers import rehearsal
from torim.commands.rehearsing import OwnRehearsals, shipped
from torim.config import Config
from torim.errors import AccessError
from torim.lab.caller import Caller, Dialing
from torim.lab.webhook import Stream
from torim.live.serve import Server, running
from torim.storage.jobs import JobBook
from torim.storage.office import OfficeStore
from torim.storage.records import REHEARSAL
from torim.web.fresh import stream_token
from torim.web.rehearsals import Rehearsal, Script, Stage

BUSINESS = "shaked"
CUTS_IN = """
title "cuts in"
language en
wait for the AI to speak
stage "while the greeting plays"
900 ms later say "Excuse me, one moment"
expect silence within 250 ms
expect no appointment within 100 ms
"""
NEVER = "wait for the AI to speak\nwait for engine never_comes within 60 s"


@dataclass
class Rehearsing:
    server: Server
    rehearsals: OwnRehearsals

    async def play(self, script: Script) -> Rehearsal:
        self.rehearsals.start(BUSINESS, script)
        return await self.over()

    async def over(self) -> Rehearsal:
        while self.last.going_on:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return self.last

    async def calling(self) -> None:
        while self.last.call_id is None:
            assert self.last.going_on, self.last.problem
            await asyncio.sleep(0.02)

    @property
    def last(self) -> Rehearsal:
        return self.rehearsals.of_business(BUSINESS)[0]


@asynccontextmanager
async def rehearsing(folder: Path, engine: str = "scripted") -> AsyncIterator[Rehearsing]:
    made: list[OwnRehearsals] = []

    def make(config: Config, own: object) -> OwnRehearsals:
        made.append(OwnRehearsals(config, own))  # type: ignore[arg-type]
        return made[0]

    place = {"host": "127.0.0.1", "port": 0, "media_port": 0, "data_dir": folder}
    config = Config(**place, engine=engine, greeting_lock=False, database_url=f"sqlite:///{folder / 'torim.db'}")  # type: ignore[arg-type]
    async with running(config, make_rehearsals=make) as server:
        yield Rehearsing(server, made[0])


def play(folder: Path, scene: Callable[[Rehearsing], Awaitable[None]], *, engine: str = "scripted") -> None:
    async def run() -> None:
        async with rehearsing(folder, engine) as here:
            await scene(here)

    asyncio.run(asyncio.wait_for(run(), 400))


def script(text: str) -> Script:
    return Script("test", "en", "test", text)


def test_the_name_of_such_calls_is_one() -> None:
    assert rehearsal.PLUGIN.name == REHEARSAL


def test_a_rehearsal_is_measured_and_its_call_is_kept_but_neither_counted_nor_told(tmp_path: Path) -> None:
    async def scene(here: Rehearsing) -> None:
        done = await here.play(script(CUTS_IN))
        assert (done.stage, done.good) == (Stage.OVER, True), (done.problem, done.findings)
        assert done.findings[0].source == "expect silence within 250 ms"
        cut = done.cuts[0]
        assert (cut.stage, cut.sounding) == ("while the greeting plays", True)
        assert cut.first_silence_ms is not None and cut.first_silence_ms < 250
        assert [step.text for step in done.steps][:1] == ["wait for the AI to speak"]

        store = here.server.store
        stored = store.call(BUSINESS, done.call_id or "")
        assert stored is not None and stored.carrier == REHEARSAL and stored.from_number == "+972501234567"
        assert store.turns(BUSINESS, stored.call_id)
        day = timedelta(days=1)
        counted = OfficeStore(store.database).numbers(BUSINESS, datetime.now(UTC) - day, datetime.now(UTC) + day)
        assert counted.calls == 0
        assert JobBook(store.database).of_business(BUSINESS, subject=done.call_id) == []
        assert here.server.node.host.stand_ins == {}

    play(tmp_path, scene)


def test_only_one_goes_on_and_it_can_be_stopped(tmp_path: Path) -> None:
    async def scene(here: Rehearsing) -> None:
        begun = here.rehearsals.start(BUSINESS, script(NEVER))
        with pytest.raises(AccessError, match="goes on"):
            here.rehearsals.start(BUSINESS, script(NEVER))
        await here.calling()
        assert not here.rehearsals.stop("another", begun.id)
        assert here.rehearsals.stop(BUSINESS, begun.id)
        done = await here.over()
        assert done.stage is Stage.STOPPED
        await asyncio.wait_for(here.server.node.host.until_idle(), 60)
        assert not here.rehearsals.stop(BUSINESS, begun.id)

    play(tmp_path, scene)


def test_a_script_that_cannot_be_read_fails_with_advice(tmp_path: Path) -> None:
    async def scene(here: Rehearsing) -> None:
        done = await here.play(script("sing a song"))
        assert done.stage is Stage.FAILED
        assert "sing a song" in done.problem

    play(tmp_path, scene)


def test_scripts_of_the_installation_stand_beside_the_shipped_ones(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "ours.scn").write_text('title "Ours"\nhang up\n', encoding="utf-8")
    (folder / "broken.scn").write_text("sing a song\n", encoding="utf-8")

    async def scene(here: Rehearsing) -> None:
        found = {made.id: made.title for made in here.rehearsals.scripts()}
        assert found["own-ours"] == "Ours"
        assert "own-broken" not in found
        assert {made.language for made in shipped()} == {"he", "en"}
        ids = [{made.id for made in shipped() if made.language == language} for language in ("he", "en")]
        assert ids[0] == ids[1] >= {"cut-in", "booking", "echo", "network"}

    play(tmp_path, scene)


def test_a_stranger_cannot_come_in_as_a_rehearsal(tmp_path: Path) -> None:
    async def scene(here: Rehearsing) -> None:
        host = here.server.node.host

        def stream(call_sid: str) -> Stream:
            token = stream_token(host.token_secret, call_sid, host.worker)
            return Stream(here.server.web_url.replace("http", "ws") + "/rehearsal/media", {"token": token})

        caller = Caller(Dialing(here.server.web_url, stream=stream))
        await caller.dial()
        await caller.finished()
        assert caller.record.ended_by == "server"
        assert host.calls == {}

    play(tmp_path, scene)


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("made", shipped(), ids=lambda made: f"{made.id}.{made.language}")
def test_every_shipped_script_comes_true_with_the_embedded_engine(tmp_path: Path, made: Script) -> None:
    async def scene(here: Rehearsing) -> None:
        done = await here.play(made)
        assert done.good, (done.problem, done.findings, done.cuts)
        assert here.server.store.appointments(BUSINESS) == []
        assert list((tmp_path / "voice_notes").glob("*.wav")) == []
        stored = here.server.store.call(BUSINESS, done.call_id or "")
        assert stored is not None and (made.id != "booking" or stored.outcome == "booked")

    play(tmp_path, scene, engine="embedded")
