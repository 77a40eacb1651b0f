"""Both sides of the conversation, in its own order, cut to what was heard.

The AI's words are cut at the last whole word estimated to have ended by the last heard sample. Where the engine
times its words (each text delta leaves just before its audio), the cut is within one word; elsewhere words are
spread evenly over the audio, and no faster than people speak. An engine deletes its own text of an item when
the item is truncated, so this is the only record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from torim.core.playout import ItemAudio, ItemKey

CHARACTERS_PER_SECOND = 20  # fast speech; text that came ahead of its audio is not taken for heard


class Speaker(Enum):
    CALLER = "caller"
    AI = "ai"


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of the transcript. For the AI ``text`` is all that was generated; heard + unheard make it up."""

    speaker: Speaker
    start_ms: int
    end_ms: int
    text: str
    heard_text: str
    unheard_text: str = ""
    heard_ms: int = 0
    audio_ms: int = 0
    interrupted: bool = False
    estimated: bool = False
    item_id: str = ""


@dataclass(slots=True)
class _Spoken:
    """An item of the AI while its words and audio come in."""

    started_ms: int
    audio: ItemAudio
    parts: list[tuple[int, str]] = field(default_factory=list)  # (audio ms received before it, text)
    cut_ms: int | None = None

    @property
    def text(self) -> str:
        return "".join(part for _, part in self.parts)


@dataclass(slots=True)
class _Heard:
    """A turn of the caller; ``text`` None until its transcription comes."""

    started_ms: int
    ended_ms: int
    text: str | None = None


class Transcript:
    """The words of one call."""

    def __init__(self, times_words: bool) -> None:
        self.times_words = times_words
        self._spoken: dict[ItemKey, _Spoken] = {}
        self._heard: dict[str, _Heard] = {}
        self._forgotten: set[str] = set()  # their words may still come

    # --- the AI -----------------------------------------------------------------------------------------

    def words(self, key: ItemKey, audio: ItemAudio, text: str, now_ms: int) -> None:
        """A piece of the words of an item whose audio is kept in ``audio``."""
        spoken = self._spoken.setdefault(key, _Spoken(now_ms, audio))
        spoken.parts.append((audio.received_ms, text))

    def cut(self, audio: ItemAudio) -> None:
        """The item was stopped at its heard sample."""
        spoken = self._spoken.get(audio.key)
        if spoken is not None:
            spoken.cut_ms = audio.heard_ms

    def heard_text(self, key: ItemKey) -> str:
        """What the caller heard of one item so far."""
        spoken = self._spoken.get(key)
        return spoken.text[: self._heard_length(spoken)] if spoken else ""

    def newest(self) -> str:
        """All the words that came for the AI's newest item, heard or not."""
        return next(reversed(self._spoken.values())).text if self._spoken else ""

    # --- the caller -------------------------------------------------------------------------------------

    def caller(self, item_id: str, started_ms: int, ended_ms: int) -> None:
        """A turn of the caller; its words may come later, or never."""
        self._heard.setdefault(item_id, _Heard(started_ms, ended_ms))

    def caller_words(self, item_id: str, text: str, now_ms: int) -> None:
        """What the caller said in a turn, whenever it comes."""
        if item_id not in self._forgotten:
            self._heard.setdefault(item_id, _Heard(now_ms, now_ms)).text = text

    def forget(self, item_id: str) -> None:
        """The item held no words of the caller."""
        self._heard.pop(item_id, None)
        self._forgotten.add(item_id)

    # --- reading ----------------------------------------------------------------------------------------

    def turns(self) -> list[Turn]:
        """All turns in the order of the conversation."""
        lines = [self._ai_turn(spoken) for spoken in self._spoken.values()]
        lines += [
            Turn(
                Speaker.CALLER,
                turn.started_ms,
                turn.ended_ms,
                turn.text or "",
                turn.text or "",
                item_id=item_id,
            )
            for item_id, turn in self._heard.items()
        ]
        return sorted(lines, key=lambda turn: turn.start_ms)

    def _ai_turn(self, spoken: _Spoken) -> Turn:
        audio, text = spoken.audio, spoken.text
        length = self._heard_length(spoken)
        started = spoken.started_ms if audio.first_played_ms is None else audio.first_played_ms
        return Turn(
            Speaker.AI,
            started,
            started if audio.last_played_ms is None else audio.last_played_ms,
            text,
            text[:length].rstrip(),
            text[length:].lstrip(),
            audio.heard_ms,
            audio.received_ms,
            interrupted=spoken.cut_ms is not None,
            estimated=0 < length < len(text),
            item_id=audio.key[0],
        )

    def _heard_length(self, spoken: _Spoken) -> int:
        """How many characters were heard, up to the end of a whole word."""
        audio, text = spoken.audio, spoken.text
        if audio.heard_samples == 0:
            return 0  # also where no sound came at all
        if audio.fully_heard:
            return len(text)
        reached = self._timed(spoken) if self.times_words else self._spread(spoken)
        while 0 < reached < len(text) and not text[reached].isspace():
            reached -= 1
        return reached

    @staticmethod
    def _timed(spoken: _Spoken) -> int:
        heard_ms, length = spoken.audio.heard_ms, 0
        ends = [start for start, _ in spoken.parts[1:]] + [spoken.audio.received_ms]
        for (_, part), end_ms in zip(spoken.parts, ends, strict=True):
            if end_ms > heard_ms:
                break
            length += len(part)
        return length

    @staticmethod
    def _spread(spoken: _Spoken) -> int:
        audio, length = spoken.audio, len(spoken.text)
        even = length * audio.heard_samples // max(1, audio.received_samples)
        if audio.done:
            return even
        return min(even, audio.heard_ms * CHARACTERS_PER_SECOND // 1000)
