"""One call: everything that can happen to it enters here, everything it wants done leaves from here.

`apply` takes one event, `wake` a deadline; both return actions in the order in which to perform them. The parts
each know one life (responses, playout, caller's turns, tools, link); this file holds what follows when they
meet: who has the floor, and what a hold, a cut and a settled turn mean for all of them.

A cut, from whatever state: clear, cancel, truncate, in this order. Only `barge_in_allowed` may forbid it, and
only while AI audio sounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import Action, AddText, CommitAudio, DeleteItem, EndStream, PlayAudio, Purpose
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
    FaultKind,
    GoodbyeAsked,
    KeyPressed,
    MarkReturned,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    StreamStarted,
    TextDelta,
    ToolFinished,
    TurnCommitted,
    VoiceDropped,
    VoiceEnded,
    VoiceOnset,
    VoiceSure,
)
from torim.core.floor import Floor, barge_in_allowed, step
from torim.core.floor import Input as FloorInput
from torim.core.links import EngineLink, end_of_line
from torim.core.outbox import Deadlines, Due, Outbox
from torim.core.phases import FINAL, PHASES, Phase
from torim.core.phases import Input as PhaseInput
from torim.core.playout import Gate, Playout
from torim.core.reasons import Level, Reason
from torim.core.responses import Input as ResponseInput
from torim.core.responses import Response, State
from torim.core.settings import TurnSettings
from torim.core.tools import Tools
from torim.core.transcript import Transcript, Turn
from torim.core.truncation import Truncation
from torim.core.turns import CallerTurns, Item, Judgement, Voice
from torim.core.words import takes_floor


@dataclass(slots=True)
class _Manners:
    """What one call is allowed, and small counts that courtesy needs."""

    greeting_lock: bool
    barge_in_enabled: bool
    engine_creates: bool
    end_reason: EndReason | None = None  # of the goodbye that is on its way
    silences: int = 0  # prompts into mutual silence since the caller was last heard
    keys: list[str] = field(default_factory=list)  # gathered, not yet handed over
    key_turns: int = 0
    audio_origin_ms: int = 0  # call clock at which the clock of appended audio began
    voice_ms: int = -1_000_000  # when the caller's voice was last known
    ai_heard_ms: int | None = None  # when the AI's last sample was heard


class Call:
    """One phone call, pure: events and instants in, actions and deadlines out.

    Args:
        settings: Every threshold.
        carrier, engine: What both sides can do; the rest has a fallback.
        barge_in_enabled: Whether the caller may stop sounding audio on this call.
        greeting_lock: Whether the greeting must be heard whole.
        prompts: Instructions by purpose; a purpose without an entry uses the session's own.
        engine_creates: The engine creates responses by itself; ours are for greeting, tools and retries.
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
    ) -> None:
        self.settings = settings
        self.phase = Phase.RINGING
        self.floor = Floor.OPEN
        self.turns = CallerTurns()
        self._out = Outbox()
        self._due = Deadlines()
        self._manners = _Manners(greeting_lock, barge_in_enabled, engine_creates)
        self.playout = Playout(settings, carrier.can_clear, carrier.can_mark, carrier.path_delay_ms)
        self.words = Transcript(engine.times_words)
        self.answers = Answers(settings, engine, prompts, self._out)
        self.truncation = Truncation(engine, self.answers.responses, self.words, self._out)
        self.tools = Tools(self._out)
        self.link = EngineLink(settings, self._out)
        self._streaming = False

    # --- the four verbs ---------------------------------------------------------------------------------

    def apply(self, event: Event, now_ms: int) -> list[Action]:
        """Take in one event; returns the actions that follow, in order."""
        if self.phase is Phase.ENDED:
            self._after_end(event, now_ms)
            return self._out.take()
        self._follow_playout(now_ms)
        _HANDLERS[type(event)](self, event, now_ms)
        self._settle(now_ms)
        return self._out.take()

    def wake(self, now_ms: int) -> list[Action]:
        """A deadline has come; returns the actions that follow, in order."""
        if self.phase is Phase.ENDED:
            return []
        self._follow_playout(now_ms)
        for due in self._due.take_due(now_ms):
            _WAKERS[due](self, now_ms)
        self._check_overdue(now_ms)
        self._settle(now_ms)
        return self._out.take()

    def next_deadline_ms(self) -> int | None:
        """When to call `wake`; None when nothing is waited for."""
        if self.phase is Phase.ENDED:
            return None
        instants = [self._due.next_ms(), self.answers.overdue_ms(), self._ask_ms()]
        if self._may_release():
            instants.append(self.playout.next_release_ms())
        if self.playout.sounding and not self.playout.waiting_samples:
            instants.append(self.playout.ends_ms())
        return min((at for at in instants if at is not None), default=None)

    def far_end(self, now_ms: int) -> FarEnd:
        """What the listener must know of our side to judge a sound."""
        sounding = self.playout.sounding
        heard_ms = self._manners.ai_heard_ms
        since = 0 if sounding else None if heard_ms is None else max(0, now_ms - heard_ms)
        last_words = self._finishing() and self.playout.remaining_ms(now_ms) <= self.settings.last_words_ms
        return FarEnd(sounding=sounding, since_played_ms=since, asked=not self.playout.busy or last_words)

    @property
    def active_response_id(self) -> str | None:
        """The id of the response that the engine has not ended; derived, so nothing can clear it early."""
        return self.answers.responses.active_id

    @property
    def ended(self) -> bool:
        return self.phase is Phase.ENDED

    @property
    def greeting_locked(self) -> bool:
        """Whether the greeting lock of this call is closed now."""
        return self._manners.greeting_lock and self.phase in (Phase.RINGING, Phase.GREETING)

    def transcript(self) -> list[Turn]:
        """Both sides, in the order of the conversation, the AI's words cut to what was heard."""
        return self.words.turns()

    # --- the floor: hold, resume, cut -------------------------------------------------------------------

    def _allowed(self) -> bool:
        """Lock and flag protect sounding audio only; elsewhere the caller always takes the floor."""
        return self.floor is not Floor.AI or barge_in_allowed(self.greeting_locked, self._manners.barge_in_enabled)

    def _move(self, given: FloorInput) -> None:
        self.floor = step(self.floor, given)

    def _advance_phase(self, given: PhaseInput) -> None:
        self.phase = PHASES.get((self.phase, given), self.phase)

    def _verify(self, evidence: Evidence, now_ms: int) -> None:
        """Fall silent at once, decide later."""
        sounding = self.floor is Floor.AI
        self._out.add(*self.playout.hold(now_ms))
        self._move(FloorInput.ONSET)
        self._due.set(Due.VERIFY, now_ms + self.settings.verify_max_ms)
        if sounding:
            self._due.set(Due.DUCK, now_ms + self.settings.hold_silence_max_ms)
        since = self.far_end(now_ms).since_played_ms
        echo_window = since is not None and since <= self.settings.echo_window_ms
        self._out.note(Reason.HELD, Level.INFO, sounding=sounding, echo_window=echo_window, **_numbers(evidence))

    def _resume(self, reason: Reason, now_ms: int, **evidence: object) -> None:
        """It was not the caller: go on from the sample after the last heard one."""
        self._due.clear(Due.VERIFY, Due.DUCK)
        self.playout.resume()
        if self.playout.busy or self._mid_item():
            self._move(FloorInput.DROPPED_AI)
        elif self._owing():
            self._move(FloorInput.DROPPED_OWING)
        else:
            self._move(FloorInput.DROPPED)
        self._out.note(reason, Level.INFO, floor=self.floor.value, **evidence)

    def _take_floor(self, reason: Reason, now_ms: int, **evidence: object) -> None:
        """The caller has the floor: clear, cancel, truncate."""
        alive = self.answers.responses.alive
        stopped = self.playout.busy or alive is not None
        status = alive.state.value if alive else "done"
        name = alive.name if alive else self._last_response()
        queued_ms = self.playout.waiting_samples // 8
        actions, items = self.playout.cut(now_ms)
        self._out.add(*actions)
        self.answers.cancel(now_ms)
        self.truncation.cut(items)
        self._due.clear(Due.VERIFY, Due.DUCK)
        self._due.set(Due.TURN, now_ms + self.settings.max_turn_ms)
        floor, self.answers.wish = self.floor, None
        self._move(FloorInput.TAKEN)
        if self.phase is Phase.GREETING:
            self._greeted()
        self._undo_closing()
        level = Level.INFO if stopped else Level.DEBUG
        heard_ms = sum(item.heard_ms for item in items)
        self._out.note(
            reason, level, response=name, status=status, floor=floor.value, heard_ms=heard_ms,
            queued_ms=queued_ms, **evidence,
        )  # fmt: skip

    def _blocked(self, now_ms: int) -> None:
        self._out.note(
            Reason.BLOCKED,
            Level.INFO,
            greeting_lock=self.greeting_locked,
            barge_in_enabled=self._manners.barge_in_enabled,
            response=self.active_response_id or self._last_response(),
        )

    def _last_response(self) -> str | None:
        last = None
        for response in self.answers.responses:
            last = response.name
        return last

    # --- the caller's voice -----------------------------------------------------------------------------

    def _voice_onset(self, event: VoiceOnset, now_ms: int) -> None:
        self._keep_audio_clock(event.audio_ms, now_ms)
        self.turns.onset(event.audio_ms)
        if self.floor in (Floor.CALLER, Floor.VERIFYING):
            return
        if self._allowed():
            self._verify(event.evidence, now_ms)
        else:
            self._blocked(now_ms)

    def _voice_sure(self, event: VoiceSure, now_ms: int) -> None:
        onset_seen = self.turns.voice is Voice.UNSURE
        self.turns.sure(event.audio_ms)
        self._caller_heard(now_ms)
        self._due.clear(Due.COMMIT, Due.DISPUTE)
        self._pending_judged(now_ms)
        if self.floor is Floor.CALLER:
            return
        if self._allowed():
            self._take_floor(Reason.CUT, now_ms, **_numbers(event.evidence))
        elif not onset_seen:
            self._blocked(now_ms)

    def _voice_dropped(self, event: VoiceDropped, now_ms: int) -> None:
        self.turns.dropped(event.audio_ms)
        self._pending_judged(now_ms)
        verdict = {"verdict": event.verdict.value, **_numbers(event.evidence)}
        if self.floor is Floor.VERIFYING:
            self._resume(Reason.RESUMED, now_ms, **verdict)
        else:
            self._out.note(Reason.IGNORED_SOUND, Level.DEBUG, **verdict)

    def _voice_ended(self, event: VoiceEnded, now_ms: int) -> None:
        self.turns.ended(event.audio_ms)
        self._manners.voice_ms = now_ms
        self._endpoint(now_ms)

    def _endpoint(self, now_ms: int) -> None:
        """The local endpoint: wait for the engine's commit, unless it came already."""
        if not self.turns.open:
            return
        if Due.DISPUTE in self._due:
            self._settle_turn(now_ms)
        elif self.answers.engine.detects_turns:
            self._due.set(Due.COMMIT, now_ms + self.settings.commit_wait_ms)
        else:
            self._commit(now_ms)

    def _caller_heard(self, now_ms: int) -> None:
        self._manners.voice_ms = now_ms
        self._manners.silences = 0

    def _keep_audio_clock(self, audio_ms: int, now_ms: int) -> None:
        self._manners.audio_origin_ms = now_ms - audio_ms

    # --- keys -------------------------------------------------------------------------------------------

    def _key(self, event: KeyPressed, now_ms: int) -> None:
        self._caller_heard(now_ms)
        self._manners.keys.append(event.digit)
        if not self._allowed():
            self._blocked(now_ms)
            return
        if self.floor is not Floor.CALLER:
            self._take_floor(Reason.CUT_BY_KEY, now_ms, key=event.digit)
        if self.answers.engine.single_keys or event.digit == "#":
            self._hand_over_keys(now_ms)
        else:
            self._due.set(Due.KEYS, now_ms + self.settings.digits_gap_ms)

    def _hand_over_keys(self, now_ms: int) -> None:
        """Send gathered keys as one user text item; the reply waits for a voice that is on."""
        manners = self._manners
        if not manners.keys or self.floor is not Floor.CALLER:
            return
        digits = "".join(manners.keys)
        manners.keys.clear()
        self._due.clear(Due.KEYS)
        text = f"[dtmf] {digits.rstrip('#') or '#'}"
        self._out.add(AddText(self._out.command("keys"), "user", text))
        manners.key_turns += 1
        item_id = f"keys-{manners.key_turns}"
        self.words.caller(item_id, now_ms, now_ms)
        self.words.caller_words(item_id, text, now_ms)
        self._out.note(Reason.KEYS_SENT, Level.DEBUG, keys=len(digits))
        if not self.turns.open:
            self._settle_turn(now_ms)

    def _kept_keys(self, now_ms: int) -> None:
        """Keys pressed under the lock are acted on now."""
        if self._manners.keys and self.floor is not Floor.CALLER and self._allowed():
            self._take_floor(Reason.CUT_BY_KEY, now_ms, key=self._manners.keys[-1])
            self._hand_over_keys(now_ms)

    # --- the caller's turn ------------------------------------------------------------------------------

    def _speech_started(self, event: SpeechStarted, now_ms: int) -> None:
        self.turns.speech_started(event.item_id, event.audio_ms)
        self._due.clear(Due.DISPUTE)

    def _speech_stopped(self, event: SpeechStopped, now_ms: int) -> None:
        self.turns.speech_stopped(event.item_id, event.audio_ms)

    def _committed(self, event: TurnCommitted, now_ms: int) -> None:
        manners = self._manners
        start_ms = self.turns.start_of(event.item_id)
        began_ms = manners.audio_origin_ms + (start_ms if start_ms is not None else 0)
        heard_ms = now_ms if self.playout.sounding else manners.ai_heard_ms
        sounded = heard_ms is not None and heard_ms > began_ms
        item = self.turns.committed(event.item_id, now_ms - manners.audio_origin_ms, sounded, now_ms)
        self._judged(item, now_ms)

    def _judged(self, item: Item, now_ms: int) -> None:
        if item.judgement is Judgement.TURN:
            self._caller_turn(item, now_ms)
        elif item.judgement is Judgement.FALSE:
            self._out.note(Reason.TURN_FALSE, Level.INFO, item=item.item_id)
            self._due.set_once(Due.FALSE_ITEMS, now_ms + self.settings.false_item_wait_ms)
            self._false_words(item, now_ms)

    def _pending_judged(self, now_ms: int) -> None:
        for item in self.turns.judge_pending(now_ms):
            self._judged(item, now_ms)

    def _caller_turn(self, item: Item, now_ms: int) -> None:
        origin_ms = self._manners.audio_origin_ms
        self.words.caller(item.item_id, origin_ms + item.start_ms, origin_ms + (item.end_ms or item.start_ms))
        self._out.note(Reason.TURN_COMMITTED, Level.DEBUG, item=item.item_id, voiced=item.voiced)
        if item.voiced and not self.turns.open:
            return  # part of a turn that was settled before
        if self.turns.voice is Voice.SURE:
            self._due.set(Due.DISPUTE, now_ms + self.settings.endpoint_dispute_ms)
            return
        self._settle_turn(now_ms)

    def _settle_turn(self, now_ms: int) -> None:
        """The caller's turn is complete: a reply is owed."""
        self._due.clear(Due.COMMIT, Due.DISPUTE, Due.TURN)
        self.turns.settle()
        if self.floor is Floor.CALLER:
            self._move(FloorInput.SETTLED)
        wait_ms = self.settings.engine_creates_wait_ms if self._manners.engine_creates else 0
        self.answers.want(Purpose.REPLY, not_before_ms=now_ms + wait_ms)

    def _commit(self, now_ms: int) -> None:
        """Commit the caller's audio ourselves; unanswered, the turn counts as settled all the same."""
        if self.turns.commit_asked is not None:
            self._settle_turn(now_ms)
        elif self.link.up:
            self.turns.commit_asked = self._out.command("commit")
            self._out.add(CommitAudio(self.turns.commit_asked))
            self._due.set(Due.COMMIT, now_ms + self.settings.commit_answer_ms)

    def _turn_too_long(self, now_ms: int) -> None:
        if self.floor is not Floor.CALLER or not self.turns.open:
            return
        self._out.note(Reason.TURN_TOO_LONG, Level.INFO)
        self.turns.ended(now_ms - self._manners.audio_origin_ms)
        self._commit(now_ms)

    def _dispute_over(self, now_ms: int) -> None:
        """The engine's endpoint wins: what we still hear is background."""
        self.turns.ended(now_ms - self._manners.audio_origin_ms)
        self._settle_turn(now_ms)

    # --- words and false alarms -------------------------------------------------------------------------

    def _caller_transcript(self, event: CallerTranscript, now_ms: int) -> None:
        item = self.turns.items.get(event.item_id)
        if item is not None and item.judgement is not Judgement.TURN:
            item.text = event.text or ""
            self._false_words(item, now_ms)
        elif event.text:
            self.words.caller_words(event.item_id, event.text, now_ms)

    def _false_words(self, item: Item, now_ms: int) -> None:
        """The transcript of a false alarm came: it may still be a turn by its words, else it goes."""
        if item.judgement is not Judgement.FALSE or item.text is None:
            return
        if not takes_floor(item.text):
            self._delete(item)
        elif self._allowed() and self.floor is not Floor.CALLER:
            item.judgement = Judgement.TURN
            self.words.caller_words(item.item_id, item.text, now_ms)
            self._take_floor(Reason.CUT_BY_WORDS, now_ms, item=item.item_id)
            if self.turns.voice is not Voice.SURE:
                self._settle_turn(now_ms)

    def _false_items_due(self, now_ms: int) -> None:
        for item in self.turns.false_items():
            if now_ms - (item.judged_ms or 0) >= self.settings.false_item_wait_ms:
                self._delete(item)
        waiting = [item.judged_ms or 0 for item in self.turns.false_items()]
        if waiting:
            self._due.set(Due.FALSE_ITEMS, min(waiting) + self.settings.false_item_wait_ms)

    def _delete(self, item: Item) -> None:
        self.turns.items.pop(item.item_id, None)
        self.words.forget(item.item_id)
        if self.answers.engine.deletes:
            self._out.add(DeleteItem(self._out.command("delete"), item.item_id))

    # --- the engine's responses -------------------------------------------------------------------------

    def _response_created(self, event: ResponseCreated, now_ms: int) -> None:
        recent = now_ms - self._manners.voice_ms <= self.settings.voice_before_create_ms
        heard = self.turns.voice is Voice.SURE or (self.turns.open and recent)
        wanted = self.floor not in (Floor.CALLER, Floor.VERIFYING) and not heard
        self.answers.created(event, now_ms, wanted)

    def _live(self, response_id: str) -> Response | None:
        response = self.answers.responses.get(response_id)
        return response if response is not None and response.state is State.LIVE else None

    def _audio_delta(self, event: AudioDelta, now_ms: int) -> None:
        response = self._live(event.response_id)
        if response is None:
            self._dead_delta(event.response_id, event.item_id)
            return
        response.changed_ms = now_ms
        response.audio_ms += len(event.payload) // 8
        self.playout.add((event.item_id, event.content_index), event.response_id, event.payload)

    def _text_delta(self, event: TextDelta, now_ms: int) -> None:
        response = self._live(event.response_id)
        if response is None:
            self._dead_delta(event.response_id, event.item_id)
            return
        response.changed_ms = now_ms
        response.has_text = True
        key = (event.item_id, event.content_index)
        self.words.words(key, self.playout.item(key, event.response_id), event.text, now_ms)

    def _dead_delta(self, response_id: str, item_id: str) -> None:
        response = self.answers.responses.get(response_id)
        if response is not None and response.state is State.CANCELLING:
            self.truncation.dead_delta(response_id, item_id)
        self._out.note(Reason.DEAD_DELTA, Level.DEBUG, response=response_id)

    def _audio_done(self, event: AudioDone, now_ms: int) -> None:
        response = self.answers.responses.get(event.response_id)
        if response is None or not self.answers.responses.take(response, ResponseInput.AUDIO_DONE, now_ms):
            self._out.note(Reason.LATE_EVENT, Level.DEBUG, response=event.response_id)
        elif response.state is State.LIVE:
            self.playout.finish((event.item_id, event.content_index), event.response_id)
            self._out.note(Reason.AUDIO_DONE, Level.DEBUG, response=response.name, status=response.state.value)

    def _response_done(self, event: ResponseDone, now_ms: int) -> None:
        response = self.answers.responses.get(event.response_id)
        if response is None or response.state is State.ENDED:
            self._out.note(Reason.LATE_EVENT, Level.DEBUG, response=event.response_id)
            return
        was = response.state
        self.answers.end(response, ResponseInput.DONE, event.status, now_ms)
        self._out.note(
            Reason.RESPONSE_DONE,
            Level.DEBUG,
            response=response.name,
            status=event.status.value,
            detail=event.detail,
        )
        self.playout.finish_response(event.response_id)
        self.truncation.response_done(event.response_id)
        if was is State.CANCELLING or event.status is not ResponseStatus.COMPLETED:
            self.tools.refuse(event.calls)
        if was is State.LIVE:
            self._outcome(response, event, now_ms)

    def _outcome(self, response: Response, event: ResponseDone, now_ms: int) -> None:
        """What a response that we let end leaves owing."""
        if event.status is ResponseStatus.COMPLETED:
            started = self.tools.start(event.calls, audible=response.audio_ms > 0)
            if response.audio_ms > 0 or event.calls:
                self.answers.retries = 0
            if started and self.floor is Floor.OPEN:
                self._move(FloorInput.OWED)
            if response.audio_ms > 0 or started:
                return
        self._fell_short(response, now_ms)

    def _fell_short(self, response: Response, now_ms: int) -> None:
        """A response ended without being what was owed: ask again, or give up audibly."""
        silent = response.audio_ms == 0
        purpose = Purpose.RETRY if silent else Purpose.CONTINUE
        if silent and response.purpose in (Purpose.GREETING, Purpose.GOODBYE, Purpose.PROMPT):
            purpose = response.purpose
        if self.answers.retry(purpose, now_ms):
            return
        self.answers.retries = 0
        if self.floor is Floor.WAITING and not self._owing():
            self._move(FloorInput.GIVEN_UP)
        if self.phase is Phase.GREETING:
            self._greeted()
        if silent:
            self._give_engine_up("no answer after every retry", now_ms)

    def _check_overdue(self, now_ms: int) -> None:
        overdue_ms = self.answers.overdue_ms()
        if overdue_ms is None or overdue_ms > now_ms:
            return
        alive = self.answers.responses.alive
        owed = alive is not None and alive.state in (State.REQUESTED, State.LIVE)
        lost = self.answers.give_up(now_ms)
        if lost is None:
            return
        if lost.response_id is not None:
            self.playout.finish_response(lost.response_id)
            self.truncation.response_done(lost.response_id)
        if owed and (lost.audio_ms == 0 or self._cut_short(lost)):
            self._fell_short(lost, now_ms)

    def _cut_short(self, response: Response) -> bool:
        """Whether a lost response had not said that its audio was complete."""
        return not self.playout.finished_by_engine(response.response_id)

    # --- tools ------------------------------------------------------------------------------------------

    def _tool_finished(self, event: ToolFinished, now_ms: int) -> None:
        if self.tools.finished(event.call_id, event.output, now_ms, self.link.up) and not self.tools.running:
            self.answers.want(Purpose.REPLY, over_audio=True)

    # --- faults and the link ----------------------------------------------------------------------------

    def _engine_ready(self, event: EngineReady, now_ms: int) -> None:
        again = self.link.ready()
        if event.capabilities is not None:
            self.answers.engine = self.truncation.engine = event.capabilities
            self.words.times_words = event.capabilities.times_words
        self._manners.audio_origin_ms = now_ms
        if again:
            self._replay(now_ms)
        self._greet(now_ms)

    def _replay(self, now_ms: int) -> None:
        self.turns.new_link()
        self.truncation.new_link()
        self.link.replay(self.transcript(), self.tools.outputs)
        if self.turns.open and self.turns.voice is Voice.NONE:
            self._due.set(Due.COMMIT, now_ms + self.settings.commit_wait_ms)

    def _engine_lost(self, event: EngineLost, now_ms: int) -> None:
        self._lose_responses(now_ms)
        self.link.lost(event.reason)
        self._without_engine(now_ms)

    def _engine_unreachable(self, event: EngineUnreachable, now_ms: int) -> None:
        self._lose_responses(now_ms)
        self._give_engine_up(event.reason, now_ms)

    def _give_engine_up(self, reason: str, now_ms: int) -> None:
        self._lose_responses(now_ms)
        self.link.give_up(reason)
        self._without_engine(now_ms)

    def _without_engine(self, now_ms: int) -> None:
        """If no engine will come any more, the line ends with an apology, never with silence."""
        if not self.link.gone:
            return
        self._out.add(end_of_line())
        self._end(EndReason.ENGINE_FAILED, now_ms)

    def _lose_responses(self, now_ms: int) -> None:
        """The engine's side of every response is gone; what was received is still played."""
        alive = self.answers.responses.alive
        if alive is None:
            return
        owed = alive.state in (State.REQUESTED, State.LIVE)
        cut_short = alive.audio_ms == 0 or self._cut_short(alive)
        self.answers.end(alive, ResponseInput.LOST, ResponseStatus.LOST, now_ms)
        if alive.response_id is not None:
            self.playout.finish_response(alive.response_id)
        if owed and cut_short:
            self.answers.want(alive.purpose if alive.audio_ms == 0 else Purpose.CONTINUE)

    def _engine_fault(self, event: EngineFault, now_ms: int) -> None:
        _FAULTS[event.kind](self, event, now_ms)

    def _benign(self, event: EngineFault, now_ms: int) -> None:
        if event.code == "response_cancel_not_active":
            self._out.note(Reason.CANCEL_RACED, Level.DEBUG, response=self._last_response())
            return
        self._out.note(Reason.ENGINE_BENIGN, Level.DEBUG, code=event.code, detail=event.message)
        if event.command_id is not None and event.command_id == self.turns.commit_asked:
            self._settle_turn(now_ms)

    def _busy(self, event: EngineFault, now_ms: int) -> None:
        self._out.note(Reason.ENGINE_FAULT, Level.INFO, code=event.code)
        self._rejected(event, now_ms)

    def _retryable(self, event: EngineFault, now_ms: int) -> None:
        self._out.note(Reason.ENGINE_FAULT, Level.WARNING, code=event.code, detail=event.message)
        self._rejected(event, now_ms)

    def _rejected(self, event: EngineFault, now_ms: int) -> None:
        """The engine refused a request of ours: ask again later, unless the caller overtook it."""
        response = self.answers.responses.by_command(event.command_id)
        if response is None:
            return
        owed = response.state is State.REQUESTED
        self.answers.end(response, ResponseInput.REJECTED, ResponseStatus.REJECTED, now_ms)
        if owed:
            self._fell_short(response, now_ms)

    def _link_fault(self, event: EngineFault, now_ms: int) -> None:
        self._engine_lost(EngineLost(event.code), now_ms)

    def _fatal(self, event: EngineFault, now_ms: int) -> None:
        self._out.note(Reason.ENGINE_FAULT, Level.ERROR, code=event.code, detail=event.message)
        self._give_engine_up(event.code, now_ms)

    # --- greeting, idleness, goodbye --------------------------------------------------------------------

    def _stream_started(self, event: StreamStarted, now_ms: int) -> None:
        self._streaming = True
        self._due.set(Due.MAX_CALL, now_ms + self.settings.max_call_ms)
        self._out.add(*self.playout.calibrate(now_ms))
        self._greet(now_ms)

    def _greet(self, now_ms: int) -> None:
        if self.phase is Phase.RINGING and self._streaming and self.link.up:
            self._advance_phase(PhaseInput.STARTED)
            self._due.set(Due.LOCK, now_ms + self.settings.greeting_lock_max_ms)
            if self.answers.wish is None and self.floor is Floor.OPEN:
                self.answers.want(Purpose.GREETING)
            elif self.floor is Floor.CALLER or self.answers.wish is not None:
                self._greeted()

    def _greeted(self) -> None:
        """The greeting is over, one way or another; so is its lock."""
        self._due.clear(Due.LOCK)
        self._advance_phase(PhaseInput.GREETED)
        if self._manners.greeting_lock:
            self._out.note(Reason.LOCK_OPENED, Level.DEBUG)

    def _lock_expired(self, now_ms: int) -> None:
        if self.phase is not Phase.GREETING:
            return
        self._greeted()
        if self.floor is not Floor.AI or not self._allowed():
            return
        if self.turns.voice is Voice.SURE:
            self._take_floor(Reason.CUT, now_ms)
        elif self.turns.voice is Voice.UNSURE:
            self._verify(Evidence(), now_ms)

    def _goodbye_asked(self, event: GoodbyeAsked, now_ms: int) -> None:
        self._manners.end_reason = event.reason
        self._advance_phase(PhaseInput.GOODBYE)
        self._due.clear(Due.LOCK)
        self._due.set(Due.CLOSING, now_ms + self.settings.closing_max_ms)
        self._out.note(Reason.CLOSING, Level.DEBUG, cause=event.reason.value)
        if event.reason is EndReason.GOODBYE and self.tools.audible:
            self.answers.wish = None  # the response that ended the call has said goodbye already
        else:
            self.answers.want(Purpose.GOODBYE)

    def _undo_closing(self) -> None:
        if self.phase is not Phase.CLOSING or self._manners.end_reason in FINAL:
            return
        self._advance_phase(PhaseInput.SPOKE)
        self._manners.end_reason = None
        self._due.clear(Due.HANG_UP, Due.CLOSING)
        self._out.note(Reason.CLOSING_UNDONE, Level.INFO)

    def _idle(self, now_ms: int) -> None:
        self._manners.silences += 1
        if self._manners.silences > 1:
            self._goodbye_asked(GoodbyeAsked(EndReason.CALLER_SILENT), now_ms)
        else:
            self._out.note(Reason.SILENCE_PROMPT, Level.DEBUG)
            self.answers.want(Purpose.PROMPT)

    def _max_call(self, now_ms: int) -> None:
        self._goodbye_asked(GoodbyeAsked(EndReason.MAX_DURATION), now_ms)

    def _hang_up(self, now_ms: int) -> None:
        reason = self._manners.end_reason or EndReason.GOODBYE
        self._out.add(EndStream(reason))
        self._end(reason, now_ms)

    def _caller_gone(self, event: CallerGone, now_ms: int) -> None:
        self._end(event.reason, now_ms)

    def _end(self, reason: EndReason, now_ms: int) -> None:
        """Everything ends: audio at its heard sample, responses, deadlines. Running tools may still finish."""
        if self.turns.open and self.link.up:
            self._out.add(CommitAudio(self._out.command("commit")))
        _, items = self.playout.cut(now_ms)
        for item in items:
            self.words.cut(item)
        self.answers.cancel(now_ms)
        alive = self.answers.responses.alive
        if alive is not None:
            self.answers.end(alive, ResponseInput.LOST, ResponseStatus.LOST, now_ms)
        self.answers.wish = None
        self._due.clear_all()
        self._manners.end_reason = reason
        self._advance_phase(PhaseInput.OVER)
        self._out.note(Reason.ENDED, Level.INFO, cause=reason.value, duration_ms=now_ms)

    def _after_end(self, event: Event, now_ms: int) -> None:
        """The link lingers for the last transcription; tools may finish; nothing else matters any more."""
        if isinstance(event, CallerTranscript) and event.text:
            self.words.caller_words(event.item_id, event.text, now_ms)
        elif isinstance(event, TurnCommitted):
            self.words.caller(event.item_id, self._manners.voice_ms, self._manners.voice_ms)

    @property
    def end_reason(self) -> EndReason | None:
        """Why the call ended; None while it lives."""
        return self._manners.end_reason if self.ended else None

    # --- what follows from the present state ------------------------------------------------------------

    def _follow_playout(self, now_ms: int) -> None:
        """Move what was heard up to now; note the instant at which the AI's last sample was."""
        self.playout.advance(now_ms)
        if self.floor is Floor.AI and not self.playout.busy and not self._mid_item():
            self._ai_heard(now_ms)

    def _ai_heard(self, now_ms: int) -> None:
        ended_ms = min(now_ms, self.playout.echo_ends_ms())
        self._manners.ai_heard_ms = ended_ms
        self._out.note(Reason.AI_HEARD, Level.DEBUG, response=self._last_response())
        self._move(FloorInput.HEARD_OWING if self._owing() else FloorInput.HEARD)
        if self.phase is Phase.GREETING:
            self._greeted()
        if self.turns.voice is Voice.SURE:
            self._take_floor(Reason.CUT, now_ms)
        elif self.turns.voice is Voice.UNSURE:
            self._verify(Evidence(), now_ms)
        else:
            self._kept_keys(now_ms)

    def _mid_item(self) -> bool:
        """Whether the response that is alive has begun an item whose audio is not complete."""
        alive = self.answers.responses.alive
        return alive is not None and alive.state is State.LIVE and self.playout.unfinished(alive.response_id)

    def _finishing(self) -> bool:
        return self.playout.busy and not self._mid_item()

    def _owing(self) -> bool:
        """Whether the caller waits for something that has no sound yet."""
        return self.answers.owing or self.tools.running or self.turns.open

    def _settle(self, now_ms: int) -> None:
        """After every event: verify, ask, release, and keep the courtesies' deadlines."""
        if self.phase is Phase.ENDED:
            return
        if self.floor is Floor.WAITING and self.turns.voice is Voice.UNSURE:
            self._verify(Evidence(), now_ms)
        ask_ms = self._ask_ms()
        if ask_ms is not None and ask_ms <= now_ms:
            if self.floor is Floor.OPEN:
                self._move(FloorInput.OWED)
            self.answers.ask(now_ms)
        if self._may_release():
            self._release(now_ms)
        self._keep_courtesies(now_ms)

    def _ask_ms(self) -> int | None:
        """From when on the wish may be asked for; None while it may not."""
        wish = self.answers.wish
        if wish is None or not self.link.up or not self._streaming or self.answers.responses.alive is not None:
            return None
        quiet = self.turns.voice is Voice.NONE and not self.turns.open and not self.tools.running
        free = self.floor in (Floor.OPEN, Floor.WAITING) or (self.floor is Floor.AI and wish.over_audio)
        return wish.not_before_ms if quiet and free else None

    def _may_release(self) -> bool:
        if self.floor is Floor.VERIFYING:
            return self.playout.gate is Gate.DUCKED
        return self.floor is not Floor.CALLER

    def _release(self, now_ms: int) -> None:
        actions = self.playout.release(now_ms)
        if not actions:
            return
        self._out.add(*actions)
        if self.floor in (Floor.OPEN, Floor.WAITING) and isinstance(actions[0], PlayAudio):
            self._move(FloorInput.RELEASED)
            self._out.note(Reason.FIRST_AUDIO, Level.DEBUG, response=self._last_response())

    def _keep_courtesies(self, now_ms: int) -> None:
        """Idle prompt and hang-up wait for a floor on which nothing is going on."""
        quiet = self.floor is Floor.OPEN and self.answers.responses.alive is None and not self._owing()
        if quiet and self.phase is Phase.CLOSING:
            self._due.set_once(Due.HANG_UP, now_ms + self.settings.hang_up_after_ms)
        else:
            self._due.clear(Due.HANG_UP)
        if quiet and self.phase is Phase.CONVERSING:
            self._due.set_once(Due.IDLE, now_ms + self.settings.idle_prompt_ms)
        else:
            self._due.clear(Due.IDLE)

    def _mark(self, event: MarkReturned, now_ms: int) -> None:
        if not self.playout.mark_returned(event.token, event.epoch, now_ms):
            self._out.note(Reason.STALE_MARK, Level.DEBUG, token=event.token, epoch=event.epoch)
        self._follow_playout(now_ms)

    def _duck(self, now_ms: int) -> None:
        if self.floor is Floor.VERIFYING:
            self.playout.duck(now_ms)

    def _verify_over(self, now_ms: int) -> None:
        if self.floor is Floor.VERIFYING:
            self._resume(Reason.RESUMED_AT_DEADLINE, now_ms)


def _numbers(evidence: Evidence) -> dict[str, object]:
    return {
        "speech": round(evidence.speech, 2),
        "level_db": round(evidence.level_db, 1),
        "echo": round(evidence.echo, 2),
        "voiced_ms": evidence.voiced_ms,
    }


_HANDLERS: dict[type, Callable[[Call, Any, int], None]] = {
    StreamStarted: Call._stream_started,
    MarkReturned: Call._mark,
    KeyPressed: Call._key,
    CallerGone: Call._caller_gone,
    VoiceOnset: Call._voice_onset,
    VoiceSure: Call._voice_sure,
    VoiceDropped: Call._voice_dropped,
    VoiceEnded: Call._voice_ended,
    EngineReady: Call._engine_ready,
    ResponseCreated: Call._response_created,
    AudioDelta: Call._audio_delta,
    AudioDone: Call._audio_done,
    TextDelta: Call._text_delta,
    ResponseDone: Call._response_done,
    SpeechStarted: Call._speech_started,
    SpeechStopped: Call._speech_stopped,
    TurnCommitted: Call._committed,
    CallerTranscript: Call._caller_transcript,
    EngineFault: Call._engine_fault,
    EngineLost: Call._engine_lost,
    EngineUnreachable: Call._engine_unreachable,
    ToolFinished: Call._tool_finished,
    GoodbyeAsked: Call._goodbye_asked,
}

_WAKERS: dict[Due, Callable[[Call, int], None]] = {
    Due.DUCK: Call._duck,
    Due.VERIFY: Call._verify_over,
    Due.LOCK: Call._lock_expired,
    Due.COMMIT: Call._commit,
    Due.DISPUTE: Call._dispute_over,
    Due.TURN: Call._turn_too_long,
    Due.KEYS: Call._hand_over_keys,
    Due.FALSE_ITEMS: Call._false_items_due,
    Due.IDLE: Call._idle,
    Due.HANG_UP: Call._hang_up,
    Due.CLOSING: Call._hang_up,
    Due.MAX_CALL: Call._max_call,
}

_FAULTS: dict[FaultKind, Callable[[Call, EngineFault, int], None]] = {
    FaultKind.BENIGN: Call._benign,
    FaultKind.BUSY: Call._busy,
    FaultKind.RETRY: Call._retryable,
    FaultKind.LINK: Call._link_fault,
    FaultKind.FATAL: Call._fatal,
    FaultKind.CONFIG: Call._fatal,
}
