"""A whole installation in a process of its own, which says what it has done until it is killed.

Lines: "url <address>"; "booked <id>" once a booking is confirmed; "said <call> <number> <text>" for every turn that is
over.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from serving_scene import config, scripted

from torim.desk.book import BookingRequest
from torim.desk.business import Business
from torim.desk.receptionist import CallContext, Receptionist
from torim.engines.script import Request, calls_tool, says
from torim.engines.scripted import ScriptedPeer
from torim.live import logs
from torim.live.bridge import Bridge
from torim.live.serve import Server, running
from torim.storage.store import Store

FIRST = datetime(2026, 1, 6, 10, tzinfo=UTC)
TURN_MS = 700


def say(*words: object) -> None:
    """One write, so that threads do not mix their lines and a line is whole or not there."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class BusyDesk(Receptionist):
    """Books the next half hour whenever it is asked."""

    def __init__(self, business: Business, store: Store) -> None:
        super().__init__(business, store)
        self._store = store
        self._number = count(len(store.appointments(business.id)))

    def run(self, name: str, arguments: str, call: CallContext, now_utc: datetime) -> str:
        starts_at = FIRST + timedelta(minutes=30 * next(self._number))
        made = self._store.book(
            BookingRequest(
                business_id=self.business.id,
                service_id="haircut",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=30),
                timezone="UTC",
                idempotency_key=call.idempotency_key,
                asked_at=now_utc,
                call_id=call.call_id,
            )
        )
        say("booked", made.id)
        return '{"ok":true}'


def answer(request: Request) -> object:
    """Every other answer books."""
    return calls_tool("book_appointment") if request.number % 3 == 2 else says(f"Answer {request.number}.", TURN_MS)


async def report(server: Server) -> None:
    """Say every turn that is over: another has begun after it."""
    told: dict[str, int] = {}
    while True:
        for bridge in server.calls.values():
            tell(bridge, told)
        await asyncio.sleep(0.02)


def tell(bridge: Bridge, told: dict[str, int]) -> None:
    call_id, turns = bridge.setup.call_id, bridge.call.transcript()
    for number in range(told.get(call_id, 0), len(turns) - 1):
        say("said", call_id, number, turns[number].heard_text)
        told[call_id] = number + 1


async def main(folder: Path) -> None:
    logs.configure("ERROR")
    plans = scripted(lambda: ScriptedPeer(otherwise=answer))  # type: ignore[arg-type]
    async with running(config(folder), plans, BusyDesk) as server:
        reporting = asyncio.create_task(report(server))
        say("url", server.web_url)
        await reporting


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
