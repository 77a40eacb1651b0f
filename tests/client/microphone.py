"""A caller's recorded voice as the microphone of a page, in a quiet room: each recording is said when a scene asks.

An absolute time in one long recording would fall where it should only on a machine of one speed.
"""

from __future__ import annotations

import asyncio
import base64
import io
import time
import wave
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from installation import look_again
from playwright.sync_api import BrowserContext, Page

from torim.audio import g711
from torim.engines.embedded.voice import EspeakVoice
from torim.lab.voices import levelled, raised, trimmed

RATE_HZ = 8_000
CALLER_PITCH = 0.9  # another voice than the receptionist's
AUDIBLE, SILENT = 0.2, 0.02  # of a meter's width

# In the place of the machine's microphone: a room with a little noise, and whatever is said into it.
ROOM = """(() => {
  let context, room;
  navigator.mediaDevices.getUserMedia = async () => {
    context = new AudioContext();
    room = context.createMediaStreamDestination();
    const noise = context.createBuffer(1, context.sampleRate, context.sampleRate);
    noise.getChannelData(0).forEach((_, at, all) => { all[at] = (Math.random() - 0.5) * 2e-4; });
    const source = new AudioBufferSourceNode(context, { buffer: noise, loop: true });
    source.connect(room);
    source.start();
    await context.resume();
    return room.stream;
  };
  window.sayRecorded = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const source = new AudioBufferSourceNode(context, { buffer: await context.decodeAudioData(bytes.buffer) });
    source.connect(room);
    await new Promise((done) => { source.onended = done; source.start(); });
  };
})()"""
LEVEL = "+(document.querySelector('i[data-side=ai]')?.style.getPropertyValue('--level') ?? 0)"


class Microphone:
    """The microphone of every page of one browser's person."""

    def __init__(self, context: BrowserContext, words: Sequence[str]) -> None:
        with ThreadPoolExecutor(1) as apart:  # this thread has a loop already: that of the browser
            self._recorded = dict(zip(words, apart.submit(asyncio.run, _speak(words)).result(), strict=True))
        context.add_init_script(ROOM)

    def say(self, page: Page, words: str) -> None:
        """Say a recording to its end."""
        page.evaluate("recording => window.sayRecorded(recording)", self._recorded[words])


def hear_ai(page: Page, for_ms: int = 0) -> None:
    """Wait until the meter of the AI's voice moves, and so much longer."""
    look_again(page, lambda: page.evaluate(LEVEL) > AUDIBLE, "the AI speaks")
    page.wait_for_timeout(for_ms)


def hear_nothing(page: Page, for_ms: int) -> None:
    """Wait until the AI has been silent for so long; it pauses between sentences."""
    sounded_at = time.monotonic()

    def silent() -> bool:
        nonlocal sounded_at
        if page.evaluate(LEVEL) > SILENT:
            sounded_at = time.monotonic()
        return time.monotonic() - sounded_at > for_ms / 1000

    look_again(page, silent, "the AI is silent")


async def _speak(texts: Sequence[str]) -> list[str]:
    voice = EspeakVoice()
    try:
        spoken = [(await voice.speak(text, "en")).payload for text in texts]
    finally:
        await voice.close()
    return [_wav(trimmed(levelled(raised(payload, CALLER_PITCH)), 0)) for payload in spoken]


def _wav(mu_law: bytes) -> str:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.asarray(g711.decode(mu_law)).astype("<i2").tobytes())
    return base64.b64encode(written.getvalue()).decode()
