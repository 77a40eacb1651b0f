"""Measure the search for free times over a year of a busy calendar.

    python -m bench.slots [--staff 10] [--appointments 20000] [--runs 15]

Every member of staff has their own appointments, on the steps of the hours and of three lengths, packed as evenly as
a year allows. all: every free time of the year. three: the first three, as a caller is offered. from the database:
the same with the busy times read from an SQLite file. The ratio is to a plain loop of the same machine that adds as
many integers as there are appointments, so that runs on different machines can be compared.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec
from sqlalchemy import insert

from torim.desk.business import Business, Staff, load_business
from torim.desk.search import open_slots
from torim.desk.slots import Busy, free_slots
from torim.storage.schema import appointments
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LENGTHS_MIN = (30, 45, 60)


def main() -> None:
    """Run every measurement and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--staff", type=int, default=10)
    parser.add_argument("--appointments", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}"
    )
    business = salon(options.staff)
    busy = list(calendar(business, options.appointments))
    service = business.services[0]
    unit_ms = cpu_ms(lambda: sum(n for n in range(len(busy))), options.runs)[0]

    def line(name: str, act: Callable[[], object]) -> None:
        wall_ms, used_ms = timed_ms(act, options.runs), cpu_ms(act, options.runs)
        middle = statistics.median(wall_ms)
        print(
            f"{name:<24} median {middle:7.2f} ms, best {wall_ms[0]:7.2f} ms;"
            f" CPU {used_ms[0]:7.2f} ms, {used_ms[0] / unit_ms:5.1f} units of {unit_ms:.2f} ms"
        )

    found = list(free_slots(business, service, busy, NOW))
    print(f"{options.staff} staff, {len(busy):,} appointments, {len(found):,} free times in a year")
    line("all", lambda: list(free_slots(business, service, busy, NOW)))
    line("all, an empty year", lambda: list(free_slots(business, service, [], NOW)))
    line("three", lambda: list(islice(free_slots(business, service, busy, NOW), 3)))
    with tempfile.TemporaryDirectory() as directory:
        store = filled(Path(directory), business, busy)
        line("three from the database", lambda: list(islice(open_slots(store, business, service, NOW), 3)))
        line("all from the database", lambda: list(open_slots(store, business, service, NOW)))
        store.close()


def timed_ms(act: Callable[[], object], runs: int) -> list[float]:
    """How long an act takes, several times, the shortest first."""
    times_ms = []
    for _ in range(runs):
        began = time.perf_counter()
        act()
        times_ms.append(1000 * (time.perf_counter() - began))
    return sorted(times_ms)


def cpu_ms(act: Callable[[], object], runs: int) -> list[float]:
    """How much processor time an act takes, several times, the least first: other programs do not count."""
    times_ms = []
    for _ in range(runs):
        began = time.process_time()
        act()
        times_ms.append(1000 * (time.process_time() - began))
    return sorted(times_ms)


def salon(staff: int) -> Business:
    """The sample business with staff, over a year."""
    members = tuple(Staff(id=f"s{number}", name={"he": f"{number}", "en": f"{number}"}) for number in range(staff))
    return msgspec.structs.replace(load_business(), horizon_days=365, staff=members)


def calendar(business: Business, wanted: int) -> Iterator[Busy]:
    """So many appointments of a year, each member's without overlap."""
    rng = random.Random(1)
    days = 365
    a_day = -(-wanted // (days * len(business.staff) * 6 // 7))
    made = 0
    for day in range(days):
        midnight = datetime(2026, 11, 22, 22, 0, tzinfo=UTC) + timedelta(days=day)
        for member in business.staff:
            begins = midnight + timedelta(hours=9)
            for _ in range(a_day if midnight.weekday() != 4 else 0):
                begins += timedelta(minutes=rng.choice((0, 0, 30)))
                ends = begins + timedelta(minutes=rng.choice(LENGTHS_MIN))
                if made < wanted:
                    made += 1
                    yield Busy.between(begins, ends, member.id, 0)
                begins = ends


def filled(directory: Path, business: Business, busy: list[Busy]) -> Store:
    """A database with these appointments."""
    store = Store(f"sqlite:///{directory}/torim.db")
    store.upgrade()
    rows = [row(business, number, item) for number, item in enumerate(busy)]
    with store.database.write() as connection:
        connection.execute(insert(appointments), rows)
    return store


def row(business: Business, number: int, item: Busy) -> dict[str, object]:
    """An appointment as it is stored; a booking of each would take a minute."""
    return {
        "id": f"a{number}",
        "business_id": business.id,
        "service_id": business.services[0].id,
        "staff_id": item.staff_id,
        "place": item.place,
        "starts_at": item.since_s,
        "ends_at": item.until_s,
        "blocked_from": item.since_s,
        "blocked_until": item.until_s,
        "timezone": business.timezone,
        "status": "booked",
        "idempotency_key": f"k{number}",
        "created_at": 1,
        "updated_at": 1,
    }


if __name__ == "__main__":
    main()
