"""Where the files of calls are: one rule, from what is stored with a call, for whoever writes or reads them.

It opens nothing and creates nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CallFiles:
    """The files of one call; whether they exist is another matter (recordings are off by default)."""

    timeline: Path
    recording: Path


def call_files(data_dir: Path, call_id: str, started_at: datetime) -> CallFiles:
    """The files of a call by its id and its stored start; the folder is named by the day in UTC."""
    folder = data_dir / "calls" / f"{started_at.astimezone(UTC):%Y-%m-%d}"
    return CallFiles(folder / f"{call_id}.call", folder / f"{call_id}.wav")


def notes_dir(data_dir: Path) -> Path:
    """Where voice notes are."""
    return data_dir / "voice_notes"


def note_file(notes: Path, note_id: str) -> Path:
    """A voice note, by the id that an appointment holds and the folder of all notes; what is no id leads nowhere."""
    return notes / f"{note_id if _NAME.fullmatch(note_id) else 'none'}.wav"
