"""In a process that carries calls the collector looks seldom, and never at what was there; threads take short turns."""

from __future__ import annotations

import gc
import sys

from torim.live import interpreter


def test_what_is_loaded_is_out_of_the_collectors_way_for_as_long_as_asked() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with interpreter.settled():
        assert gc.get_freeze_count() > frozen + 10_000
        assert gc.get_threshold() == (interpreter.YOUNG_OBJECTS, *before[1:])
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


def test_threads_take_short_turns_for_as_long_as_asked() -> None:
    before = sys.getswitchinterval()
    with interpreter.settled():
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before


def test_garbage_in_cycles_is_still_found_by_itself() -> None:
    class Node:
        """Refers to itself and remembers that it went."""

        gone = 0

        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            Node.gone += 1

    with interpreter.settled():
        for _ in range(3 * interpreter.YOUNG_OBJECTS):
            Node()
        assert Node.gone > interpreter.YOUNG_OBJECTS
