"""How much of one item of engine audio reached the ear, found by comparing the sound itself.

Decides where in an item the caller stopped hearing it. It uses nothing but what the engine sent and what the
ear played, so it is independent of the server's own book-keeping: repeats after a resume do not mislead it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torim.audio import g711
from torim.core.events import AudioDelta
from torim.lab.ear import Span
from torim.lab.record import CallRecord

PROBE_SAMPLES = 480  # 60 ms of sound is compared first
SHORTEST_SAMPLES = 80


def item_audio(record: CallRecord, until_ms: int | None = None) -> dict[str, bytes]:
    """The audio that the engine had sent by an instant of the server's clock, by item, in order of beginning."""
    parts: dict[str, bytearray] = {}
    for entry in record.timeline:
        if until_ms is not None and entry.at_ms > until_ms:
            break
        if isinstance(entry.subject, AudioDelta):
            parts.setdefault(entry.subject.item_id, bytearray()).extend(entry.subject.payload)
    return {item_id: bytes(audio) for item_id, audio in parts.items()}


def heard_samples(
    audio: bytes, heard: bytes, begins: int | None = None, gains_db: Iterable[int] = (0, -15)
) -> int | None:
    """How far into an item the ear had come when it stopped.

    Args:
        audio: The whole item as the engine sent it, mu-law.
        heard: What the ear heard last, up to the instant in question, without a break.
        begins: About where in the item it should begin, if that is known: one pause is like any other.
        gains_db: The levels at which the item may have been played.

    Returns:
        Samples heard, or None if the ear's last sound is not from this item.
    """
    played = (g711.duck(audio, gain_db) if gain_db else audio for gain_db in gains_db)
    likeliest = 0 if begins is None else begins + len(heard)
    found = (
        (_common_suffix(level[:end], heard), -abs(end - likeliest), end)
        for level in played
        for end in _ends(level, heard)
    )
    return max(found, default=(0, 0, None))[2]


def _ends(audio: bytes, heard: bytes) -> Iterator[int]:
    """Every place in the item where the ear's last sound may end; the tail may be padded to a frame."""
    probe = heard[-PROBE_SAMPLES:]
    if len(probe) < SHORTEST_SAMPLES:
        return
    found = audio.find(probe)
    while found >= 0:
        yield found + len(probe)
        found = audio.find(probe, found + 1)


def _common_suffix(left: bytes, right: bytes) -> int:
    longest = min(len(left), len(right))
    low, high = 0, longest
    while low < high:  # suffixes of equal length are equal up to some length and never beyond it
        middle = (low + high + 1) // 2
        if left[-middle:] == right[-middle:]:
            low = middle
        else:
            high = middle - 1
    return low


def last_heard(spans: list[Span], until_samples: int, longest_samples: int = 80_000) -> bytes:
    """The unbroken far-end sound that the ear heard last before an instant."""
    for span in reversed(spans):
        if span.start_samples < until_samples:
            return span.payload[: until_samples - span.start_samples][-longest_samples:]
    return b""
