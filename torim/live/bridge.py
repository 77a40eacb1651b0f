"""One call's bridge: reads, stamps time, asks the core, performs.

Everything that happens to the call passes through `_apply`, in the callback in which it happened; its
actions are performed in order before that callback returns, so nothing lies between a caller's frame and
`clear`. The bridge decides nothing about turns. One bad event never kills a call: every step runs on the
call's `Edge`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from torim.audio import g711
from torim.audio.canceller import EXTRA
from torim.carriers.base import CallerAudio, CarrierCodec, CarrierInput
from torim.core import actions as act
from torim.core import events as ev
from torim.core.reasons import Level, Reason
from torim.errors import CarrierError
from torim.live import tools
from torim.live.clock import CallClock, Deadline
from torim.live.ears import Ears
from torim.live.edge import Edge
from torim.live.engine_side import EngineSide
from torim.live.far_side import FarSide
from torim.live.last_words import LastWords
from torim.live.line import Line
from torim.live.link import Link, Message
from torim.live.logs import call_log, write_note
from torim.live.near_side import NearSide
from torim.live.setup import CallServices, CallSetup, new_call
from torim.live.tally import Tally

LINGER_STEP_MS = 500  # between two looks at a tool that outlives the call
GOING_AWAY, INTERNAL = 1001, 1011  # WebSocket close codes

_Step = ev.Event | None  # None: a deadline has come


class Bridge:
    """One call. Its owner feeds it the carrier's messages and calls `tick` a few times a second."""

    def __init__(
        self,
        setup: CallSetup,
        services: CallServices,
        codec: CarrierCodec,
        link: Link,
        on_ended: Callable[[Bridge], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.setup = setup
        self.end_reason: ev.EndReason | None = None
        self.barge_ins = 0  # how often the caller stopped something
        self.tally = Tally()
        self.clock = CallClock(loop)
        self.call = new_call(setup, codec.capabilities)
        self._log = call_log(setup.call_id)
        self._edge = Edge(
            self._log,
            services.metrics.faults.inc,
            partial(self.say_goodbye, ev.EndReason.INTERNAL_ERROR),
            partial(self.abort, ev.EndReason.INTERNAL_ERROR),
        )
        self.engine = EngineSide(setup.plans, self._apply, self._edge)
        self._services = services
        self._line = Line(codec, link, self._bad_message)
        ears = Ears(setup.listen_settings, services.vad, partial(self._edge, self._speech))
        self._near = NearSide(self.engine.append, ears, setup.recording)
        self._far = FarSide(ears, setup.recording)
        self._tools = tools.ToolRunner(
            setup.desk,
            services.pool,
            partial(self._edge, self._tool_finished),
            self._tool_failed,
            unanswered=setup.unanswered,
        )
        self._steps = Steps()
        self._timer = Deadline(loop, self.clock, partial(self._edge, self._apply, None))
        self._on_ended: Callable[[Bridge], None] | None = on_ended

    @property
    def faults(self) -> int:
        """Faults of ours that this call survived."""
        return self._edge.faults

    @property
    def levels(self) -> tuple[int, int]:
        """How loud the caller and the AI are now, 0 to 1000; measured when it is asked for."""
        now_ms = self.clock.now_ms()
        return self._near.level.peak(now_ms), self._far.level.peak(now_ms)

    @property
    def unfinished_tools(self) -> list[Future[str]]:
        """Tools that still run in threads; they may outlive the call."""
        return self._tools.unfinished

    # --- what the owner calls --------------------------------------------------------------------------

    def start(self, items: Sequence[CarrierInput] = ()) -> None:
        """The stream is open: log the call, reach for the engine, take what came with the start message."""
        self._log.info("started", tag="[CALL]", caller=self.setup.caller, engine=self.engine.name)
        self._edge(self.engine.open)
        self._edge(self._take, items)

    def on_message(self, message: Message) -> None:
        """One whole message of the carrier: what it makes us say leaves before this returns."""
        self._edge(self._carrier, message)

    def on_closed(self, reason: str) -> None:
        """The carrier's socket is gone."""
        if self._line.up:
            self._log.debug("the carrier's socket closed", tag="[CALL]", cause=reason)
            self._edge(self._line_lost, ev.EndReason.LINE_LOST)

    def tick(self, *, write: bool) -> None:
        """A few times a second: keep the uplink going, notice stalls, hand lines to the writer."""
        self._edge(self._check)
        if write:
            self._edge(self._flush)

    def say_goodbye(self, reason: ev.EndReason) -> None:
        """Ask the call to end politely."""
        self._edge(self._apply, ev.GoodbyeAsked(reason))

    def pause(self, paused: bool) -> None:
        """Have the AI be silent, or go on."""
        self._edge(self._apply, ev.PauseAsked(paused))

    def abort(self, reason: ev.EndReason) -> None:
        """End the call at once; what is stored stays stored."""
        self._stream_ends(reason)
        self._line.close(INTERNAL if reason is ev.EndReason.INTERNAL_ERROR else GOING_AWAY)
        self._finish()

    # --- in: the carrier -------------------------------------------------------------------------------

    def _carrier(self, message: Message) -> None:
        self._take(self._line.decode(message))

    def _take(self, items: Sequence[CarrierInput]) -> None:
        for item in items:
            if type(item) is CallerAudio:
                now_ms = self.clock.now_ms()
                for frame in self._near.frames(item.payload, now_ms):
                    self._hear(frame, now_ms)
            elif isinstance(item, ev.CallerGone):
                self._line_lost(item.reason)
            elif isinstance(item, ev.StreamStarted | ev.MarkReturned | ev.KeyPressed):
                self._apply(item)

    def _hear(self, frame: bytes, now_ms: int) -> None:
        """One caller frame: to the engine, always; then to the ears, and what they say to the core."""
        if not self._line.up:
            return
        for event in self._near.hear(frame, self.call.far_end(now_ms), now_ms):
            self._apply(event)

    def _speech(self, probability: float) -> None:
        """The neural VAD's word on audio of a few milliseconds ago."""
        if not self._line.up:
            return
        for event in self._near.speech(probability, self.call.far_end(self.clock.now_ms())):
            self._apply(event)

    def _line_lost(self, reason: ev.EndReason) -> None:
        if not self._line.up:
            return
        self._line.close()
        self._stream_ends(reason)
        self._apply(ev.CallerGone(reason))

    def _bad_message(self, error: CarrierError, count: int) -> None:
        log = self._log.warning if count == 1 else self._log.debug
        log(str(error), tag="[CARRIER]", code=error.code, count=count)

    def _check(self) -> None:
        now_ms = self.clock.now_ms()
        self.engine.check()
        lost = self._line.lost
        if lost is None and self._line.up and self._near.lost(now_ms):
            lost = "the carrier sends nothing"
        if lost is not None:
            self._log.warning("the line is lost", tag="[CALL]", cause=lost)
            self._line_lost(ev.EndReason.LINE_LOST)
        for frame in self._near.missing(now_ms):
            self._hear(frame, now_ms)
        if self._near.echo_stays and self._services.advice.first("echo"):
            words = f"this line returns our voice, and nothing takes it out: pip install '{EXTRA}' (docs/echo.md)"
            self._log.warning(words, tag="[ECHO]")

    # --- in: tools -------------------------------------------------------------------------------------

    def _tool_finished(self, action: act.RunTool, output: str) -> None:
        reason = tools.ends_call(action.name, output)
        if reason is not None:
            # Before its output, so that the output asks for no other reply than the goodbye.
            self._apply(ev.GoodbyeAsked(reason))
        self._apply(ev.ToolFinished(action.call_id, output))

    def _tool_failed(self, name: str, why: str) -> None:
        self._log.error("a tool failed; the engine is told so", tag="[TOOL]", tool=name, cause=why)

    # --- the core --------------------------------------------------------------------------------------

    def _apply(self, step: _Step) -> None:
        """Take one event to the core and perform what it asks; what happens meanwhile comes right after."""
        steps = self._steps
        if self._on_ended is None:
            return
        steps.waiting.append(step)
        if steps.running:
            return
        steps.running = True
        while steps.waiting:
            self._edge(self._one, steps.waiting.popleft())
        steps.running = False
        if self.call.ended:
            self._linger()
        else:
            self._timer.set(self.call.next_deadline_ms())

    def _one(self, step: _Step) -> None:
        now_ms = self.clock.now_ms()
        if step is None:
            self._perform(self.call.wake(now_ms), now_ms)
            return
        if type(step) is ev.EngineReady:
            step = replace(step, audio_ms=self._near.uplink.audio_ms)
        self.setup.trace.record(now_ms, step)
        self.tally.happened(step)
        before = _BEFORE.get(type(step))
        if before is not None:
            before(self, step)
        self._perform(self.call.apply(step, now_ms), now_ms)
        if type(step) is ev.EngineReady:
            self._near.uplink.link_up()

    def _perform(self, actions: list[act.Action], now_ms: int) -> None:
        """Perform in order; log lines come last, so that none delays a clear."""
        record = self.setup.trace.record
        for action in actions:
            perform = _PERFORM.get(type(action))
            if perform is not None:
                self._edge(perform, self, action, now_ms)
            record(now_ms, action)
        for action in actions:
            if type(action) is act.Note:
                self._note(action)

    def _note(self, note: act.Note) -> None:
        if note.reason is Reason.BLOCKED:
            self._steps.onset_ms = self._steps.sound_ms = None  # what may stop nothing is measured by no later clear
            self.tally.blocked(self.clock.now_ms())
        elif note.reason is Reason.RESUMED_AT_DEADLINE:
            self._steps.onset_ms = self._steps.sound_ms  # if it proves to be the caller, they have waited since then
        self.barge_ins += note.reason in _CUTS and note.level >= Level.INFO
        self.tally.note(note)
        self._services.metrics.note(note)
        write_note(self._log, note)

    # --- before the core hears of it -------------------------------------------------------------------

    def _engine_lost(self, event: ev.EngineLost) -> None:
        self._near.uplink.link_down()
        self._steps.last_words.link_lost()

    def _engine_fault(self, event: ev.EngineFault) -> None:
        self._steps.last_words.refused()

    def _engine_stopped_listening(self, event: ev.SpeechStopped) -> None:
        self._near.uplink.commit_at(event.audio_ms)

    def _turn_committed(self, event: ev.TurnCommitted) -> None:
        self._near.uplink.committed()
        self._steps.last_words.committed(event.item_id)

    def _transcribed(self, event: ev.CallerTranscript) -> None:
        self._steps.last_words.transcribed(event.item_id)

    def _onset(self, event: ev.VoiceOnset) -> None:
        self._steps.onset_ms = self._steps.sound_ms = event.audio_ms

    def _sound_over(self, event: ev.VoiceDropped | ev.KeyPressed) -> None:
        # A later clear follows from something else; a key's own is in the same callback.
        self._steps.onset_ms = self._steps.sound_ms = None

    def _voice_ended(self, event: ev.VoiceEnded) -> None:
        self._steps.onset_ms = self._steps.sound_ms = None
        self.tally.turn_ended(self.clock.now_ms() - self.setup.listen_settings.endpoint_ms)

    def _response_done(self, event: ev.ResponseDone) -> None:
        self.tally.responded(event)

    def _sure(self, event: ev.VoiceSure) -> None:
        self._near.uplink.turn_open = True

    # --- actions ---------------------------------------------------------------------------------------

    def _play(self, action: act.PlayAudio, now_ms: int) -> None:
        self._line.send(action)
        self.tally.sounded(now_ms)
        self._far.sent(g711.duck(action.payload, action.gain_db), now_ms)

    def _mark(self, action: act.SendMark, now_ms: int) -> None:
        self._line.send(action)

    def _clear(self, action: act.ClearAudio, now_ms: int) -> None:
        self._line.send(action)
        self._far.cleared(now_ms)
        onset_ms, self._steps.onset_ms = self._steps.onset_ms, None
        if onset_ms is not None:
            stop_ms = max(0, self._near.uplink.audio_ms - onset_ms)
            self.tally.stopped(stop_ms)
            self._services.metrics.onset_to_clear_ms.observe(stop_ms)

    def _end_stream(self, action: act.EndStream, now_ms: int) -> None:
        self._stream_ends(action.reason)
        self._line.close()

    def _stream_ends(self, reason: ev.EndReason) -> None:
        if self.end_reason is None:
            self.end_reason = reason
            self._services.stream_ended(self.setup, reason)

    def _to_engine(self, action: act.EngineAction, now_ms: int) -> None:
        if type(action) is act.CommitAudio:
            self._near.uplink.commit_at()
            self._steps.last_words.commit_asked()
        self.engine.send(action)

    def _connect(self, action: act.ConnectEngine, now_ms: int) -> None:
        self._near.uplink.link_down()
        self.engine.open(action.delay_ms)

    def _fall_back(self, action: act.FallBackEngine, now_ms: int) -> None:
        self._near.uplink.link_down()
        self.engine.fall_back()

    def _append_kept(self, action: act.AppendKept, now_ms: int) -> None:
        self._near.uplink.link_up()

    def _run_tool(self, action: act.RunTool, now_ms: int) -> None:
        work = None
        if action.name == tools.SAVE_VOICE_NOTE:
            work = tools.voice_note(action.arguments, self._near.uplink.span, self.setup)
        self._tools.start(action, work)

    # --- the end ---------------------------------------------------------------------------------------

    def _flush(self) -> None:
        self.setup.trace.flush()
        if self._far.recording is not None:
            self._far.recording.flush(self.clock.now_ms())

    def _linger(self) -> None:
        """The call is over: running tools finish, and the last words may come, for a few seconds."""
        now_ms = self.clock.now_ms()
        last_words = self._steps.last_words
        if last_words.ended_ms is None:
            last_words.ended_ms = now_ms
            self._line.close()
        until_ms = last_words.ended_ms + self.setup.turn_settings.linger_ms
        if not self._tools.busy and (not last_words.waiting or now_ms >= until_ms):
            self._finish()
        else:
            self._timer.set(max(until_ms, now_ms + LINGER_STEP_MS))

    def _finish(self) -> None:
        """Close everything and hand the call to its owner, once."""
        on_ended, self._on_ended = self._on_ended, None
        if on_ended is None:
            return
        self._timer.cancel()
        self._stream_ends(self.end_reason or self.call.end_reason or ev.EndReason.INTERNAL_ERROR)
        self._edge(self.engine.close)
        self._edge(self._line.close)
        now_ms = self.clock.now_ms()
        self.setup.trace.end(now_ms)
        if self._far.recording is not None:
            self._far.recording.end(now_ms)
        on_ended(self)


@dataclass(slots=True)
class Steps:
    """What waits for the core, the onset that a clear may follow, and the words that the end waits for."""

    waiting: deque[_Step] = field(default_factory=deque)
    running: bool = False
    onset_ms: int | None = None
    sound_ms: int | None = None  # the onset of the sound that goes on
    last_words: LastWords = field(default_factory=LastWords)


_CUTS = frozenset({Reason.CUT, Reason.CUT_BY_KEY, Reason.CUT_BY_WORDS})
_BEFORE: dict[type[Any], Callable[[Bridge, Any], None]] = {
    ev.EngineLost: Bridge._engine_lost,
    ev.EngineFault: Bridge._engine_fault,
    ev.CallerTranscript: Bridge._transcribed,
    ev.SpeechStopped: Bridge._engine_stopped_listening,
    ev.TurnCommitted: Bridge._turn_committed,
    ev.ResponseDone: Bridge._response_done,
    ev.KeyPressed: Bridge._sound_over,
    ev.VoiceDropped: Bridge._sound_over,
    ev.VoiceEnded: Bridge._voice_ended,
    ev.VoiceOnset: Bridge._onset,
    ev.VoiceSure: Bridge._sure,
}
_PERFORM: dict[type[Any], Callable[[Bridge, Any, int], None]] = {
    act.PlayAudio: Bridge._play,
    act.SendMark: Bridge._mark,
    act.ClearAudio: Bridge._clear,
    act.EndStream: Bridge._end_stream,
    act.ConnectEngine: Bridge._connect,
    act.FallBackEngine: Bridge._fall_back,
    act.AppendKept: Bridge._append_kept,
    act.RunTool: Bridge._run_tool,
    **dict.fromkeys(
        (
            act.CreateResponse,
            act.CancelResponse,
            act.TruncateItem,
            act.DeleteItem,
            act.AddText,
            act.AddToolOutput,
            act.CommitAudio,
        ),
        Bridge._to_engine,
    ),
}
