"""Words for the scenes of the embedded engine: a client of a pure session on a clock that the scene moves."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from torim.audio.vad import SileroVad
from torim.engines.embedded.jobs import (
    Converse,
    Failed,
    Job,
    Result,
    Said,
    Speech,
    Spoken,
    Synthesize,
    ToolCall,
    Transcribe,
    Transcribed,
    Word,
)
from torim.engines.embedded.response import Pace
from torim.engines.embedded.session import Session, SessionOptions

VAD = SileroVad()
WORD_MS = 200
MU_LAW = {"input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcmu"}}}


def voiced(text: str) -> Speech:
    """A speech of 200 ms a word, with nothing to hear in it."""
    words = text.split()
    timed = tuple(
        Word(word if at == 0 else f" {word}", at * WORD_MS, (at + 1) * WORD_MS) for at, word in enumerate(words)
    )
    return Speech(b"\x55" * (len(words) * WORD_MS * 8), timed)


class Client:
    """A client of one session; events it has seen are kept in order."""

    def __init__(self, **options: Any) -> None:
        pace = options.pop("pace", Pace(speed=4.0, delta_ms=100))
        self.session = Session(SessionOptions(pace=pace, **options), VAD)
        self.now_ms = 0
        self.seen: list[dict[str, Any]] = []
        self.jobs: list[Job] = []
        self.voice_works = True
        self.transcript: str | None = "hello"
        self.chat: Callable[[Converse], Result] | None = None
        self._take(self.session.open(0))

    # --- what a client does ---------------------------------------------------------------------------------

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Send one event; gives what follows at once."""
        return self.raw(json.dumps({"type": kind, **fields}))

    def raw(self, message: str | bytes) -> list[dict[str, Any]]:
        return self._take(self.session.receive(message, self.now_ms))

    def configure(self, **session: Any) -> list[dict[str, Any]]:
        return self.send("session.update", session={"type": "realtime", **session})

    def say(self, text: str, **response: Any) -> list[dict[str, Any]]:
        """Ask for fixed words."""
        return self.send("response.create", response={"instructions": f'Say exactly: "{text}"', **response})

    def respond(self, **response: Any) -> list[dict[str, Any]]:
        """Ask for an answer and let it come to its end; a mere call of a tool ends at once."""
        events = self.send("response.create", **({"response": response} if response else {}))
        return events if "response.done" in types(events) else events + self.until_done()

    def write(self, text: str, **fields: Any) -> list[dict[str, Any]]:
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content, **fields}
        return self.send("conversation.item.create", item=item)

    def append(self, payload: bytes) -> list[dict[str, Any]]:
        return self.send("input_audio_buffer.append", audio=base64.b64encode(payload).decode())

    def stream(self, payload: bytes, frame_bytes: int = 160) -> list[dict[str, Any]]:
        """Append audio frame by frame."""
        seen: list[dict[str, Any]] = []
        for start in range(0, len(payload), frame_bytes):
            seen += self.append(payload[start : start + frame_bytes])
        return seen

    # --- what time does -------------------------------------------------------------------------------------

    def work(self) -> list[dict[str, Any]]:
        """Do the jobs that were asked for."""
        seen: list[dict[str, Any]] = []
        while self.jobs:
            result = self._result(self.jobs.pop(0))
            seen += self._take(self.session.finish(result, self.now_ms))
        return seen

    def wait(self, ms: int) -> list[dict[str, Any]]:
        """Let time pass: deadlines come, jobs are done at once."""
        seen, end_ms = self.work(), self.now_ms + ms
        while (due_ms := self.session.next_deadline_ms()) is not None and due_ms <= end_ms:
            self.now_ms = max(self.now_ms, due_ms)
            seen += self._take(self.session.wake(self.now_ms))
            seen += self.work()
        self.now_ms = end_ms
        return seen

    def until_done(self) -> list[dict[str, Any]]:
        """Let the response under way come to its end."""
        seen: list[dict[str, Any]] = []
        for _ in range(600):
            seen += self.wait(50)
            if any(event["type"] == "response.done" for event in seen):
                return seen
        raise AssertionError("no response.done within 30 s")

    def _take(self, messages: Sequence[str]) -> list[dict[str, Any]]:
        events = [json.loads(message) for message in messages]
        self.seen += events
        self.jobs += self.session.jobs()
        return events

    def _result(self, job: Job) -> Result:
        match job:
            case Synthesize(job_id, text):
                return Spoken(job_id, voiced(text)) if self.voice_works else Failed(job_id, "engine.no_voice", "mute")
            case Transcribe(job_id):
                if self.transcript is None:
                    return Failed(job_id, "engine.endpoint_timeout", "late")
                return Transcribed(job_id, self.transcript)
            case Converse():
                assert self.chat is not None
                return self.chat(job)


def said(job: Converse, text: str, *calls: ToolCall) -> Said:
    return Said(job.job_id, text, calls)


def types(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def one(events: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The only event of a type."""
    found = [event for event in events if event["type"] == kind]
    assert len(found) == 1, types(events)
    return found[0]


def of(events: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def error(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    assert types(events) == ["error"], types(events)
    return events[0]["error"]


def transcript(events: Sequence[dict[str, Any]]) -> str:
    """All words that were spoken."""
    return " ".join(event["transcript"] for event in of(events, "response.output_audio_transcript.done"))


def audio_ms(events: Sequence[dict[str, Any]]) -> int:
    return sum(len(base64.b64decode(event["delta"])) for event in of(events, "response.output_audio.delta")) // 8
