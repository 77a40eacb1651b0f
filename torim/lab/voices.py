"""The caller's voice: utterances made ready before the call, so that nothing is synthesised while it runs.

Decides level and trimming, so that "700 ms later" is when the first sound of speech leaves. Speech comes from a
synthetic voice or from WAV files; both end as mu-law at 8 kHz.
"""

from __future__ import annotations

import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from torim.audio import g711
from torim.errors import ConfigError
from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.line import FULL_SCALE, last_voice_samples, onset_samples
from torim.lab.scenario import Say, Scenario

LEVEL_DB = -22.0  # active speech level of an average telephone talker
LEAD_MS, TAIL_MS = 10, 60
RATE_HZ = 8000

Speak = Callable[[str, str], Awaitable[bytes]]  # text, language -> mu-law at 8 kHz


async def prepare(scenario: Scenario, speak: Speak, folder: Path) -> dict[Say, bytes]:
    """Make every utterance of a scenario; WAV files are looked for beside the scenario file."""
    ready: dict[Say, bytes] = {}
    for item in scenario.steps:
        if isinstance(item.step, Say) and item.step not in ready:
            say = item.step
            if say.file is not None:
                audio = read_wav(folder / say.file)
            else:
                audio = await speak(say.text, say.language or scenario.language)
            ready[say] = trimmed(levelled(audio), item.line)
    return ready


def read_wav(path: Path) -> bytes:
    """Any 16-bit PCM WAV file as mu-law at 8 kHz; raises `ConfigError` with advice."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise ConfigError(f"{path} must hold 16-bit PCM.", "voice.format")
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
            channels, rate_hz = file.getnchannels(), file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(f"{path} cannot be read as a WAV file: {error}.", "voice.file") from error
    mono = samples.reshape(-1, channels).mean(axis=1)
    return g711.encode(_to_8_khz(mono, rate_hz))


def _to_8_khz(samples: npt.NDArray[np.float64], rate_hz: int) -> npt.NDArray[np.int16]:
    """Resample in one piece: everything above the telephone's band is cut off in the spectrum."""
    count = round(len(samples) * RATE_HZ / rate_hz)
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(count // 2 + 1, dtype=complex)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    out = np.fft.irfft(kept, count) * (count / max(1, len(samples)))
    return np.clip(np.rint(out), -32768, 32767).astype(np.int16)


def levelled(audio: bytes, level_db: float = LEVEL_DB) -> bytes:
    """The same speech at a level: root mean square of its louder parts."""
    samples = g711.decode(audio).astype(np.float64)
    loud = np.abs(samples) > 0.05 * max(1.0, float(np.abs(samples).max(initial=0)))
    rms = float(np.sqrt(np.mean(samples[loud] ** 2))) if loud.any() else 0.0
    if rms == 0.0:
        return audio
    gained = samples * (FULL_SCALE * 10 ** (level_db / 20) / rms)
    return g711.encode(np.clip(gained, -32768, 32767).astype(np.int16))


def trimmed(audio: bytes, line: int) -> bytes:
    """An utterance with just enough silence around it; raises `ConfigError` if it is silence."""
    onset, end = onset_samples(audio), last_voice_samples(audio)
    if end == 0:
        raise ConfigError(f"Line {line}: nothing is audible in what is to be said.", "voice.silent")
    lead, tail = LEAD_MS * SAMPLES_PER_MS, TAIL_MS * SAMPLES_PER_MS
    return audio[max(0, onset - lead) : end + tail]


def raised(audio: bytes, factor: float) -> bytes:
    """The same words from a smaller head: pitch and formants higher and the speech faster by a factor."""
    samples = g711.decode(audio).astype(np.float64)
    return g711.encode(_to_8_khz(samples, round(RATE_HZ * factor)))
