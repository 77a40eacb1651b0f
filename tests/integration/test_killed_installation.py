"""Killed with SIGKILL at any instant, an installation loses no booking and at most the last turn of a transcript."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from serving_scene import config, rude

from torim.desk.business import load_business
from torim.live.node import prepare
from torim.storage.jobs import FOLLOW, Fact, JobBook
from torim.storage.store import Store

BUSINESS = load_business().id
CALLS = 3
TURNS_MIN = 3  # in each life


@dataclass
class Told:
    """What an installation said before it was killed."""

    booked: list[str] = field(default_factory=list)
    said: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))

    def turns(self) -> int:
        return sum(len(said) for said in self.said.values())

    def hear(self, line: str) -> None:
        kind, _, rest = line.strip().partition(" ")
        if kind == "booked":
            self.booked.append(rest)
        elif kind == "said":
            call_id, number, *text = rest.split(" ", 2)
            self.said[call_id][int(number)] = " ".join(text)


async def life_and_death(folder: Path, live_s: float, told: Told, number: int) -> None:
    """Start an installation, talk to it on some lines, and kill it."""
    program = str(Path(__file__).with_name("killed_installation.py"))
    process = await asyncio.create_subprocess_exec(sys.executable, program, str(folder), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[1]
    callers = [asyncio.create_task(talk(url, f"CA{number}x{line}")) for line in range(CALLS)]
    hearing = asyncio.create_task(hear(process.stdout, told))
    await something_happens(told)
    await asyncio.sleep(live_s)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await hearing
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)


async def something_happens(told: Told) -> None:
    """As many turns and bookings as prove something, however slow the machine is."""
    turns, bookings = told.turns() + TURNS_MIN, len(told.booked) + 1
    while told.turns() < turns or len(told.booked) < bookings:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def hear(source: asyncio.StreamReader, told: Told) -> None:
    while line := await source.readline():
        told.hear(line.decode())


async def talk(url: str, call_sid: str) -> None:
    """Ring, and press a key as soon as there has been time for an answer."""
    server: Any = SimpleNamespace(web_url=url)
    async with rude(server, call_sid) as carrier:
        for frame in range(100_000):
            await carrier.frame()
            if frame % 60 == 59:
                await carrier.press(str(frame // 60 % 9 + 1))
                await carrier.press("#")
            await asyncio.sleep(0.02)


def nothing_is_lost(folder: Path, told: Told) -> tuple[int, int]:
    """Read the database as the next start would leave it; how many turns were told of, and how many are lost."""
    prepare(config(folder))
    with contextlib.closing(Store(config(folder).database_url)) as store:
        made = {one.id: one for one in store.appointments(BUSINESS)}
        assert set(told.booked) <= set(made), "a confirmed booking is lost"
        for one in made.values():
            assert one.call_transcript, "an appointment has no transcript"
        facts = {
            (job.payload["fact"], job.subject)
            for job in JobBook(store.database).of_business(BUSINESS, limit=5000)
            if job.kind == FOLLOW
        }
        assert {(Fact.BOOKED.value, one) for one in made} <= facts, "nobody would hear of a booking"
        lost = 0
        for call_id, said in told.said.items():
            call = store.call(BUSINESS, call_id)
            assert call is not None and call.ended_at is not None and call.summary
            assert (Fact.CALL_ENDED.value, call_id) in facts
            kept = [turn.heard_text for turn in store.turns(BUSINESS, call_id)]
            missing = [number for number in said if number >= len(kept)]
            assert len(missing) <= 1, f"{call_id} lost the turns {missing}"
            # What was told is over and its words do not change; a late transcription may still have come.
            assert all(kept[number] in (text, text.strip()) for number, text in said.items() if number < len(kept) - 1)
            lost += len(missing)
    return told.turns(), lost


def killed(tmp_path: Path, times: int, seed: int) -> None:
    draw = random.Random(seed)
    turns = lost = bookings = 0
    told = Told()
    for number in range(times):
        asyncio.run(asyncio.wait_for(life_and_death(tmp_path, draw.uniform(0.0, 4.0), told, number), 100))
        turns, lost = nothing_is_lost(tmp_path, told)
        bookings = len(told.booked)
    assert turns >= TURNS_MIN * times and bookings >= times, "too little happened to prove anything"
    print(f"{times} kills, {bookings} bookings, {turns} turns, {lost} turns lost")


@pytest.mark.timeout(250)
def test_killed_while_callers_talk_and_book(tmp_path: Path) -> None:
    killed(tmp_path, 2, seed=1)


@pytest.mark.deep
@pytest.mark.timeout(1800)
def test_killed_many_times(tmp_path: Path) -> None:
    killed(tmp_path, 40, seed=2)
