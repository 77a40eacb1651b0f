"""The sounds of a trial: the caller's track with its onset, and the AI's statement.

Decides how recordings are put together. Levels are active levels in dBFS, as the corpus measures them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from torim.audio import g711
from torim.lab.bargein.corpus import Clip, Corpus, Kind, Samples
from torim.lab.bargein.trials import AGENT_DB, BED_DB, BED_MS, Group, Trial

RATE_HZ = 8000


@dataclass(frozen=True, slots=True)
class Track:
    """What the caller sends: mu-law, and where the first onset lies in it."""

    payload: bytes
    onset_samples: int


def caller_track(trial: Trial) -> Track:
    """The caller's sound, from the beginning of the first recording to the end of the last."""
    if trial.group is Group.BED:
        return Track(_encode(_bed(trial)), 0)
    if not trial.pieces:
        return Track(b"", 0)
    lead = max(piece.clip.onset_samples - piece.at_samples for piece in trial.pieces)
    starts = [lead + piece.at_samples - piece.clip.onset_samples for piece in trial.pieces]
    ends = [start + len(piece.clip.samples) for start, piece in zip(starts, trial.pieces, strict=True)]
    track = np.zeros(max(ends))
    for start, piece in zip(starts, trial.pieces, strict=True):
        track[start : start + len(piece.clip.samples)] += piece.clip.at_level(piece.level_db)
    return Track(_encode(track), lead)


def _bed(trial: Trial) -> Samples:
    """Background for the whole statement: a recording over and over, or something made up."""
    length = (BED_MS + 2_000) * 8
    if not trial.pieces:
        return _COMPUTED[trial.computed](np.random.default_rng(trial.line.seed), length)
    piece = trial.pieces[0]
    loop = piece.clip.at_level(piece.level_db)
    return np.resize(loop, length)


def _hum(rng: np.random.Generator, length: int) -> Samples:
    """Mains, with its harmonics."""
    at = np.arange(length) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * 50 * n * at + rng.uniform(0, 6)) / n for n in range(1, 9))
    return _levelled(np.asarray(wave), BED_DB)


def _clicks(rng: np.random.Generator, length: int) -> Samples:
    """Two a second, of a few milliseconds, as loud as a voice."""
    wave = np.zeros(length)
    for at in rng.integers(0, length - 80, length // (RATE_HZ // 2)):
        wave[at : at + 40] += rng.normal(0, 0.3, 40) * np.exp(-np.arange(40) / 12)
    return wave


def _line_clicks(rng: np.random.Generator, length: int) -> Samples:
    """Single samples at full scale, five a second."""
    wave = np.zeros(length)
    wave[rng.integers(0, length, length // (RATE_HZ // 5))] = rng.choice((-0.9, 0.9))
    return wave


def _comfort_bursts(rng: np.random.Generator, length: int) -> Samples:
    """A far gateway's comfort noise going on and off, 12 dB above the line's own."""
    steps = np.repeat(rng.integers(0, 2, length // 2_400 + 1), 2_400)[:length]
    wave: Samples = rng.normal(0, 10 ** (-50 / 20), length) * steps
    return wave


_COMPUTED = {
    "hum": _hum,
    "clicks": _clicks,
    "line clicks": _line_clicks,
    "comfort noise bursts": _comfort_bursts,
}


def _levelled(wave: Samples, level_db: float) -> Samples:
    gained: Samples = wave * (10 ** (level_db / 20) / float(np.sqrt(np.mean(wave**2))))
    return gained


def _encode(wave: Samples) -> bytes:
    return g711.encode(np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16))


class Voices:
    """The AI's statements, cut from recordings of one speaker at a time, all at one level."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        speakers: dict[str, list[Clip]] = {}
        for clip in clips:
            speakers.setdefault(clip.group, []).append(clip)
        self._speakers = list(speakers.values())

    def statement(self, voice: int, length_ms: int) -> bytes:
        """Mu-law of this length that ends where a recording ends; ``voice`` chooses speaker and recording."""
        clips = self._speakers[voice % len(self._speakers)]
        first = voice // len(self._speakers)
        parts: list[npt.NDArray[np.float64]] = []
        missing = length_ms * 8
        for number in range(first, first + 1_000):
            clip = clips[number % len(clips)]
            part = clip.at_level(AGENT_DB)[clip.onset_samples : clip.offset_samples][-missing:]
            parts.insert(0, part)
            missing -= len(part)
            if missing <= 0:
                break
        return _encode(np.concatenate(parts))


def voices_of(corpus: Corpus) -> Voices | None:
    """The corpus's own voices for the AI; None if it has none."""
    clips = corpus.of(Kind.AGENT)
    return Voices(clips) if clips else None
