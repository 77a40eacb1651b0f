"""A caller's voice as the file that a browser takes for its microphone: 48 kHz, words at chosen instants."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from torim.audio import g711
from torim.engines.embedded.voice import EspeakVoice
from torim.lab.voices import levelled, raised, trimmed

RATE_HZ = 48_000
TIMES = RATE_HZ // 8_000
CALLER_PITCH = 0.9  # another voice than the receptionist's


def record(path: Path, says: Sequence[tuple[float, str]], seconds: float) -> Path:
    """Write a quiet room in which words are said, each from its second on."""
    with ThreadPoolExecutor(1) as apart:  # this thread has a loop already: that of the browser
        spoken = apart.submit(asyncio.run, _speak([words for _, words in says])).result()
    room = np.random.default_rng(1).normal(0.0, 3.0, round(seconds * RATE_HZ))
    for (at_s, _), voice in zip(says, spoken, strict=True):
        slow = g711.decode(voice).astype(np.float64)
        fast = np.interp(np.arange(len(slow) * TIMES) / TIMES, np.arange(len(slow)), slow)
        begin = round(at_s * RATE_HZ)
        room[begin : begin + len(fast)] += fast[: len(room) - begin]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.clip(room, -32_768, 32_767).astype("<i2").tobytes())
    return path


async def _speak(texts: Sequence[str]) -> list[bytes]:
    voice = EspeakVoice()
    try:
        return [trimmed(levelled(raised((await voice.speak(text, "en")).payload, CALLER_PITCH)), 0) for text in texts]
    finally:
        await voice.close()
