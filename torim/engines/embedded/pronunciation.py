"""What is handed to espeak-ng for a sentence: its voice, its text, and where each word stands in that text.

English goes as it is. A text with Hebrew in it goes word by word: Hebrew as phonemes, the rest as written.
It decides pronunciation only; the words shown in a transcript are always those of the original text.
"""

from __future__ import annotations

from dataclasses import dataclass

from torim.engines.embedded import hebrew
from torim.engines.embedded.hebrew import HEBREW_WORD

VOICES = {"en": "en-us", "he": "he"}
RATES_WPM = {"en": 160, "he": 145}  # a little slower than talk: it is heard once, over a telephone


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence as espeak-ng is asked for it. ``starts``: place of each word in ``text``, from 1."""

    voice: str
    text: str
    phonemes: bool
    rate_wpm: int
    words: tuple[str, ...]
    starts: tuple[int, ...]


def utterance(text: str, language: str, speed: float = 1.0) -> Utterance:
    """How a sentence is to be asked for; the letters decide, ``language`` only where there are none."""
    if HEBREW_WORD.search(text):
        return _hebrew(text, speed)
    language = language if language in VOICES else "en"
    if language == "he":
        return _hebrew(text, speed)
    words = text.split()
    plain = " ".join(words)
    return Utterance("en-us", plain, False, _rate("en", speed), tuple(words), _starts(words))


def _rate(language: str, speed: float) -> int:
    return round(RATES_WPM[language] * speed)


def _starts(words: list[str]) -> tuple[int, ...]:
    starts, at = [], 1
    for word in words:
        starts.append(at)
        at += len(word) + 1
    return tuple(starts)


def _hebrew(text: str, speed: float) -> Utterance:
    words = text.split()
    spelled = [hebrew.spell_figures(word) for word in words]
    read = iter(hebrew.sounds(HEBREW_WORD.findall(" ".join(spelled))))
    parts = [HEBREW_WORD.sub(lambda _: f"[[{next(read)}]] ", word).strip() for word in spelled]
    parts = [part.replace("]] ,", "]],").replace("]] .", "]].") for part in parts]
    return Utterance("he", " ".join(parts), True, _rate("he", speed), tuple(words), _starts(parts))
