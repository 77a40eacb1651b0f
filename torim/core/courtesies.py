"""Greeting, silence, goodbye: how a call begins and how it ends."""

from __future__ import annotations

from torim.core import own_words
from torim.core.actions import CommitAudio, EndStream, Purpose
from torim.core.events import (
    CallerGone,
    CallerTranscript,
    EndReason,
    Event,
    Evidence,
    GoodbyeAsked,
    PauseAsked,
    ResponseStatus,
    StreamStarted,
    TurnCommitted,
)
from torim.core.floor import Floor
from torim.core.hearing import hand_over_keys
from torim.core.moves import take_floor, verify
from torim.core.outbox import Due
from torim.core.phases import Input as PhaseInput
from torim.core.phases import Phase
from torim.core.reasons import Level, Reason
from torim.core.responses import Input as ResponseInput
from torim.core.state import CallState
from torim.core.turns import Voice


def stream_started(s: CallState, event: StreamStarted, now_ms: int) -> None:
    s.manners.streaming = True
    s.due.set(Due.MAX_CALL, now_ms + s.settings.max_call_ms)
    s.out.add(*s.playout.calibrate(now_ms))
    greet(s, now_ms)


def greet(s: CallState, now_ms: int) -> None:
    if s.phase is Phase.RINGING and s.manners.streaming and s.link.up:
        s.advance_phase(PhaseInput.STARTED)
        s.due.set(Due.LOCK, now_ms + s.settings.greeting_lock_max_ms)
        if s.floor is Floor.CALLER or s.turns.open or s.answers.wish is not None:
            s.greeted()  # the caller spoke first, and is answered instead
        else:
            s.answers.want(Purpose.GREETING)  # also where a sound is verified that may have been nobody


def lock_expired(s: CallState, now_ms: int) -> None:
    if s.phase is not Phase.GREETING:
        return
    s.greeted()
    if s.floor is not Floor.AI or not s.allowed():
        return
    if s.turns.voice is Voice.SURE:
        take_floor(s, Reason.CUT, now_ms)
    elif s.turns.voice is Voice.UNSURE:
        verify(s, Evidence(), now_ms)
    else:
        hand_over_keys(s, now_ms)


def goodbye_asked(s: CallState, event: GoodbyeAsked, now_ms: int) -> None:
    s.manners.end_reason = event.reason
    s.advance_phase(PhaseInput.GOODBYE)
    s.due.clear(Due.LOCK)
    s.due.set(Due.CLOSING, now_ms + (s.settings.closing_max_ms if s.link.up else s.settings.closing_connect_ms))
    s.out.note(Reason.CLOSING, Level.DEBUG, cause=event.reason.value)
    by_tool = event.reason in (EndReason.GOODBYE, EndReason.TRANSFERRED)
    if by_tool and s.answers.responses.pending is not None:
        s.answers.cancel(now_ms)  # it would answer what the goodbye answers
    if by_tool and s.tools.audible:
        s.answers.wish = None  # the response that ended the call has said goodbye already
        s.wait_no_more()
        return
    s.answers.want(Purpose.HANDOVER if event.reason is EndReason.TRANSFERRED else Purpose.GOODBYE)
    if own_words.parting(s) in s.own.clips:
        s.due.set(Due.FAREWELL, now_ms + s.settings.farewell_ms)


def idle(s: CallState, now_ms: int) -> None:
    s.manners.silences += 1
    if s.manners.silences > 1:
        goodbye_asked(s, GoodbyeAsked(EndReason.CALLER_SILENT), now_ms)
    else:
        s.out.note(Reason.SILENCE_PROMPT, Level.DEBUG)
        s.answers.want(Purpose.PROMPT)


def max_call(s: CallState, now_ms: int) -> None:
    goodbye_asked(s, GoodbyeAsked(EndReason.MAX_DURATION), now_ms)


def hang_up(s: CallState, now_ms: int) -> None:
    reason = s.manners.end_reason or EndReason.GOODBYE
    s.out.add(EndStream(reason))
    end(s, reason, now_ms)


def closing_over(s: CallState, now_ms: int) -> None:
    """The goodbye took too long; where no engine could say it, what follows the stream apologises."""
    if not s.link.up:
        s.manners.end_reason = EndReason.ENGINE_FAILED
    hang_up(s, now_ms)


def caller_gone(s: CallState, event: CallerGone, now_ms: int) -> None:
    end(s, event.reason, now_ms)


def end(s: CallState, reason: EndReason, now_ms: int) -> None:
    """Everything ends: audio at its heard sample, responses, deadlines. Running tools may still finish."""
    if s.turns.open and s.link.up:
        s.out.add(CommitAudio(s.out.command("commit")))
    _, items = s.playout.cut(now_ms)
    for item in items:
        s.words.cut(item)
    s.answers.cancel(now_ms)
    while (alive := s.answers.responses.alive) is not None:
        s.answers.end(alive, ResponseInput.LOST, ResponseStatus.LOST, now_ms)
    s.answers.wish = None
    s.due.clear_all()
    s.manners.end_reason = reason
    s.advance_phase(PhaseInput.OVER)
    s.out.note(Reason.ENDED, Level.INFO, cause=reason.value, duration_ms=now_ms)


def pause_asked(s: CallState, event: PauseAsked, now_ms: int) -> None:
    """The AI falls silent where it is, or goes on from there; the caller is heard and may cut in either way."""
    if event.paused is s.manners.paused:
        return
    s.manners.paused = event.paused
    if s.floor is Floor.AI and event.paused:
        if s.playout.sounding:
            s.ai_stops(now_ms)
        s.out.add(*s.playout.hold(now_ms))
    elif s.floor is Floor.AI:
        s.playout.resume()
    s.out.note(Reason.PAUSED if event.paused else Reason.UNPAUSED, Level.INFO)


def keep(s: CallState, now_ms: int) -> None:
    """Idle prompt and hang-up wait for a floor on which nothing is going on."""
    quiet = s.floor is Floor.OPEN and s.answers.responses.alive is None and not s.owing()
    quiet = quiet and Due.UNCONFIRMED_ITEMS not in s.due  # what may be a turn is being written down
    if quiet and s.phase is Phase.CLOSING:
        s.due.set_once(Due.HANG_UP, now_ms + s.settings.hang_up_after_ms)
    else:
        s.due.clear(Due.HANG_UP)
    if quiet and s.phase is Phase.CONVERSING and not s.manners.paused:
        s.due.set_once(Due.IDLE, now_ms + s.settings.idle_prompt_ms)
    else:
        s.due.clear(Due.IDLE)


def after_end(s: CallState, event: Event, now_ms: int) -> None:
    """The link lingers for the last transcription; tools may finish; nothing else matters any more."""
    if isinstance(event, CallerTranscript) and event.text and not s.turns.is_false(event.item_id):
        s.words.caller_words(event.item_id, event.text, now_ms)
    elif isinstance(event, TurnCommitted):
        s.words.caller(event.item_id, s.manners.voice_ms, s.manners.voice_ms)
