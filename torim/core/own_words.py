"""What we say without the engine, from sound that was made beforehand, when the caller would hear nothing.

It decides when silence has lasted too long: a caller who waits for us hears why within two seconds, a goodbye that no
engine says is said all the same. It makes no sound of its own and never speaks over the caller or the AI.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from torim.core.events import EndReason
from torim.core.floor import Floor
from torim.core.outbox import Due
from torim.core.phases import Phase
from torim.core.reasons import Level, Reason
from torim.core.turns import Voice

if TYPE_CHECKING:
    from torim.core.state import CallState


class Own(Enum):
    """A sound of ours."""

    MOMENT = "moment"  # one moment, please
    TONE = "tone"  # it still takes
    RETRY = "retry"  # an answer broke off for good: the caller may say it again
    GOODBYE = "goodbye"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound that is ready: mu-law audio and its words, if it has any."""

    payload: bytes
    text: str = ""


@dataclass(slots=True)
class OwnWords:
    """The clips of one call, and how often it used them."""

    clips: Mapping[Own, Clip]
    said: int = 0
    moments: int = 0  # since the caller began to wait


WORDS_EVERY = 4  # of the sounds while a caller waits, the first and then every fourth is words


def say(s: CallState, own: Own, now_ms: int) -> bool:
    """Queue a clip like any other audio; False if there is none."""
    clip = s.own.clips.get(own)
    if clip is None:
        return False
    s.own.said += 1
    name = f"own-{s.own.said}"
    key = (name, 0)
    item = s.playout.item(key, name)
    if clip.text:
        s.words.words(key, item, clip.text, now_ms)
    s.playout.add(key, name, clip.payload, now_ms)
    s.playout.finish(key, name)
    s.truncation.ours(name)
    s.out.note(Reason.OWN_WORDS, Level.DEBUG, clip=own.value)
    return True


def keep(s: CallState, now_ms: int) -> None:
    """Be woken before silence gets too long, for as long as the caller waits in silence."""
    if not _waits(s):
        s.own.moments = 0
    if Own.MOMENT not in s.own.clips or not (_waits(s) and _silent(s)):
        s.due.clear(Due.MOMENT)
        return
    sounded_ms = max(s.manners.voice_ms, s.manners.ai_silent_ms or 0, now_ms - s.settings.moment_least_ms)
    s.due.set_once(Due.MOMENT, max(now_ms, sounded_ms + s.settings.moment_ms))


def moment(s: CallState, now_ms: int) -> None:
    """Silence has lasted: say that it takes a moment, later only that it still does."""
    if not (_waits(s) and _silent(s)):
        return
    words = s.own.moments % WORDS_EVERY == 0 or Own.TONE not in s.own.clips
    s.own.moments += 1
    say(s, Own.MOMENT if words else Own.TONE, now_ms)


def farewell(s: CallState, now_ms: int) -> None:
    """The engine has not begun its goodbye: say it for it."""
    if s.phase is not Phase.CLOSING or not s.answers.owing:
        return
    if not _silent(s):
        s.due.set(Due.FAREWELL, now_ms + s.settings.retry_delay_ms)
        return
    s.answers.cancel(now_ms)
    s.answers.wish = None
    say(s, parting(s), now_ms)


def parting(s: CallState) -> Own:
    """The last words of this call."""
    return Own.HANDOVER if s.manners.end_reason is EndReason.TRANSFERRED else Own.GOODBYE


def _waits(s: CallState) -> bool:
    """Whether the caller waits for something of ours, but for a goodbye, which is said for the engine instead."""
    if not s.manners.streaming or s.manners.paused or s.phase in (Phase.CLOSING, Phase.ENDED):
        return False
    return s.phase is Phase.RINGING or s.answers.owing or s.tools.running


def _silent(s: CallState) -> bool:
    """Whether nobody speaks and nothing of ours is on its way."""
    free = s.floor in (Floor.OPEN, Floor.WAITING)
    return free and not s.playout.busy and not s.turns.open and s.turns.voice in (Voice.NONE, Voice.OVERRULED)
