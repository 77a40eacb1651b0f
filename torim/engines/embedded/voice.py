"""The engine's voice: text to telephone audio through espeak-ng, which runs as a separate process.

It decides which espeak-ng is used, keeps what was spoken before, and starts a dead process again. It never
decides what is said. One voice serves all sessions of a process; its pipes block, so they live in threads and
belong to no event loop.
"""

from __future__ import annotations

import asyncio
import atexit
import importlib.util
import io
import shutil
import subprocess
import sys
import threading
import wave
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
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
_DIED = (OSError, EOFError, ValueError)  # a broken pipe, a closed one, half an answer


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
    words: Sequence[tuple[int, int]] = ()  # place in the text, sample


class Synthesizer(Protocol):
    """One way to reach espeak-ng; blocks, and may be called from any thread."""

    def record(self, wanted: Utterance) -> Recording: ...

    def close(self) -> None: ...


class LibraryWorker:
    """The library of the `espeakng_loader` package in a process that stays."""

    def __init__(self, command: Sequence[str] = ()) -> None:
        self._command = [*command] or [sys.executable, "-m", "torim.engines.embedded.espeak_worker"]
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    @staticmethod
    def available() -> bool:
        return importlib.util.find_spec("espeakng_loader") is not None

    def record(self, wanted: Utterance) -> Recording:
        """Speak; a worker that has died is started again, once."""
        with self._turn:
            try:
                return self._ask(wanted)
            except _DIED:
                self._stop()
            try:
                return self._ask(wanted)
            except _DIED as error:
                self._stop()
                message = f"espeak-ng died twice over one sentence ({type(error).__name__}). {_NO_VOICE}"
                raise EngineError(message, "engine.no_voice") from error

    def close(self) -> None:
        with self._turn:
            self._stop()

    def _ask(self, wanted: Utterance) -> Recording:
        if self._process is None or self._process.poll() is not None:
            self._start()
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        watchdog = threading.Timer(SENTENCE_TIMEOUT_S, process.kill)
        watchdog.start()
        try:
            process.stdin.write(_request(wanted))
            process.stdin.flush()
            header = _header(process.stdout)
            if "error" in header:
                raise EngineError(f"espeak-ng cannot speak this: {header['error']}", "engine.voice")
            samples = process.stdout.read(header["bytes"])
        finally:
            watchdog.cancel()
        if len(samples) < header["bytes"]:
            raise EOFError("the worker ended in the middle of a sentence")
        return Recording(samples, header["rate_hz"], header["words"])

    def _start(self) -> None:
        self._stop()
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        header = _header(self._process.stdout)
        if "error" in header:
            self._stop()
            raise EngineError(f"{_NO_VOICE} ({header['error']})", "engine.no_voice")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close_quietly(pipe)


def _close_quietly(pipe: Any) -> None:
    """Close a pipe whose other end is dead; what was still to be written is lost anyway."""
    try:
        pipe.close()
    except OSError:
        return


def _request(wanted: Utterance) -> bytes:
    request = {
        "text": wanted.text,
        "voice": wanted.voice,
        "rate_wpm": wanted.rate_wpm,
        "phonemes": wanted.phonemes,
    }
    return msgspec.json.encode(request) + b"\n"


def _header(stream: Any) -> dict[str, Any]:
    line = stream.readline()
    if not line:
        raise EOFError("the worker ended")
    header: dict[str, Any] = msgspec.json.decode(line)
    return header


class Program:
    """The program `espeak-ng`, run once for each sentence."""

    def __init__(self, path: str) -> None:
        self._path = path

    def record(self, wanted: Utterance) -> Recording:
        command = [self._path, "-v", wanted.voice, "-s", str(wanted.rate_wpm), "--stdin", "--stdout"]
        try:
            done = subprocess.run(
                command, input=wanted.text.encode(), capture_output=True, timeout=SENTENCE_TIMEOUT_S, check=True
            )
            with wave.open(io.BytesIO(done.stdout)) as file:
                # The header of a streamed file cannot know its length: read to the end.
                return Recording(file.readframes(len(done.stdout)), file.getframerate())
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError) as error:
            message = f"{self._path} gave no sound ({error}). Try it by hand: {self._path} --stdout hello"
            raise EngineError(message, "engine.no_voice") from error

    def close(self) -> None:
        pass


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


def available() -> bool:
    """Whether there is an espeak-ng to try at all."""
    return LibraryWorker.available() or shutil.which("espeak-ng") is not None


Key = tuple[str, str, float]  # text, language, speed


class Memory:
    """Sentences spoken before, the least used forgotten first; the same sentence is never made twice at once."""

    def __init__(self, make: Callable[[Key], Awaitable[Speech]]) -> None:
        self._make = make
        self._spoken: OrderedDict[Key, Speech] = OrderedDict()
        self._spoken_bytes = 0
        self._under_way: dict[tuple[int, Key], asyncio.Task[Speech]] = {}

    async def speak(self, key: Key) -> Speech:
        """The speech of a sentence, from memory if possible."""
        if (known := self._spoken.get(key)) is not None:
            self._spoken.move_to_end(key)
            return known
        errand = (id(asyncio.get_running_loop()), key)
        task = self._under_way.get(errand)
        if task is None:
            task = self._under_way[errand] = asyncio.ensure_future(self._make(key))
            task.add_done_callback(lambda done: self._made(errand, done))
        return await asyncio.shield(task)

    def _made(self, errand: tuple[int, Key], task: asyncio.Task[Speech]) -> None:
        del self._under_way[errand]
        if task.cancelled() or task.exception() is not None:
            return
        self._spoken_bytes += len(task.result().payload)
        self._spoken[errand[1]] = task.result()
        while self._spoken_bytes > CACHE_BYTES:
            _, oldest = self._spoken.popitem(last=False)
            self._spoken_bytes -= len(oldest.payload)


class EspeakVoice:
    """espeak-ng with a memory."""

    def __init__(self, synthesizer: Synthesizer | None = None) -> None:
        self._synthesizer = synthesizer
        self._memory = Memory(self._make)

    async def speak(self, text: str, language: str, speed: float = 1.0) -> Speech:
        """Speak a sentence; see `Voice`."""
        return await self._memory.speak((text, language, speed))

    async def close(self) -> None:
        """End the process; the next sentence would start it again."""
        if self._synthesizer is not None:
            await asyncio.to_thread(self._synthesizer.close)

    async def _make(self, key: Key) -> Speech:
        if self._synthesizer is None:
            self._synthesizer = find_synthesizer()
        return await asyncio.to_thread(_speech, self._synthesizer, utterance(*key))


@cache
def shared_voice() -> EspeakVoice:
    """The voice of this process; its espeak-ng ends with it."""
    synthesizer = find_synthesizer()
    atexit.register(synthesizer.close)
    return EspeakVoice(synthesizer)


def _speech(synthesizer: Synthesizer, wanted: Utterance) -> Speech:
    recording = synthesizer.record(wanted)
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
