"""How often a caller who spoke into the AI's voice was not given the floor: a barge-in that was missed.

Pure: it reads the transcript of a call that is over. It judges what was heard and said, not what a detector thought;
so it also finds what every detector missed.
"""

from __future__ import annotations

from collections.abc import Sequence

from torim.core.transcript import Speaker, Turn

FLOOR_MAX_MS = 1_000  # whoever is still talked over then was not obeyed
NEAR_MS = 600  # an engine dates a turn's beginning roughly
KEYS = "[dtmf]"


def missed_barge_ins(turns: Sequence[Turn], blocked_at_ms: Sequence[int] = ()) -> int:
    """The caller's turns with words, begun while the AI was heard, after which it was heard for over a second more.

    Args:
        blocked_at_ms: When a barge-in was forbidden by the greeting lock or the settings; such turns do not count.
    """
    spoken = [turn for turn in turns if turn.speaker is Speaker.AI]
    return sum(
        any(ai.start_ms < turn.start_ms and ai.end_ms > turn.start_ms + FLOOR_MAX_MS for ai in spoken)
        for turn in turns
        if _worded(turn) and not _forbidden(turn, blocked_at_ms)
    )


def _worded(turn: Turn) -> bool:
    return turn.speaker is Speaker.CALLER and bool(turn.text) and not turn.text.startswith(KEYS)


def _forbidden(turn: Turn, blocked_at_ms: Sequence[int]) -> bool:
    return any(turn.start_ms - NEAR_MS <= at_ms <= turn.end_ms + NEAR_MS for at_ms in blocked_at_ms)
