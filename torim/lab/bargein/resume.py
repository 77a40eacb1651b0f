"""How exactly the AI went on after a hold: the statement as made against what the ear heard, by the sound itself.

Decides where the ear was thrown forward or back. It knows nothing of the server's book-keeping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torim.audio import g711
from torim.lab.ear import Span

STEP = 160
PROBE = 80  # the shortest sound that says where it is from
REACH = 4_000  # half a second either way
GAINS_DB = (0, -15)


@dataclass(frozen=True, slots=True)
class Heard:
    """How far the ear came, and every place where it was not the next sample: positive skipped, negative repeated."""

    samples: int = 0
    jumps: tuple[int, ...] = field(default=())


def follow(statement: bytes, spans: Sequence[Span]) -> Heard:
    """Follow a statement through what was heard of it, until something else is heard."""
    versions = [g711.duck(statement, gain_db) for gain_db in GAINS_DB]
    at = 0
    jumps: list[int] = []
    for span in spans:
        for start in range(0, len(span.payload), STEP):
            piece = span.payload[start : start + STEP]
            if any(version.startswith(piece, at) for version in versions):
                at += len(piece)
                continue
            found = _find(versions, piece, at)
            if found is None:
                return Heard(at, tuple(jumps))
            jumps.append(found - at)
            at = found + len(piece)
    return Heard(at, tuple(jumps))


def _find(versions: Sequence[bytes], piece: bytes, at: int) -> int | None:
    """The place nearest to where the piece was expected."""
    if len(piece) < PROBE:
        return None
    places = []
    for version in versions:
        low = max(0, at - REACH)
        found = version.find(piece, low, at + REACH)
        while found >= 0:
            places.append(found)
            found = version.find(piece, found + 1, at + REACH)
    return min(places, key=lambda place: abs(place - at), default=None)
