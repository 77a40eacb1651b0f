"""An answer of the script laid out on the clock: what its generation gives, and when.

It plans only; the double performs the beats that are due and drops those that a cancel overtakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torim.engines.script import Answer, CallTool, Ending, Say
from torim.engines.tones import VOICES, voice_like

BYTES_PER_MS = 8


@dataclass(frozen=True, slots=True)
class Begin:
    """`response.created`."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An output item begins."""

    part: Say | CallTool


@dataclass(frozen=True, slots=True)
class Piece:
    """One audio delta of the open item, and the words that begin in it."""

    payload: bytes
    text: str


@dataclass(frozen=True, slots=True)
class CloseItem:
    """The open item is complete."""


@dataclass(frozen=True, slots=True)
class End:
    """`response.done`."""

    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """The link breaks."""

    close_code: int


Beat = Begin | OpenItem | Piece | CloseItem | End | Drop
Plan = list[tuple[int, Beat]]  # (milliseconds after the create was taken up, what happens)


def plan(answer: Answer, speed: float, delta_ms: int, seed: int) -> Plan:
    """The beats of one answer, generated at ``speed`` times real time in deltas of ``delta_ms``."""
    if answer.ending is Ending.NEVER_BEGINS:
        return []
    start_ms = answer.created_after_ms
    beats: Plan = [(start_ms, Begin())]
    made_ms = 0
    for part in answer.parts:
        at_ms = start_ms + answer.first_audio_ms + round(made_ms / speed)
        beats.append((at_ms, OpenItem(part)))
        for piece in _pieces(part, delta_ms, seed):
            if answer.limit_ms is not None and made_ms >= answer.limit_ms:
                return beats + _cut_short(answer, at_ms)
            made_ms += len(piece.payload) // BYTES_PER_MS
            at_ms = start_ms + answer.first_audio_ms + round(made_ms / speed)
            beats.append((at_ms, piece))
        beats.append((at_ms, CloseItem()))
    at_ms = beats[-1][0]
    if answer.limit_ms is not None and answer.ending is not Ending.COMPLETES:
        return beats + _cut_short(answer, at_ms)
    return [*beats, (at_ms + answer.done_after_ms, End(answer.ending.value, answer.detail))]


def _cut_short(answer: Answer, at_ms: int) -> Plan:
    if answer.ending is Ending.STALLS:
        return []
    if answer.ending is Ending.DROPS_LINK:
        return [(at_ms, Drop(int(answer.detail)))]
    return [(at_ms, CloseItem()), (at_ms + answer.done_after_ms, End(answer.ending.value, answer.detail))]


def _pieces(part: Say | CallTool, delta_ms: int, seed: int) -> Iterator[Piece]:
    if isinstance(part, CallTool):
        return
    audio = part.audio or voice_like(part.audio_ms, seed % VOICES)
    words = _timed_words(part)
    for start_ms in range(0, part.audio_ms, delta_ms):
        text = ""
        while words and words[0][0] < start_ms + delta_ms:
            text += words.pop(0)[1]
        yield Piece(audio[start_ms * BYTES_PER_MS : (start_ms + delta_ms) * BYTES_PER_MS], text)


def _timed_words(part: Say) -> list[tuple[float, str]]:
    """Each word with the instant it begins, its length deciding how long it takes."""
    words = part.text.split(" ")
    pieces = [word + " " for word in words[:-1]] + words[-1:]
    per_character = part.audio_ms / max(1, len(part.text))
    timed, at_ms = [], 0.0
    for piece in pieces:
        timed.append((at_ms, piece))
        at_ms += len(piece) * per_character
    return timed
