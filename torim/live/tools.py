"""Running the desk's tools away from the media loop, and keeping voice notes.

A tool always ends: with its own answer, with an error after a failure, or with an error when its time is
up. It decides nothing about the conversation.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import Protocol

from torim.audio import g711
from torim.core.actions import RunTool
from torim.core.events import EndReason
from torim.live.recording import wav_header
from torim.storage.files import note_file

TOOL_WAIT_S = 20.0
NOTE_MAX_MS = 30_000
SHOWN_MAX_CHARS = 200  # of an answer, in the log
END_CALL = "end_call"
TRANSFER_CALL = "transfer_call"
SAVE_VOICE_NOTE = "save_voice_note"

Desk = Callable[[RunTool], str]  # blocking; answers a call with JSON text
Finished = Callable[[RunTool, str], None]
Unanswered = Callable[[RunTool, str], str]  # at once: the answer of a tool that failed, and why


def wordless(action: RunTool, why: str) -> str:
    """The answer of a tool that failed, without words."""
    return _error(why)


def _error(code: str) -> str:
    return json.dumps({"ok": False, "error": code})


class NotePlace(Protocol):
    """Where the notes of one call go."""

    @property
    def call_id(self) -> str: ...
    @property
    def notes_dir(self) -> Path: ...


class ToolRunner:
    """The tools of one call.

    Args:
        failed: Told of what concerns the operator: the tool's name and what is wrong.
        unanswered: Answers for a tool that gave no answer itself.
    """

    def __init__(
        self,
        desk: Desk,
        pool: Executor,
        finished: Finished,
        failed: Callable[[str, str], None],
        wait_s: float = TOOL_WAIT_S,
        unanswered: Unanswered = wordless,
    ) -> None:
        self._desk = desk
        self._pool = pool
        self._finished = finished
        self._failed = failed
        self._wait_s = wait_s
        self._unanswered = unanswered
        self._running: dict[str, asyncio.TimerHandle] = {}
        self._jobs: list[Future[str]] = []

    @property
    def busy(self) -> bool:
        """Whether a tool is running whose answer is waited for."""
        return bool(self._running)

    @property
    def unfinished(self) -> list[Future[str]]:
        """The work that goes on in threads, its time up or not."""
        return [job for job in self._jobs if not job.done()]

    def start(self, action: RunTool, work: Callable[[], str] | None = None) -> None:
        """Run a tool (or ``work`` in its place) in a thread; its answer comes back on the loop, once."""
        loop = asyncio.get_running_loop()
        self._running[action.call_id] = loop.call_later(self._wait_s, self._late, action)
        job = self._pool.submit(work or partial(self._desk, action))
        self._jobs = [*self.unfinished, job]
        asyncio.wrap_future(job, loop=loop).add_done_callback(partial(self._done, action))

    def _done(self, action: RunTool, future: asyncio.Future[str]) -> None:
        if future.cancelled():
            self._give_up(action, "cancelled")
        elif (error := future.exception()) is not None:
            self._failed(action.name, f"{type(error).__name__}: {error}")
            self._give_up(action, "failed")
        else:
            self._answered(action, future.result())

    def _answered(self, action: RunTool, output: str) -> None:
        trouble = operators_trouble(output)
        if trouble:
            self._failed(action.name, trouble)
        if action.call_id not in self._running:
            self._failed(action.name, f"its answer came after its time was up: {output[:SHOWN_MAX_CHARS]}")
        self._end(action, output)

    def _late(self, action: RunTool) -> None:
        self._failed(action.name, f"no answer within {self._wait_s:.0f} s")
        self._give_up(action, "timeout")

    def _give_up(self, action: RunTool, why: str) -> None:
        if action.call_id in self._running:
            self._end(action, self._unanswered(action, why))

    def _end(self, action: RunTool, output: str) -> None:
        timer = self._running.pop(action.call_id, None)
        if timer is not None:
            timer.cancel()
            self._finished(action, output)


def ends_call(name: str, output: str) -> EndReason | None:
    """Why the call is to end because a tool finished; None: it goes on."""
    if name == END_CALL:
        return EndReason.GOODBYE
    return EndReason.TRANSFERRED if name == TRANSFER_CALL and _succeeded(output) else None


def _succeeded(output: str) -> bool:
    try:
        return json.loads(output).get("ok") is True
    except (ValueError, AttributeError):
        return False


def operators_trouble(output: str) -> str | None:
    """What a tool's answer says about the database or the disk, if it failed there."""
    try:
        answer = json.loads(output)
        code = str(answer.get("error", ""))
    except (ValueError, AttributeError):
        return None
    return f"{code}: {answer.get('detail', '')}" if code.startswith("storage.") else None


def note_span(arguments: str) -> tuple[int, int] | None:
    """The span that a `save_voice_note` call names, ms on the appended clock; None if it names none."""
    try:
        given = json.loads(arguments)
        start_ms, end_ms = int(given["audio_start_ms"]), int(given["audio_end_ms"])
    except (ValueError, TypeError, KeyError):
        return None
    return (start_ms, end_ms) if 0 <= start_ms < end_ms <= start_ms + NOTE_MAX_MS else None


def voice_note(arguments: str, span: Callable[[int, int], bytes | None], place: NotePlace) -> Callable[[], str]:
    """The work of a `save_voice_note` call; the audio is taken now, before it is forgotten."""
    wanted = note_span(arguments)
    audio = span(*wanted) if wanted is not None else None
    if audio is None:
        return no_note
    note_id = f"{place.call_id}-{secrets.token_hex(4)}"
    return partial(save_note, note_file(place.notes_dir, note_id), audio, note_id)


def save_note(path: Path, audio: bytes, note_id: str) -> str:
    """Write mu-law audio as a WAV file and answer with the note's id. Blocking."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav_header(len(audio), channels=1) + g711.decode(audio).astype("<i2").tobytes())
    return json.dumps({"ok": True, "note_id": note_id})


def no_note() -> str:
    """The answer to a span that is not kept."""
    return _error("no_such_audio")
