"""Several processes on one database: one winner, one upgrade, nothing lost to a kill."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from torim.storage.schema import HEAD
from torim.storage.store import Store

PROGRAM = Path(__file__).with_name("storage_scene.py")


@pytest.fixture
def url(any_url: str) -> str:
    return any_url


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def race(url: str, processes: int, each: int) -> Counter[str]:
    """Let every process race ``each`` times in parallel for one slot and count the outcomes."""
    racers = [start("race", url, f"CA{number}", str(each)) for number in range(processes)]
    assert [said(racer) for racer in racers] == ["ready"] * processes
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    outcomes = Counter(line for racer in racers for line in racer.communicate(timeout=60)[0].split())
    assert [racer.returncode for racer in racers] == [0] * processes
    return outcomes


def test_fifty_simultaneous_bookings_of_one_slot_have_one_winner(store: Store, url: str) -> None:
    outcomes = race(url, processes=5, each=10)
    assert outcomes == {"booked": 1, "booking.slot_taken": 49}
    assert len(store.appointments("salon")) == 1


@pytest.mark.deep
def test_many_processes_have_one_winner(store: Store, url: str) -> None:
    outcomes = race(url, processes=16, each=8)
    assert outcomes == {"booked": 1, "booking.slot_taken": 127}


def killed_while_booking(url: str, after: int) -> set[str]:
    """Kill a booking process with SIGKILL after some commits; the ids that it knew to be committed."""
    process = start("flood", url)
    known = {said(process) for _ in range(after)}
    process.send_signal(signal.SIGKILL)
    assert process.stdout is not None
    # What it printed before it died, but for a line cut in the middle, was committed too.
    rest = process.stdout.read()
    process.wait()
    return known | set(rest[: rest.rfind("\n") + 1].split())


@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_kill_loses_no_committed_booking(url: str, after: int) -> None:
    first = Store(url)
    first.upgrade()
    first.close()
    known = killed_while_booking(url, after)
    survivor = Store(url)
    stored = {made.id for made in survivor.appointments("salon", limit=100_000)}
    survivor.close()
    assert len(known) >= after
    assert known <= stored
    assert len(stored - known) <= 1  # committed, and killed before it could say so


def test_processes_that_start_together_upgrade_once(blank_url: str) -> None:
    started = [start("upgrade", blank_url) for _ in range(4)]
    outputs = [process.communicate(timeout=60)[0].strip() for process in started]
    assert outputs == [HEAD] * 4
