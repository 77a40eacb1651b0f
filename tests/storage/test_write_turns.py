"""Writers of one process wait for each other; bookings go before records of calls, also of a long backlog."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from storage_scene import at, call_start, request

from torim.storage.records import TimelineLine
from torim.storage.store import Store
from torim.storage.turns import Turns
from torim.storage.writer import Writer

BACKLOG = 20_000


def until(seen: Callable[[], bool], timeout_s: float = 10.0) -> None:
    give_up_at = time.monotonic() + timeout_s
    while not seen():
        assert time.monotonic() < give_up_at
        time.sleep(0.001)


def test_whoever_is_urgent_goes_before_those_who_waited_longer() -> None:
    turns, order = Turns(), []

    def wait(name: str, urgent: bool) -> threading.Thread:
        def work() -> None:
            with turns.turn(urgent=urgent):
                order.append(name)

        before = turns.waiting
        thread = threading.Thread(target=work)
        thread.start()
        until(lambda: turns.waiting == before + 1)
        return thread

    with turns.turn(urgent=False):
        threads = [wait("events", False), wait("more events", False), wait("booking", True), wait("another", True)]
        assert order == []
    for thread in threads:
        thread.join(10)
    assert order == ["booking", "another", "events", "more events"]


def test_a_turn_is_given_back_by_whoever_fails_in_it() -> None:
    turns = Turns()
    for _ in range(2):
        try:
            with turns.turn(urgent=True):
                raise ValueError
        except ValueError:
            pass
    assert turns.waiting == 0


def test_a_booking_does_not_wait_for_a_backlog_of_events(store: Store) -> None:
    """The writer has far more to write than a booking may wait for."""
    store.start_call(call_start())
    writer = Writer(store)
    for number in range(BACKLOG):
        writer.put(TimelineLine("CA1", number, f"{number} engine audio R1 20ms"))
    until(lambda: 0 < writer.backlog < BACKLOG)
    made = [store.book(request("CA1", f"t{place}", **at(60 * place))) for place in range(5)]
    assert len(made) == 5 and writer.backlog > 0
    writer.close(60)
