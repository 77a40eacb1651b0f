"""One call: everything that can happen to it enters here, everything it wants done leaves from here.

`apply` takes one event, `wake` a deadline; both return actions in the order in which to perform them. This file
is the funnel: which function answers which event or deadline, and what is settled after each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torim.core import courtesies, hearing, own_words, playing, recovering, replying, settling
from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import Action, Purpose
from torim.core.answers import Answers
from torim.core.echo import FarEnd
from torim.core.events import (
    AudioDelta,
    AudioDone,
    CallerGone,
    CallerTranscript,
    EndReason,
    EngineFault,
    EngineLost,
    EngineReady,
    EngineUnreachable,
    Event,
    Evidence,
    GoodbyeAsked,
    KeyPressed,
    MarkReturned,
    PauseAsked,
    ResponseCreated,
    ResponseDone,
    SpeechStarted,
    SpeechStopped,
    StreamStarted,
    TextDelta,
    ToolFinished,
    TurnCommitted,
    VoiceDropped,
    VoiceEnded,
    VoiceLeans,
    VoiceOnset,
    VoiceSure,
)
from torim.core.floor import Floor
from torim.core.floor import Input as FloorInput
from torim.core.links import EngineLink
from torim.core.moves import verify
from torim.core.outbox import Due, Outbox
from torim.core.own_words import Clip, Own, OwnWords
from torim.core.phases import Phase
from torim.core.playout import Playout
from torim.core.settings import TurnSettings
from torim.core.state import CallState, Manners
from torim.core.tools import Tools
from torim.core.transcript import Transcript, Turn
from torim.core.truncation import Truncation
from torim.core.turns import CallerTurns, Voice


class Call:
    """One phone call, pure: events and instants in, actions and deadlines out.

    Args:
        settings: Every threshold.
        carrier, engine: What both sides can do; the rest has a fallback.
        barge_in_enabled: Whether the caller may stop sounding audio on this call.
        greeting_lock: Whether the greeting must be heard whole.
        prompts: Instructions by purpose; a purpose without an entry uses the session's own.
        engine_creates: The engine creates responses by itself; ours are for greeting, tools and retries.
        clips: What is said without the engine where the caller would hear nothing.
    """

    def __init__(
        self,
        *,
        settings: TurnSettings,
        carrier: CarrierCapabilities,
        engine: EngineCapabilities,
        barge_in_enabled: bool,
        greeting_lock: bool,
        prompts: Mapping[Purpose, str],
        engine_creates: bool = False,
        clips: Mapping[Own, Clip] | None = None,
    ) -> None:
        out = Outbox()
        words = Transcript(engine.times_words)
        answers = Answers(settings, engine, prompts, out)
        self._state = CallState(
            settings=settings,
            manners=Manners(greeting_lock, barge_in_enabled, engine_creates),
            out=out,
            playout=Playout(settings, carrier.can_clear, carrier.can_mark, carrier.path_delay_ms),
            words=words,
            answers=answers,
            truncation=Truncation(engine, answers.responses, words, out),
            tools=Tools(out),
            link=EngineLink(settings, out),
            turns=CallerTurns(settings.item_margin_ms),
            own=OwnWords(clips or {}),
        )

    # --- events and deadlines ---------------------------------------------------------------------------

    def apply(self, event: Event, now_ms: int) -> list[Action]:
        """Take in one event; returns the actions that follow, in order."""
        s = self._state
        if s.phase is Phase.ENDED:
            courtesies.after_end(s, event, now_ms)
            return s.out.take()
        playing.follow_playout(s, now_ms)
        _HANDLERS[type(event)](s, event, now_ms)
        self._settle(now_ms)
        return s.out.take()

    def wake(self, now_ms: int) -> list[Action]:
        """A deadline has come; returns the actions that follow, in order."""
        s = self._state
        if s.phase is Phase.ENDED:
            return []
        playing.follow_playout(s, now_ms)
        for due in s.due.take_due(now_ms):
            _WAKERS[due](s, now_ms)
        recovering.check_overdue(s, now_ms)
        self._settle(now_ms)
        return s.out.take()

    def next_deadline_ms(self) -> int | None:
        """When to call `wake`; None when nothing is waited for."""
        s = self._state
        if s.phase is Phase.ENDED:
            return None
        release_ms = s.playout.next_release_ms() if s.may_release() else None
        heard_ms = s.playout.ends_ms() if s.playout.sounding and not s.playout.waiting_samples else None
        instants = (s.due.next_ms(), s.overdue_ms(), s.ask_ms(), release_ms, heard_ms)
        return min([at for at in instants if at is not None], default=None)

    def _settle(self, now_ms: int) -> None:
        """After every event: verify, ask, release, and keep the courtesies' deadlines."""
        s = self._state
        if s.phase is Phase.ENDED:
            return
        if s.floor is Floor.AI and not s.playout.busy:
            playing.follow_playout(s, now_ms)  # its item may have ended just now
        if s.floor is Floor.WAITING and s.turns.voice is Voice.UNSURE:
            verify(s, Evidence(), now_ms)
        ask_ms = s.ask_ms()
        if ask_ms is not None and ask_ms <= now_ms:
            if s.floor is Floor.OPEN:
                s.move(FloorInput.OWED)
            settling.ask(s, now_ms)
        playing.release(s, now_ms)
        courtesies.keep(s, now_ms)
        own_words.keep(s, now_ms)

    # --- asking -----------------------------------------------------------------------------------------

    def far_end(self, now_ms: int) -> FarEnd:
        """What the listener must know of our side to judge a sound."""
        return self._state.far_end(now_ms)

    def transcript(self) -> list[Turn]:
        """Both sides, in the order of the conversation, the AI's words cut to what was heard."""
        return self._state.words.turns()

    @property
    def active_response_id(self) -> str | None:
        """The id of the response that the engine has not ended; derived, so nothing can clear it early."""
        return self._state.active_response_id

    @property
    def phase(self) -> Phase:
        return self._state.phase

    @property
    def floor(self) -> Floor:
        return self._state.floor

    @property
    def ended(self) -> bool:
        return self._state.phase is Phase.ENDED

    @property
    def end_reason(self) -> EndReason | None:
        """Why the call ended; None while it lives."""
        return self._state.manners.end_reason if self.ended else None

    @property
    def paused(self) -> bool:
        """Whether somebody who watches the call has the AI be silent."""
        return self._state.manners.paused

    @property
    def greeting_locked(self) -> bool:
        """Whether the greeting lock of this call is closed now."""
        return self._state.greeting_locked

    @property
    def state(self) -> CallState:
        """The parts, to be looked at and never written to from outside the core."""
        return self._state


_HANDLERS: dict[type, Callable[[CallState, Any, int], None]] = {
    StreamStarted: courtesies.stream_started,
    MarkReturned: playing.mark_returned,
    KeyPressed: hearing.key,
    CallerGone: courtesies.caller_gone,
    VoiceOnset: hearing.voice_onset,
    VoiceLeans: hearing.voice_leans,
    VoiceSure: hearing.voice_sure,
    VoiceDropped: hearing.voice_dropped,
    VoiceEnded: hearing.voice_ended,
    EngineReady: recovering.engine_ready,
    ResponseCreated: replying.response_created,
    AudioDelta: replying.audio_delta,
    AudioDone: replying.audio_done,
    TextDelta: replying.text_delta,
    ResponseDone: replying.response_done,
    SpeechStarted: settling.speech_started,
    SpeechStopped: settling.speech_stopped,
    TurnCommitted: settling.committed,
    CallerTranscript: settling.caller_transcript,
    EngineFault: recovering.engine_fault,
    EngineLost: recovering.engine_lost,
    EngineUnreachable: recovering.engine_unreachable,
    ToolFinished: replying.tool_finished,
    GoodbyeAsked: courtesies.goodbye_asked,
    PauseAsked: courtesies.pause_asked,
}

_WAKERS: dict[Due, Callable[[CallState, int], None]] = {
    Due.DUCK: playing.duck,
    Due.VERIFY: playing.verify_over,
    Due.LOCK: courtesies.lock_expired,
    Due.COMMIT: settling.commit,
    Due.DISPUTE: settling.dispute_over,
    Due.TURN: settling.turn_too_long,
    Due.KEYS: hearing.hand_over_keys,
    Due.FALSE_ITEMS: settling.false_items_due,
    Due.UNCONFIRMED_ITEMS: settling.unconfirmed_items_due,
    Due.IDLE: courtesies.idle,
    Due.HANG_UP: courtesies.hang_up,
    Due.CLOSING: courtesies.closing_over,
    Due.FAREWELL: own_words.farewell,
    Due.MOMENT: own_words.moment,
    Due.MAX_CALL: courtesies.max_call,
}
