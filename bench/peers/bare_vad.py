"""The bare neural VAD as an agent: stops at the first window at 0.5 or more, and answers half a second of silence.

The simplest thing that can be done with a good detector: no verification, no echo evidence, no words. It uses the same
network as Torim.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import deque

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np

from bench.peers import served
from torim.audio import g711
from torim.audio.vad import SileroVad, VadStream

SPEECH_MIN, SPEECH_KEEP_MIN, SILENCE_MS = 0.5, 0.35, 500
FRAME_BYTES, LEAD_S = 160, 0.2


class Agent:
    """One call."""

    def __init__(self, call: served.Call) -> None:
        self._call = call
        self._vad = SileroVad()
        self.stream = VadStream()
        self._speaking, self._silent_ms = False, 0
        self._asked = 0
        self._queue: deque[bytes] = deque()
        self._jobs: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Greet, listen, answer, until the caller hangs up."""
        playing = asyncio.create_task(self._play())
        self._say(self._call.part.statement, served.STATEMENT_FIRST_S)
        while (message := await self._call.receive())["type"] == "websocket.receive":
            body = json.loads(message["text"])
            if body["event"] == "media":
                self.stream.push(base64.b64decode(body["media"]["payload"]))
                await self._listen()
        for job in (playing, *self._jobs):
            job.cancel()

    async def _listen(self) -> None:
        while self.stream.windows():
            probability = self._vad.run([self])[0]
            if probability >= SPEECH_MIN and not self._speaking:
                self._speaking = True
                await self._stop()
            self._silent_ms = 0 if probability >= SPEECH_KEEP_MIN else self._silent_ms + 32
            if self._speaking and self._silent_ms >= SILENCE_MS:
                self._speaking = False
                self._call.noted.note(served.ENDED)
                self._say(self._call.part.reply, served.REPLY_FIRST_S)

    async def _stop(self) -> None:
        for job in self._jobs:
            job.cancel()
        self._jobs.clear()
        self._queue.clear()
        await self._send("clear")

    def _say(self, samples: bytes, first_s: float) -> None:
        number, self._asked = self._asked, self._asked + 1
        self._call.noted.note(served.ASKED, number)
        job = asyncio.create_task(self._generate(number, samples, first_s))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _generate(self, number: int, samples: bytes, first_s: float) -> None:
        await asyncio.sleep(first_s)
        self._call.noted.note(served.VOICED, number)
        audio = g711.encode(np.frombuffer(samples, np.int16))
        for start in range(0, len(audio), FRAME_BYTES):
            self._queue.append(audio[start : start + FRAME_BYTES].ljust(FRAME_BYTES, g711.SILENCE))

    async def _play(self) -> None:
        """Frames in real time, a little ahead."""
        due_s = 0.0
        while True:
            if self._queue:
                now_s = time.monotonic()
                due_s = max(due_s, now_s - LEAD_S) + FRAME_BYTES / 8000
                await self._send("media", media={"payload": base64.b64encode(self._queue.popleft()).decode()})
                await asyncio.sleep(max(0.0, due_s - now_s))
            else:
                await asyncio.sleep(0.005)

    async def _send(self, event: str, **body: object) -> None:
        text = json.dumps({"event": event, "streamSid": self._call.stream_sid, **body})
        await self._call.send({"type": "websocket.send", "text": text})


async def answer(call: served.Call) -> None:
    """Serve one call."""
    await Agent(call).run()


if __name__ == "__main__":
    served.main(answer)
