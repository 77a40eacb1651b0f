"""The engine's voice: text to telephone audio through espeak-ng, which runs as a separate process.

It decides which espeak-ng is used, keeps what was spoken before, and starts a dead process again. It never
decides what is said. One voice serves all sessions of a process.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import shutil
import sys
import wave
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from torim.engines.embedded.jobs import Speech
from torim.engines.embedded.pronunciation import Utterance, utterance
from torim.engines.embedded.shaping import spread, telephone, timed
from torim.errors import EngineError

CACHE_BYTES = 16 * 1024 * 1024  # about half an hour of sentences
SENTENCE_TIMEOUT_S = 10.0
_NO_VOICE = (
    "espeak-ng is not there: install the Python package espeakng-loader or the program espeak-ng, "
    "or set TORIM_TTS_URL to a speech endpoint."
)


class Voice(Protocol):
    """Whatever can speak for the engine."""

    async def speak(self, text: str, language: str, speed: float = 1.0) -> Speech:
        """Speak a sentence.

        Raises:
            EngineError: nothing can be spoken, with advice.
        """

    async def close(self) -> None:
        """Let go of processes and connections."""


class Recording(msgspec.Struct):
    """What a synthesizer gave: 16-bit samples and, if it knows them, where words begin."""

    samples: bytes
    rate_hz: int
    words: Sequence[tuple[int, int]] = ()


class Synthesizer(Protocol):
    """One way to reach espeak-ng."""

    async def record(self, wanted: Utterance) -> Recording: ...

    async def close(self) -> None: ...


class LibraryWorker:
    """The library of the `espeakng_loader` package in a process that stays."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @staticmethod
    def available() -> bool:
        return importlib.util.find_spec("espeakng_loader") is not None

    async def record(self, wanted: Utterance) -> Recording:
        """Speak; a worker that has died is started again, once."""
        async with self._turn:
            try:
                return await self._ask(wanted)
            except (OSError, EOFError, TimeoutError, msgspec.DecodeError):
                await self._stop()
                return await self._second_try(wanted)

    async def _second_try(self, wanted: Utterance) -> Recording:
        try:
            return await self._ask(wanted)
        except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as error:
            await self._stop()
            message = f"espeak-ng died twice over one sentence ({type(error).__name__}). {_NO_VOICE}"
            raise EngineError(message, "engine.no_voice") from error

    async def _ask(self, wanted: Utterance) -> Recording:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await _start_worker()
        assert process.stdin is not None and process.stdout is not None
        request = {
            "text": wanted.text,
            "voice": wanted.voice,
            "rate_wpm": wanted.rate_wpm,
            "phonemes": wanted.phonemes,
        }
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        async with asyncio.timeout(SENTENCE_TIMEOUT_S):
            await process.stdin.drain()
            header = await _header(process.stdout)
            if "error" in header:
                raise EngineError(f"espeak-ng cannot speak this: {header['error']}", "engine.voice")
            samples = await process.stdout.readexactly(header["bytes"])
        return Recording(samples, header["rate_hz"], header["words"])

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def close(self) -> None:
        async with self._turn:
            await self._stop()


async def _start_worker() -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "torim.engines.embedded.espeak_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdout is not None
    async with asyncio.timeout(SENTENCE_TIMEOUT_S):
        header = await _header(process.stdout)
    if "error" in header:
        await process.wait()
        raise EngineError(f"{_NO_VOICE} ({header['error']})", "engine.no_voice")
    return process


async def _header(stream: asyncio.StreamReader) -> dict[str, Any]:
    line = await stream.readline()
    if not line:
        raise EOFError("the worker ended")
    header: dict[str, Any] = msgspec.json.decode(line)
    return header


class Program:
    """The program `espeak-ng`, run once for each sentence."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def record(self, wanted: Utterance) -> Recording:
        arguments = ("-v", wanted.voice, "-s", str(wanted.rate_wpm), "--stdin", "--stdout")
        process = await asyncio.create_subprocess_exec(
            self._path, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(SENTENCE_TIMEOUT_S):
                wav, _ = await process.communicate(wanted.text.encode())
        except TimeoutError as error:
            process.kill()
            await process.wait()
            message = f"{self._path} did not answer. Try it by hand: {self._path} --stdout hello"
            raise EngineError(message, "engine.no_voice") from error
        return _recording(wav, self._path)

    async def close(self) -> None:
        pass


def _recording(wav: bytes, path: str) -> Recording:
    """The samples of a WAV file that was streamed: its header cannot know its length."""
    try:
        with wave.open(io.BytesIO(wav)) as file:
            return Recording(file.readframes(len(wav) // 2), file.getframerate())
    except (wave.Error, EOFError) as error:
        message = f"{path} gave no sound. Try it by hand: {path} --stdout hello"
        raise EngineError(message, "engine.no_voice") from error


def find_synthesizer() -> Synthesizer:
    """The library if its package is installed (the same voice everywhere, and word times), else the program.

    Raises:
        EngineError: there is neither.
    """
    if LibraryWorker.available():
        return LibraryWorker()
    if path := shutil.which("espeak-ng"):
        return Program(path)
    raise EngineError(_NO_VOICE, "engine.no_voice")


class EspeakVoice:
    """espeak-ng with a memory: each sentence is synthesised once while it is remembered."""

    def __init__(self, synthesizer: Synthesizer | None = None) -> None:
        self._synthesizer = synthesizer
        self._spoken: OrderedDict[tuple[str, str, float], Speech] = OrderedDict()
        self._spoken_bytes = 0
        self._under_way: dict[tuple[str, str, float], asyncio.Task[Speech]] = {}

    async def speak(self, text: str, language: str, speed: float = 1.0) -> Speech:
        """Speak a sentence, from memory if possible; the same sentence asked for twice is made once."""
        key = (text, language, speed)
        if (known := self._spoken.get(key)) is not None:
            self._spoken.move_to_end(key)
            return known
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._make(key))
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)

    async def available(self) -> bool:
        """Whether a word can be spoken here and now."""
        try:
            return bool((await self.speak("ready", "en")).payload)
        except EngineError:
            return False

    async def close(self) -> None:
        for task in list(self._under_way.values()):
            task.cancel()
        if self._synthesizer is not None:
            await self._synthesizer.close()

    async def _make(self, key: tuple[str, str, float]) -> Speech:
        text, language, speed = key
        wanted = utterance(text, language, speed)
        if self._synthesizer is None:
            self._synthesizer = find_synthesizer()
        recording = await self._synthesizer.record(wanted)
        return await asyncio.to_thread(_speech, recording, wanted)

    def _made(self, key: tuple[str, str, float], task: asyncio.Task[Speech]) -> None:
        del self._under_way[key]
        if task.cancelled() or task.exception() is not None:
            return
        speech = self._spoken[key] = task.result()
        self._spoken_bytes += len(speech.payload)
        while self._spoken_bytes > CACHE_BYTES:
            _, oldest = self._spoken.popitem(last=False)
            self._spoken_bytes -= len(oldest.payload)


def _speech(recording: Recording, wanted: Utterance) -> Speech:
    samples = np.frombuffer(recording.samples, "<i2", len(recording.samples) // 2)
    payload, cut_ms = telephone(samples, recording.rate_hz)
    total_ms = len(payload) // 8
    starts_ms = _word_starts(recording, wanted, cut_ms)
    if starts_ms is None:
        return Speech(payload, spread(wanted.words, total_ms))
    return Speech(payload, timed(wanted.words, [min(at, total_ms) for at in starts_ms], total_ms))


def _word_starts(recording: Recording, wanted: Utterance, cut_ms: int) -> list[int] | None:
    """When each word of the text begins, by the synthesizer's own word marks; None if it gave none."""
    if not recording.words:
        return None
    starts_ms: list[int] = []
    marks = [(place, sample * 1000 // recording.rate_hz - cut_ms) for place, sample in recording.words]
    last_ms = 0
    for index, start in enumerate(wanted.starts):
        end = wanted.starts[index + 1] if index + 1 < len(wanted.starts) else 1 << 30
        own = [at_ms for place, at_ms in marks if start <= place < end]
        last_ms = max(last_ms, own[0] if own else last_ms, 0)
        starts_ms.append(last_ms)
    return starts_ms
