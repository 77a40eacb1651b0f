"""Words for the storage scenes: requests, calls and turns with sensible defaults; also run as a program.

As a program it is one of several processes that book against the same database:
``python storage_scene.py race URL CALL COUNT`` books one slot from so many threads and prints each outcome;
``python storage_scene.py flood URL`` books one slot after another and prints each once it is committed;
``python storage_scene.py upgrade URL`` upgrades the database.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from torim.core.transcript import Speaker, Turn
from torim.desk.book import BookingRequest
from torim.errors import TorimError
from torim.storage.records import CallStart
from torim.storage.store import Store

TEN = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # Tuesday, 10:00 in Jerusalem
REQUEST = BookingRequest(
    business_id="salon",
    service_id="haircut",
    starts_at=TEN,
    ends_at=TEN + timedelta(minutes=30),
    timezone="Asia/Jerusalem",
    call_id="CA1",
    idempotency_key="CA1/t1",
    asked_at=TEN - timedelta(days=1),
)


def request(call: str = "CA1", tool: str = "t1", **changes: object) -> BookingRequest:
    """A wish for Tuesday at ten, told apart by its call and tool call."""
    return replace(REQUEST, call_id=call, idempotency_key=f"{call}/{tool}", **changes)  # type: ignore[arg-type]


def at(minutes: int, length_min: int = 30) -> dict[str, datetime]:
    """The times of a request that begins so many minutes after ten."""
    starts = TEN + timedelta(minutes=minutes)
    return {"starts_at": starts, "ends_at": starts + timedelta(minutes=length_min)}


def call_start(call: str = "CA1", business: str = "salon") -> CallStart:
    return CallStart(call, business, "twilio", "embedded", TEN, "+972501234567", "+97235550100")


def turn(text: str, start_ms: int = 0, speaker: Speaker = Speaker.CALLER) -> Turn:
    return Turn(speaker, start_ms, start_ms + 500, text, text, item_id=f"item_{start_ms}")


def race(url: str, call: str, count: str) -> None:
    """When told to, book Tuesday at ten from several threads at the same instant, each for a call of its own."""
    store = Store(url)
    start_line = threading.Barrier(int(count))

    def book(number: int) -> str:
        store.find_booking("salon", "warm")
        start_line.wait()
        try:
            return store.book(request(f"{call}.{number}")).status
        except TorimError as error:
            return error.code

    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(int(count)) as pool:
        print(*pool.map(book, range(int(count))), sep="\n", flush=True)


def flood(url: str) -> None:
    """Book until killed; a printed key is a committed booking."""
    store = Store(url)
    for place in range(1_000_000):
        made = store.book(request("CA1", f"t{place}", **at(30 * place)))
        print(made.id, flush=True)


if __name__ == "__main__":
    {"race": race, "flood": flood, "upgrade": lambda url: print(Store(url).upgrade())}[sys.argv[1]](*sys.argv[2:])
