"""Measure the appointment book and the record of calls on a real SQLite file, and on PostgreSQL where it is installed.

    python -m bench.storage [--bookings 1000] [--calls 400] [--seconds 10] [--dir DIRECTORY] [--only sqlite]

booking: one thread commits appointments one after another, each durable against a power cut; then eight threads at
once, while the writer stores the events of that many calls in real time. writer: one thread puts what that many calls
produce (two timeline lines a second each, and a transcript that grows by a turn every five seconds), as fast as it
can; the writer thread then stores it. putting: the cost to the thread that puts, which in a worker is the media loop.
The directory decides which disk is measured; the default is the system's temporary one (PostgreSQL: always that).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count as count_up
from pathlib import Path

from tools import postgresql
from torim.core.transcript import Speaker, Turn
from torim.desk.book import BookingRequest
from torim.storage.records import CallStart
from torim.storage.store import Store
from torim.storage.writer import Writer

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LINES_A_SECOND, SECONDS_A_TURN = 2, 5


def main() -> None:
    """Run every measurement and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bookings", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--seconds", type=int, default=10, help="of every call")
    parser.add_argument("--dir", type=Path, default=None)
    parser.add_argument("--only", choices=("sqlite", "postgresql"), default=None)
    options = parser.parse_args()
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}"
    )
    if options.only != "postgresql":
        with tempfile.TemporaryDirectory(dir=options.dir) as directory:
            measure(f"sqlite:///{directory}/torim.db", options)
    if options.only != "sqlite":
        reason = postgresql.missing()
        if reason is not None:
            print(f"postgresql is left out: {reason}")
            return
        with postgresql.running(durable=True) as server:
            measure(server.url(server.create()), options)


def measure(url: str, options: argparse.Namespace) -> None:
    """Everything, on one database."""
    store = Store(url)
    print(f"== {store.database.url.get_backend_name()}")
    print(f"upgrade   from nothing {1000 * timed(store.upgrade):.0f} ms, again {1000 * timed(store.upgrade):.1f} ms")
    bookings(store, options.bookings)
    busy_bookings(store, options.bookings, options.calls)
    records(store, options.calls, options.seconds)
    store.close()


def timed(act: Callable[[], object]) -> float:
    """Seconds that an act takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def bookings(store: Store, count: int) -> None:
    """Time each of many commits."""
    times_ms = sorted(1000 * timed(partial(store.book, request(place))) for place in range(count))
    print(f"booking   {spread(times_ms)}")
    again_ms = 1000 * timed(lambda: store.book(request(0)))
    print(f"          the same wish again: {again_ms:.2f} ms")


def busy_bookings(store: Store, count: int, calls: int) -> None:
    """Time each of many commits of eight threads, beside the events of so many calls."""
    writer, done = Writer(store), threading.Event()
    for number in range(calls):
        writer.start_call(CallStart(f"L{number}", "salon", "twilio", "embedded", NOW))

    def talk() -> None:
        for second in count_up():
            if done.wait(1.0):
                return
            for number in range(calls):
                one_second(writer, f"L{number}", second)

    talking = threading.Thread(target=talk)
    talking.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            wishes = [partial(store.book, request(count + place)) for place in range(count)]
            times_ms = sorted(1000 * seconds for seconds in pool.map(timed, wishes))
    finally:
        done.set()
        talking.join()
    writer.flush(600)
    writer.close()
    print(f"          8 threads beside {calls} calls: {spread(times_ms)}")


def spread(times_ms: list[float]) -> str:
    """Sorted times in words."""
    p99 = times_ms[int(0.99 * (len(times_ms) - 1))]
    return (
        f"{len(times_ms)} commits: p50 {statistics.median(times_ms):.2f} ms, p99 {p99:.2f} ms,"
        f" worst {times_ms[-1]:.2f} ms"
    )


def request(place: int) -> BookingRequest:
    starts = NOW + timedelta(minutes=30 * place)
    return BookingRequest(
        business_id="salon",
        service_id="haircut",
        starts_at=starts,
        ends_at=starts + timedelta(minutes=30),
        timezone="Asia/Jerusalem",
        call_id=f"CA{place}",
        idempotency_key=f"CA{place}/t",
        asked_at=NOW,
    )


def records(store: Store, calls: int, seconds: int) -> None:
    """Put what many calls produce, then wait for the writer; CPU is that of the whole process."""
    writer, put = Writer(store), 0
    cpu, began = time.process_time(), time.perf_counter()
    for number in range(calls):
        writer.start_call(CallStart(f"B{number}", "salon", "twilio", "embedded", NOW))
    for second in range(seconds):
        for number in range(calls):
            put += one_second(writer, f"B{number}", second)
    put_s = time.perf_counter() - began
    writer.flush(600)
    whole_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    writer.close()
    print(
        f"writer    {put:,} records in {whole_s:.2f} s: {put / whole_s:,.0f} a second,"
        f" {1e6 * cpu_s / put:.0f} us CPU each"
    )
    print(f"          {calls} calls make {put / seconds:,.0f} a second: {100 * cpu_s / seconds:.1f} % of a core")
    print(f"putting   {1e6 * put_s / put:.1f} us a record beside the writer; {putting_alone_us():.2f} us alone")


def one_second(writer: Writer, call_id: str, second: int) -> int:
    for line in range(LINES_A_SECOND):
        writer.put_line(call_id, 1000 * second + line, f"{1000 * second + line} engine audio R{second} 1900ms")
    if second % SECONDS_A_TURN:
        return LINES_A_SECOND
    said = "I can offer Tuesday at ten or at half past eleven."
    writer.put_turns(
        call_id, [Turn(Speaker.AI, 1000 * n, 1000 * n + 900, said, said) for n in range(second // SECONDS_A_TURN + 1)]
    )
    return LINES_A_SECOND + 1


class Nowhere:
    def write(self, records: object) -> None:
        """Take the records and do nothing with them."""


def putting_alone_us() -> float:
    """What one put costs when the writer has nothing to do."""
    writer, count = Writer(Nowhere(), flush_every_s=60.0), 50_000

    def put() -> None:
        for n in range(count):
            writer.put_line("CA1", n, "2050 caller voice_sure")

    cost_us = 1e6 * timed(put) / count
    writer.close()
    return cost_us


if __name__ == "__main__":
    main()
