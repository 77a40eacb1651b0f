"""From a synthesizer's samples to telephone audio: one low-pass resample of the whole, even loudness, mu-law.

It works on whole sentences only: nothing here belongs into the path of a live frame.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.engines.embedded.jobs import Speech, Word

RATE_HZ = g711.SAMPLE_RATE_HZ
LEVEL_DBFS = -20.0  # of the speech in a sentence, its pauses left out
PEAK = 0.89  # -1 dBFS
LEAD_IN_MS = 20
TAIL_MS = 160  # the pause between two sentences
_PASS_HZ, _STOP_HZ = 3300.0, 3800.0  # the edge of the telephone band, rounded off so that it does not ring
_SPEECH_FLOOR_DB = -35.0  # below the peak: what counts as a pause
_SILENCE_DBFS = -70.0  # a sound that never rises above this says nothing
_CHUNK = RATE_HZ // 50

Floats = NDArray[np.float32]


def telephone(samples: NDArray[np.int16], rate_hz: int) -> tuple[bytes, int]:
    """Mu-law frames of a spoken sentence, and how many milliseconds were cut from its beginning."""
    sound = resample(samples.astype(np.float32) / 32768.0, rate_hz)
    sound, cut_ms = trim(sound)
    sound = level(sound)
    payload = g711.encode(np.round(sound * 32767.0).astype(np.int16))
    return payload + g711.SILENCE * (-len(payload) % g711.FRAME_SAMPLES), cut_ms


def resample(sound: Floats, rate_hz: int) -> Floats:
    """The whole of a sound at 8 kHz, low-passed to the telephone band."""
    if not len(sound):
        return sound
    padded = len(sound) + rate_hz // 20  # so that the end does not wrap round into the beginning
    padded += -padded % max(rate_hz // 50, 1)  # a length whose transform is fast and divides evenly
    spectrum = np.fft.rfft(sound, padded)
    hertz = np.arange(len(spectrum)) * (rate_hz / padded)
    fall = np.clip((_STOP_HZ - hertz) / (_STOP_HZ - _PASS_HZ), 0.0, 1.0)
    count = padded * RATE_HZ // rate_hz
    bins = count // 2 + 1
    kept = np.zeros(bins, np.complex128)
    shared = min(bins, len(spectrum))
    kept[:shared] = (spectrum * (0.5 - 0.5 * np.cos(np.pi * fall)))[:shared]
    resampled = np.fft.irfft(kept, count) * (count / padded)
    return resampled[: len(sound) * RATE_HZ // rate_hz].astype(np.float32)


def trim(sound: Floats) -> tuple[Floats, int]:
    """Leave the same short silence before and after every sentence; the second value is the cut in ms."""
    peak_db = _peak_db(sound)
    if peak_db < _SILENCE_DBFS:
        return sound[:0], 0
    loud = np.flatnonzero(_levels(sound) > _SPEECH_FLOOR_DB + peak_db)
    start = max(int(loud[0]) * _CHUNK - LEAD_IN_MS * 8, 0)
    end = min((int(loud[-1]) + 1) * _CHUNK + TAIL_MS * 8, len(sound))
    return sound[start:end], start // 8


def level(sound: Floats) -> Floats:
    """The sound at the level of all others, never clipped."""
    levels = _levels(sound)
    if _peak_db(sound) < _SILENCE_DBFS:
        return sound
    active = levels > _SPEECH_FLOOR_DB + _peak_db(sound)
    loudness_db = 10.0 * np.log10(np.mean(10.0 ** (levels[active] / 10.0)))
    gain = 10.0 ** ((LEVEL_DBFS - loudness_db) / 20.0)
    gain = min(gain, PEAK / float(np.abs(sound).max()))
    return np.asarray(sound * gain, np.float32)


def _levels(sound: Floats) -> Floats:
    """Level of each 20 ms in dBFS."""
    chunks = sound[: len(sound) // _CHUNK * _CHUNK].reshape(-1, _CHUNK)
    power = np.mean(chunks.astype(np.float64) ** 2, axis=1) if len(chunks) else np.zeros(0)
    return np.asarray(10.0 * np.log10(power + 1e-12), np.float32)


def _peak_db(sound: Floats) -> float:
    levels = _levels(sound)
    return float(levels.max()) if len(levels) else -120.0


def timed(words: Sequence[str], starts_ms: Sequence[int], total_ms: int) -> tuple[Word, ...]:
    """Words with their times; each ends where the next begins, and carries the space before it."""
    ends_ms = [*starts_ms[1:], total_ms][: len(words)]
    return tuple(
        Word(word if index == 0 else f" {word}", start_ms, max(end_ms, start_ms))
        for index, (word, start_ms, end_ms) in enumerate(zip(words, starts_ms, ends_ms, strict=True))
    )


def spread(words: Sequence[str], total_ms: int) -> tuple[Word, ...]:
    """Times in proportion to the letters, where the synthesizer gives none."""
    letters = [len(word) + 1 for word in words]
    whole = sum(letters) or 1
    starts_ms = [total_ms * sum(letters[:index]) // whole for index in range(len(words))]
    return timed(words, starts_ms, total_ms)


def speech_of_wav(wav: bytes, text: str) -> Speech:
    """The speech in a WAV file: 16-bit, any rate, the first channel of any number.

    Raises:
        ValueError: it is not such a file.
    """
    try:
        with wave.open(io.BytesIO(wav)) as file:
            width, channels, rate_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file: {error}") from error
    if width != 2:
        raise ValueError(f"a WAV file of {8 * width}-bit samples; 16-bit ones are needed")
    samples = np.frombuffer(raw, "<i2", len(raw) // 2)[::channels]
    payload, _ = telephone(samples, rate_hz)
    return Speech(payload, spread(text.split(), len(payload) // 8))
