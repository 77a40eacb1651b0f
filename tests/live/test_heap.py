"""The collector of a process that carries calls looks seldom, and never at what was there from the start."""

from __future__ import annotations

import gc

from torim.live import heap


def test_what_is_loaded_is_out_of_the_collectors_way_for_as_long_as_asked() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with heap.settled():
        assert gc.get_freeze_count() > frozen + 10_000
        assert gc.get_threshold() == (heap.YOUNG_OBJECTS, *before[1:])
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


def test_garbage_in_cycles_is_still_found_by_itself() -> None:
    class Node:
        """Refers to itself and remembers that it went."""

        gone = 0

        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            Node.gone += 1

    with heap.settled():
        for _ in range(3 * heap.YOUNG_OBJECTS):
            Node()
        assert Node.gone > heap.YOUNG_OBJECTS
