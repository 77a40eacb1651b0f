"""What follows from the playout: first and last samples, marks, and holds that nobody decided."""

from __future__ import annotations

from torim.core.actions import PlayAudio
from torim.core.events import Evidence, MarkReturned
from torim.core.floor import Floor
from torim.core.floor import Input as FloorInput
from torim.core.hearing import hand_over_keys
from torim.core.moves import resume, take_floor, verify
from torim.core.phases import Phase
from torim.core.reasons import Level, Reason
from torim.core.state import CallState
from torim.core.turns import Voice


def follow_playout(s: CallState, now_ms: int) -> None:
    """Move what was heard up to now; note the instant at which the AI's last sample was."""
    s.playout.advance(now_ms)
    if s.floor is Floor.AI and not s.playout.busy and not s.mid_item():
        _ai_heard(s, now_ms)


def _ai_heard(s: CallState, now_ms: int) -> None:
    s.ai_stops(min(now_ms, s.playout.ends_ms()))
    s.out.note(Reason.AI_HEARD, Level.DEBUG, response=s.answers.responses.last_name)
    s.truncation.all_heard()
    s.move(FloorInput.HEARD_OWING if s.owing() else FloorInput.HEARD)
    if s.phase is Phase.GREETING and not s.answers.owing_greeting:  # else it was not the greeting that was heard
        s.greeted()
    if s.turns.voice is Voice.SURE:
        take_floor(s, Reason.CUT, now_ms)
    elif s.turns.voice is Voice.UNSURE:
        verify(s, Evidence(), now_ms)
    else:
        hand_over_keys(s, now_ms)


def release(s: CallState, now_ms: int) -> None:
    """Send what is due; the first sample gives the AI the floor."""
    if not s.may_release():
        return
    actions = s.playout.release(now_ms)
    s.out.add(*actions)
    if s.floor in (Floor.OPEN, Floor.WAITING) and any(isinstance(action, PlayAudio) for action in actions):
        s.move(FloorInput.RELEASED)
        s.out.note(Reason.FIRST_AUDIO, Level.DEBUG, response=s.answers.responses.last_name)


def mark_returned(s: CallState, event: MarkReturned, now_ms: int) -> None:
    if not s.playout.mark_returned(event.token, event.epoch, now_ms):
        s.out.note(Reason.STALE_MARK, Level.DEBUG, token=event.token, epoch=event.epoch)
    follow_playout(s, now_ms)


def duck(s: CallState, now_ms: int) -> None:
    """The verdict takes long: go on at low level rather than sound like a dropped line."""
    if s.floor is Floor.VERIFYING:
        s.playout.duck(now_ms)


def verify_over(s: CallState, now_ms: int) -> None:
    """No verdict by the deadline: the sound does not hold the floor any longer."""
    if s.floor is Floor.VERIFYING:
        s.turns.dropped(now_ms - s.manners.audio_origin_ms)
        resume(s, Reason.RESUMED_AT_DEADLINE, now_ms)
