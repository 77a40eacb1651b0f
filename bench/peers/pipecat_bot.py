"""pipecat as a telephone agent: its own cascade at 8 kHz, as its project template lays it out, on its own defaults.

Its transport, serializer, VAD (0.2 s of voice to start), turn analyzer and interruptions are its own. Stand-ins speak
and understand: recordings for a voice, the recording's label for a transcript, at the instant at which its VAD hears
the end, faster than any service. It runs in an environment of its own; see `install.sh`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from dataclasses import fields
from typing import Any

os.environ.setdefault("LOGURU_LEVEL", "ERROR")

from fastapi import WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMRunFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

from bench.peers import served

RATE_HZ = 8000
LLM_SETTINGS = [item.name for item in fields(LLMSettings) if item.name != "extra"]  # none applies
CHUNK_BYTES = served.CHUNK_MS * RATE_HZ // 1000 * 2


class Understands(STTService):
    """The oracle for a transcriber: the trial's words, as soon as the VAD has heard the end of speech."""

    def __init__(self, call: served.Call) -> None:
        super().__init__(settings=STTSettings(model=None, language=None), ttfs_p99_latency=0.0)
        self._told = call

    @property
    def supports_ttfs(self) -> bool:
        return False

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Nothing is heard from the sound itself."""
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Follow the VAD."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            self._told.noted.note(served.ENDED)
            if words := self._told.part.words:
                said = TranscriptionFrame(words, "caller", time_now_iso8601(), finalized=True)
                await self.push_frame(said)


class Thinks(LLMService):
    """Answers every context with one sentence, at once."""

    def __init__(self, call: served.Call) -> None:
        super().__init__(settings=LLMSettings(**dict.fromkeys(LLM_SETTINGS)))
        self._told = call
        self._asked = 0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer a context; hand on everything else."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        number, self._asked = self._asked, self._asked + 1
        self._told.noted.note(served.ASKED, number)
        await self.push_frame(LLMFullResponseStartFrame())
        await self.push_frame(LLMTextFrame(f"Statement {number} follows."))
        await self.push_frame(LLMFullResponseEndFrame())


class Speaks(TTSService):
    """Recordings for a voice, four times as fast as they sound."""

    def __init__(self, call: served.Call) -> None:
        settings = TTSSettings(model=None, voice=None, language=None)
        super().__init__(push_start_frame=True, push_stop_frames=True, sample_rate=RATE_HZ, settings=settings)
        self._told = call

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """The recording that a sentence stands for."""
        number = int(text.split()[1])
        audio = self._told.part.reply if number else self._told.part.statement
        await asyncio.sleep(served.REPLY_FIRST_S if number else served.STATEMENT_FIRST_S)
        self._told.noted.note(served.VOICED, number)
        for start in range(0, len(audio), CHUNK_BYTES):
            piece = audio[start : start + CHUNK_BYTES]
            yield TTSAudioRawFrame(piece, RATE_HZ, 1, context_id=context_id)
            await asyncio.sleep(len(piece) / 2 / RATE_HZ / served.SPEED)


async def answer(call: served.Call) -> None:
    """Serve one call."""
    worker, transport = _agent(call)

    @transport.event_handler("on_client_connected")
    async def _connected(_transport: Any, _client: Any) -> None:
        await worker.queue_frames([LLMRunFrame()])

    @transport.event_handler("on_client_disconnected")
    async def _disconnected(_transport: Any, _client: Any) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def _agent(call: served.Call) -> tuple[PipelineWorker, FastAPIWebsocketTransport]:
    """The cascade of the project template for telephony."""
    socket = _socket(call)
    quiet = TwilioFrameSerializer.InputParams(auto_hang_up=False)
    serializer = TwilioFrameSerializer(stream_sid=call.stream_sid, call_sid=call.call_sid, params=quiet)
    params = FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer)
    transport = FastAPIWebsocketTransport(websocket=socket, params=params)
    context = LLMContext([{"role": "developer", "content": "Talk."}])
    user, assistant = LLMContextAggregatorPair(
        context, user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    )
    parts = [transport.input(), Understands(call), user, Thinks(call), Speaks(call), transport.output(), assistant]
    rates = PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ)
    return PipelineWorker(Pipeline(parts), params=rates), transport


def _socket(call: served.Call) -> WebSocket:
    """The accepted stream as the transport wants it."""
    opened = iter([{"type": "websocket.connect"}])

    async def receive() -> dict[str, Any]:
        return next(opened, None) or await call.receive()

    async def send(message: Any) -> None:
        if message["type"] != "websocket.accept":  # the stream was accepted when its start message was read
            await call.send(message)

    socket = WebSocket({"type": "websocket", "headers": [], "path": "/stream", "query_string": b""}, receive, send)
    asyncio.get_running_loop().create_task(socket.accept())
    return socket


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    served.main(answer)
