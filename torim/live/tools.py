"""Running the desk's tools away from the media loop, and keeping voice notes.

A tool always ends: with its own answer, with an error after a failure, or with an error when its time is
up. It decides nothing about the conversation.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Protocol

from torim.audio import g711
from torim.core.actions import RunTool
from torim.live.recording import wav_header
from torim.storage.files import note_file

TOOL_WAIT_S = 20.0
NOTE_MAX_MS = 30_000
END_CALL = "end_call"
SAVE_VOICE_NOTE = "save_voice_note"

Desk = Callable[[RunTool], str]  # blocking; answers a call with JSON text
Finished = Callable[[RunTool, str], None]


class NotePlace(Protocol):
    """Where the notes of one call go."""

    @property
    def call_id(self) -> str: ...
    @property
    def notes_dir(self) -> Path: ...


class ToolRunner:
    """The tools of one call."""

    def __init__(self, desk: Desk, pool: Executor, finished: Finished, failed: Callable[[str, str], None]) -> None:
        self._desk = desk
        self._pool = pool
        self._finished = finished
        self._failed = failed
        self._running: dict[str, asyncio.TimerHandle] = {}

    @property
    def busy(self) -> bool:
        """Whether a tool is running."""
        return bool(self._running)

    def start(self, action: RunTool, work: Callable[[], str] | None = None) -> None:
        """Run a tool (or ``work`` in its place) in a thread; its answer comes back on the loop, once."""
        loop = asyncio.get_running_loop()
        self._running[action.call_id] = loop.call_later(TOOL_WAIT_S, self._late, action)
        future = loop.run_in_executor(self._pool, work or partial(self._desk, action))
        future.add_done_callback(partial(self._done, action))

    def _done(self, action: RunTool, future: asyncio.Future[str]) -> None:
        if future.cancelled():
            self._end(action, _error("cancelled"))
        elif (error := future.exception()) is not None:
            self._failed(action.name, f"{type(error).__name__}: {error}")
            self._end(action, _error("failed"))
        else:
            self._end(action, future.result())

    def _late(self, action: RunTool) -> None:
        self._failed(action.name, f"no answer within {TOOL_WAIT_S:.0f} s")
        self._end(action, _error("timeout"))

    def _end(self, action: RunTool, output: str) -> None:
        timer = self._running.pop(action.call_id, None)
        if timer is not None:
            timer.cancel()
            self._finished(action, output)


def _error(code: str) -> str:
    return json.dumps({"ok": False, "error": code})


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
