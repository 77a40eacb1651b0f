"""Voice notes: what their ids look like, whose call a note is of, and which note a message holds.

An id comes back from a model and may be anything: only notes of the same call are believed. It opens no file.
"""

from __future__ import annotations

import re

_NOTE = re.compile(r"(?P<call_id>[A-Za-z0-9_-]{1,64})-[0-9a-f]{8}", re.ASCII)
_IN_TEXT = re.compile(r"\[([^\[\]\s]{1,120})\]\Z")


def call_of(note_id: str) -> str | None:
    """The call that a note was taken in; None: this is no id of a note."""
    found = _NOTE.fullmatch(note_id)
    return found["call_id"] if found else None


def own_note(note_id: str | None, call_id: str) -> str | None:
    """The id itself, if it is of a note that was taken in this call."""
    return note_id if note_id and call_of(note_id) == call_id else None


def with_note(text: str, note_id: str) -> str:
    """The text of a message that holds a voice note."""
    return f"{text} [{note_id}]"


def note_in(text: str, call_id: str | None) -> str | None:
    """The voice note that the text of a message of this call holds, if it does."""
    found = _IN_TEXT.search(text)
    return own_note(found[1], call_id) if found and call_id else None
