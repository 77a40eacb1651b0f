"""Which turns of a caller count as missed barge-ins."""

from __future__ import annotations

import pytest

from torim.core.transcript import Speaker, Turn
from torim.live.missed import missed_barge_ins


def ai(start_ms: int, end_ms: int) -> Turn:
    return Turn(Speaker.AI, start_ms, end_ms, "We are open until seven.", "We are open until seven.")


def caller(start_ms: int, text: str = "wait a moment", ms: int = 900) -> Turn:
    return Turn(Speaker.CALLER, start_ms, start_ms + ms, text, text)


@pytest.mark.parametrize(
    ("said", "missed"),
    [
        ([ai(0, 3_100), caller(3_000)], 0),  # silent 100 ms after the caller began
        ([ai(0, 4_001), caller(3_000)], 1),
        ([ai(0, 4_000), caller(3_000)], 0),  # exactly a second
        ([ai(0, 9_000), caller(3_000), caller(6_000)], 2),
        ([ai(0, 9_000), caller(3_000, "")], 0),  # no words: a sound
        ([ai(0, 9_000), caller(3_000, "[dtmf] 1")], 0),
        ([ai(0, 3_000), caller(4_000), ai(5_500, 9_000)], 0),  # said into silence; the answer is no overlap
        ([caller(1_000, ms=4_000), ai(2_000, 9_000)], 0),  # the AI began over the caller: that is another fault
    ],
)
def test_a_caller_talked_over_for_more_than_a_second_was_missed(said: list[Turn], missed: int) -> None:
    assert missed_barge_ins(said) == missed


def test_what_was_forbidden_was_not_missed() -> None:
    said = [ai(0, 12_000), caller(3_000), caller(8_000)]
    assert missed_barge_ins(said, blocked_at_ms=[3_120]) == 1
    assert missed_barge_ins(said, blocked_at_ms=[3_120, 8_080]) == 0
