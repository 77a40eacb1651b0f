"""What follows when the engine fails: errors, silence, lost links, and the way out of each."""

from __future__ import annotations

from collections.abc import Callable

from torim.core import own_words
from torim.core.actions import Purpose
from torim.core.courtesies import end, greet
from torim.core.events import (
    EndReason,
    EngineFault,
    EngineLost,
    EngineReady,
    EngineUnreachable,
    FaultKind,
    ResponseStatus,
)
from torim.core.hearing import hand_over_keys
from torim.core.links import end_of_line
from torim.core.outbox import Due
from torim.core.own_words import Own
from torim.core.phases import Phase
from torim.core.reasons import Level, Reason
from torim.core.responses import Input as ResponseInput
from torim.core.responses import Response, State
from torim.core.settling import settle_turn, unconfirmed_turn, unconfirmed_wait
from torim.core.state import CallState
from torim.core.turns import Voice


def fell_short(s: CallState, response: Response, now_ms: int) -> None:
    """A response ended without being what was owed: ask again, or give up audibly."""
    silent = response.audio_ms == 0
    purpose = response.purpose if silent else Purpose.CONTINUE
    if s.answers.retry(purpose, now_ms):
        return
    s.answers.retries = 0
    if s.phase is Phase.GREETING:
        s.greeted()
    if silent:
        s.answers.want(purpose)  # still owed, by the engine that goes on
        give_engine_up(s, "no answer after every retry", now_ms)
    elif s.phase is not Phase.CLOSING:
        own_words.say(s, Own.RETRY, now_ms)
    s.wait_no_more()


def check_overdue(s: CallState, now_ms: int) -> None:
    """Give up a response that the engine is silent about."""
    overdue_ms = s.overdue_ms()
    if overdue_ms is None or overdue_ms > now_ms:
        return
    alive = s.answers.responses.alive
    owed = alive is not None and alive.state in (State.REQUESTED, State.LIVE)
    lost = s.answers.give_up(now_ms)
    if lost is None:
        return
    cut_short = lost.audio_ms == 0 or s.cut_short(lost)
    if lost.response_id is not None:
        s.playout.discard(lost.response_id)
        s.truncation.response_done(lost.response_id)
    if owed and cut_short:
        fell_short(s, lost, now_ms)


def engine_ready(s: CallState, event: EngineReady, now_ms: int) -> None:
    again = s.link.ready(now_ms)
    if event.capabilities is not None:
        s.answers.engine = s.truncation.engine = event.capabilities
        s.words.times_words = event.capabilities.times_words
    s.keep_audio_clock(event.audio_ms, now_ms)
    if s.phase is Phase.CLOSING:
        s.due.set(Due.CLOSING, now_ms + s.settings.closing_max_ms)
    if again:
        replay(s, now_ms)
    if s.turns.open and s.turns.voice is Voice.NONE:
        s.due.set(Due.COMMIT, now_ms + s.settings.commit_wait_ms)
    if Due.KEYS not in s.due:
        hand_over_keys(s, now_ms)
    greet(s, now_ms)


def replay(s: CallState, now_ms: int) -> None:
    """Bring a new link up to date: what was said and heard, what tools gave, then the caller's kept audio."""
    for item in s.turns.unconfirmed_items():
        unconfirmed_turn(s, item, now_ms)  # its words will not come any more
    unconfirmed_wait(s)
    s.turns.new_link()
    s.tools.new_link()
    untold = s.truncation.new_link(s.playout.unheard_items())
    s.link.replay([turn for turn in s.words.turns() if turn.item_id not in untold], s.tools.outputs)


def engine_lost(s: CallState, event: EngineLost, now_ms: int) -> None:
    lose_responses(s, now_ms)
    s.link.lost(event.reason, now_ms)
    without_engine(s, now_ms)


def engine_unreachable(s: CallState, event: EngineUnreachable, now_ms: int) -> None:
    lose_responses(s, now_ms)
    give_engine_up(s, event.reason, now_ms)


def give_engine_up(s: CallState, reason: str, now_ms: int) -> None:
    lose_responses(s, now_ms)
    s.link.give_up(reason)
    without_engine(s, now_ms)


def without_engine(s: CallState, now_ms: int) -> None:
    """If no engine will come any more, the line ends with an apology, never with silence."""
    if not s.link.gone:
        return
    s.out.add(end_of_line())
    end(s, EndReason.ENGINE_FAILED, now_ms)


def lose_responses(s: CallState, now_ms: int) -> None:
    """The engine's side of every response is gone; what was received is still played."""
    while (alive := s.answers.responses.alive) is not None:
        owed = alive.state in (State.REQUESTED, State.LIVE)
        cut_short = alive.audio_ms == 0 or s.cut_short(alive)
        s.answers.end(alive, ResponseInput.LOST, ResponseStatus.LOST, now_ms)
        if alive.response_id is not None:
            s.playout.finish_response(alive.response_id)
        if owed and cut_short:
            s.answers.want(alive.purpose if alive.audio_ms == 0 else Purpose.CONTINUE)


def engine_fault(s: CallState, event: EngineFault, now_ms: int) -> None:
    _FAULTS[event.kind](s, event, now_ms)


def benign(s: CallState, event: EngineFault, now_ms: int) -> None:
    if event.code == "response_cancel_not_active":
        s.out.note(Reason.CANCEL_RACED, Level.DEBUG, response=s.answers.responses.last_name)
        return
    s.out.note(Reason.ENGINE_BENIGN, Level.DEBUG, code=event.code, detail=event.message)
    if event.command_id is not None and event.command_id == s.turns.commit_asked:
        settle_turn(s, now_ms)


def busy(s: CallState, event: EngineFault, now_ms: int) -> None:
    s.out.note(Reason.ENGINE_FAULT, Level.INFO, code=event.code)
    response = s.answers.responses.by_command(event.command_id)
    if response is not None:
        owed = response.state is State.REQUESTED
        s.answers.end(response, ResponseInput.REJECTED, ResponseStatus.REJECTED, now_ms)
        if owed:
            s.answers.want(response.purpose, not_before_ms=now_ms + s.settings.retry_delay_ms)


def retryable(s: CallState, event: EngineFault, now_ms: int) -> None:
    s.out.note(Reason.ENGINE_FAULT, Level.WARNING, code=event.code, detail=event.message)
    rejected(s, event, now_ms)


def rejected(s: CallState, event: EngineFault, now_ms: int) -> None:
    """The engine refused a request of ours: ask again later, unless the caller overtook it."""
    response = s.answers.responses.by_command(event.command_id)
    if response is None:
        return
    owed = response.state is State.REQUESTED
    s.answers.end(response, ResponseInput.REJECTED, ResponseStatus.REJECTED, now_ms)
    if owed:
        fell_short(s, response, now_ms)


def link_fault(s: CallState, event: EngineFault, now_ms: int) -> None:
    engine_lost(s, EngineLost(event.code), now_ms)


def fatal(s: CallState, event: EngineFault, now_ms: int) -> None:
    s.out.note(Reason.ENGINE_FAULT, Level.ERROR, code=event.code, detail=event.message)
    give_engine_up(s, event.code, now_ms)


_FAULTS: dict[FaultKind, Callable[[CallState, EngineFault, int], None]] = {
    FaultKind.BENIGN: benign,
    FaultKind.BUSY: busy,
    FaultKind.RETRY: retryable,
    FaultKind.LINK: link_fault,
    FaultKind.FATAL: fatal,
    FaultKind.CONFIG: fatal,
}
