"""The listener: turns measures of the caller's audio into onset, sure, dropped and ended.

Decides when a sound may be the caller (onset), when it is (sure) or was not (dropped), and when the caller
has finished (ended). It never looks at audio, never knows permissions, and keeps its own clock by counting
frames, because the clock of appended audio restarts with every engine link. An onset is always followed by
sure or dropped, sure by ended.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from torim.core.echo import FarEnd, Sound, echo_possible
from torim.core.events import (
    Evidence,
    Verdict,
    VoiceDropped,
    VoiceEnded,
    VoiceEvent,
    VoiceLeans,
    VoiceOnset,
    VoiceSure,
)
from torim.core.inquiry import Inquiry
from torim.core.policy import LEARNED, Moment, context_of, decide, likely, row
from torim.core.settings import ListenSettings

__all__ = ["FRAME_MS", "WINDOW_MS", "FarEnd", "ListenState", "Listener", "Measure"]

FRAME_MS = 20
WINDOW_MS = 32  # of the neural VAD
_KEPT_FRAMES = 45  # 900 ms: the longest sound under verification, and what came before its trigger
_LEVEL_FRAMES = 3  # the loudest of them is the level that goes with one output of the neural VAD


class Measure(NamedTuple):
    """What one 20 ms frame of caller audio measures."""

    level_db: float = -96.0
    floor_db: float = -96.0
    armed: bool = False
    voicing: float = 0.0  # 0..1, only while armed
    echo: float = 0.0  # likeness of what is heard to what was played, 0..1, only while armed
    tone: bool = False  # a telephone key, never voice
    active: bool = False  # energy in this very frame
    echo_db: float = -96.0  # loudest echo to expect
    echo_known: bool = False  # this line was heard to return our voice at a steady delay
    unknown: bool = False  # nobody knows yet whether this line returns our voice
    removing: bool = False  # our voice was taken out of the line: what is measured is the rest
    returning: bool = False  # our voice can be in what is heard, for all that is known of the line


class ListenState(Enum):
    """Where the listener stands."""

    QUIET = "quiet"
    VERIFYING = "verifying"  # after an onset
    DISMISSED = "dismissed"  # after a drop, while the sound goes on: only the neural VAD may start anew
    VOICE = "voice"  # sure


class Listener:
    """One call's state machine over frames and probabilities; ``audio_ms`` is the end of the newest frame."""

    def __init__(self, settings: ListenSettings | None = None) -> None:
        self._settings = settings or ListenSettings()
        self._state = ListenState.QUIET
        self._now_ms = 0
        self._armed_ms: int | None = None  # when the present run of energy began
        self._voiced_frames = 0  # since then
        self._windows_in_a_row = 0  # of speech
        self._low_windows = 0  # without speech, in a row
        self._fell = True  # speech probability has been low since the last verdict or ending
        self._measure = Measure()
        self._levels = deque([-96.0], maxlen=_KEPT_FRAMES)
        self._probability = 0.0
        self._sound = Sound(0)
        self._active_ms = -1_000  # when there was last energy
        self._voice_ms = 0  # when voice was last heard
        self._inquiry = Inquiry(self._settings)
        self._still_ms = 0  # of windows in a row while nothing stirred
        self._voice_since_reset = False  # the caller's turn, or our own voice

    @property
    def state(self) -> ListenState:
        return self._state

    @property
    def question(self) -> int:
        """Number of the question that the verifier is to answer; 0: none. Another number is another question."""
        return self._inquiry.question

    @property
    def over_echo(self) -> bool:
        """Whether it is asked about what is heard over our own voice, on a line that returns it."""
        if self._state is ListenState.VERIFYING:
            return self._sound.known
        return self._measure.returning and self._measure.echo_known

    def rests(self, far_end: FarEnd) -> bool:
        """Whether the neural VAD may wait: nothing stirs, and a voice too faint to stir counts not while ours sounds.

        Its memory of a quiet line has settled by then; its newest windows are run as soon as something stirs.
        """
        still = self._state is ListenState.QUIET and not self._measure.armed
        settled = self._low_windows * WINDOW_MS >= self._settings.rest_after_ms
        return still and settled and self._echo_possible(far_end)

    def take_vad_reset(self) -> bool:
        """Whether the neural VAD is to forget what it has heard; true once each time.

        The verifier knows sounds as they are soon after a call's beginning. A voice colours what is heard for
        seconds: a cough after it has the odds of speech; and after long silence words have those of noise. What was
        refused is not forgotten, since it comes again.
        """
        settings = self._settings
        quiet = self._measure.floor_db <= settings.absolute_floor_db
        after_ms = settings.vad_reset_voice_ms if self._voice_since_reset else settings.vad_reset_silence_ms
        if self._still_ms < after_ms or not (self._voice_since_reset or quiet):
            return False
        self._still_ms, self._voice_since_reset = 0, False
        return True

    def frame(self, measure: Measure, far_end: FarEnd, audio_ms: int) -> list[VoiceEvent]:
        """Take in one frame; returns what it made certain, oldest first."""
        self._now_ms += FRAME_MS
        self._measure = measure
        self._levels.append(measure.level_db)
        self._follow_energy(measure)
        if self._state is ListenState.QUIET:
            voiced = self._voiced_energy(far_end) and self._may_hold(far_end)
            return self._onset(far_end, audio_ms) if voiced else []
        if self._state is ListenState.VERIFYING:
            self._gather(measure, far_end)
            if far_end.asked and not self._sound.far_end.asked:
                # The engine's end came meanwhile: what was held was the last of it.
                self._sound.far_end = replace(self._sound.far_end, asked=True)
            return self._verify(audio_ms)
        if self._state is ListenState.VOICE:
            self._sound.level_db = max(self._sound.level_db, measure.level_db)
            return self._endpoint(audio_ms)
        return [] if measure.armed else self._dismissed(audio_ms)

    def _dismissed(self, audio_ms: int) -> list[VoiceEvent]:
        """A sound that was refused is over."""
        self._state = ListenState.QUIET
        events = self._still_refused(audio_ms)
        self._inquiry.close()
        return events

    def speech(self, probability: float, far_end: FarEnd, audio_ms: int, odds: float | None = None) -> list[VoiceEvent]:
        """Take in one output of the neural VAD, which covers the 32 ms up to now.

        ``odds`` is the verifier's answer to `question`: log-odds of a turn; None without a verifier.
        """
        settings = self._settings
        self._probability = probability
        learned = odds if settings.verification == LEARNED else None
        self._inquiry.hear(learned, probability >= settings.speech_keep_min)
        spoken = probability >= settings.speech_min and not self._measure.tone
        sounds = self._now_ms - self._active_ms <= settings.active_hold_ms
        # On a line that may return our voice, the neural VAD going on after a sound is that sound's.
        quiet = not self._measure.armed and not self._measure.returning
        own = spoken and not self._explained(far_end) and (sounds or quiet)
        self._windows_in_a_row = self._windows_in_a_row + 1 if own else 0
        self._fell = self._fell or probability < settings.speech_keep_min
        self._low_windows = self._low_windows + 1 if probability < settings.speech_keep_min else 0
        self._follow_stillness()
        if self._state is ListenState.VOICE:
            self._keep(far_end)
            return []
        if self._state is ListenState.VERIFYING:
            self._count(own, probability)
            return self._verify(audio_ms)
        self._inquiry.refused.hear(probability >= settings.speech_keep_min, self._now_ms)
        if self._state is ListenState.DISMISSED and self._believed_after_all(own, far_end):
            return self._onset(far_end, audio_ms) + self._sure(audio_ms)
        return self._ask_anew(audio_ms) + self._trigger(own, far_end, audio_ms)

    def _believed_after_all(self, own: bool, far_end: FarEnd) -> bool:
        """Whether a sound that goes on after a drop turns out to be a turn."""
        settings, sound, inquiry = self._settings, self._sound, self._inquiry
        open_ms = inquiry.open_ms(self._now_ms)
        ours = sound.echo_share >= settings.echo_share  # what goes on is likelier more of it
        if not own or ours or open_ms is None or inquiry.odds is None:
            return False
        asks = row(context_of(far_end, sound.again, settings), settings)
        long = self._now_ms - sound.started_ms >= asks.turn_from_ms
        return long and open_ms >= settings.anew_ms and inquiry.odds >= settings.odds_anew

    def _ask_anew(self, audio_ms: int) -> list[VoiceEvent]:
        """While a sound goes on after a drop, its odds are asked for again and again."""
        open_ms = self._inquiry.open_ms(self._now_ms)
        if self._state is not ListenState.DISMISSED or open_ms is None or open_ms < self._settings.rolling_ms:
            return []
        self._inquiry.open(self._now_ms)
        return self._still_refused(audio_ms)

    def _still_refused(self, audio_ms: int) -> list[VoiceEvent]:
        """More of the same was heard: an engine that takes it for speech is wrong."""
        if not self._inquiry.more_of_it():
            return []
        return [VoiceDropped(audio_ms, Verdict.NOISE, self._evidence())]

    def _trigger(self, own: bool, far_end: FarEnd, audio_ms: int) -> list[VoiceEvent]:
        """An onset by the neural VAD: at once on a rise while armed, after a few windows otherwise."""
        armed = self._measure.armed
        if not armed and self._echo_possible(far_end):
            return []  # a faint voice while ours sounds: faint echo is likelier
        if not armed and max(self._levels) < self._settings.unarmed_level_db:
            return []  # line noise that sets in after digital silence can look like speech to the neural VAD
        enough = 1 if armed and self._fell else self._settings.unarmed_windows
        if not own or self._windows_in_a_row < enough:
            return []
        if not self._may_hold(far_end):
            return []
        events = self._onset(far_end, audio_ms)
        self._count(True, self._probability)
        return events + self._verify(audio_ms)

    def _may_hold(self, far_end: FarEnd) -> bool:
        if not far_end.sounding:
            return True  # nothing is held up, and an engine that hears a cough must be told what it was
        if self._measure.echo_known and self._measure.returning:
            return True  # the odds are of the caller and of us together
        return self._inquiry.may_hold(self._windows_in_a_row * WINDOW_MS, self._now_ms)

    def _keep(self, far_end: FarEnd) -> None:
        """The caller goes on while there is speech that is neither our echo nor far below their voice."""
        settings = self._settings
        near = max(list(self._levels)[-_LEVEL_FRAMES:]) >= self._sound.level_db - settings.background_db
        if self._probability >= settings.speech_keep_min and near and not self._explained(far_end):
            self._voice_ms = self._now_ms

    def _follow_energy(self, measure: Measure) -> None:
        if measure.active:
            self._active_ms = self._now_ms
        if not measure.armed:
            self._armed_ms = None
            self._voiced_frames = 0
            if self._state is ListenState.QUIET:
                self._inquiry.close()
            return
        if self._armed_ms is None:
            self._armed_ms = self._now_ms - 2 * FRAME_MS
            if self._state is ListenState.QUIET:
                self._inquiry.open(self._now_ms)
        self._voiced_frames += measure.voicing >= self._settings.voicing_min

    def _follow_stillness(self) -> None:
        measure = self._measure
        ours = measure.returning and measure.echo_known
        self._voice_since_reset = self._voice_since_reset or ours or self._state is ListenState.VOICE
        spoken = self._probability >= self._settings.speech_keep_min
        still = self._state is ListenState.QUIET and not (measure.armed or ours or spoken)
        self._still_ms = self._still_ms + WINDOW_MS if still else 0

    def _voiced_energy(self, far_end: FarEnd) -> bool:
        """Armed for long enough with voicing: an onset without a word of the neural VAD."""
        if self._armed_ms is None or self._explained(far_end):
            return False
        armed_for_ms = self._now_ms - self._armed_ms
        if armed_for_ms < self._settings.voiced_arm_ms or not self._measure.active:
            return False
        return self._voiced_frames * FRAME_MS >= self._settings.voiced_arm_share * armed_for_ms

    def _explained(self, far_end: FarEnd) -> bool:
        """Whether echo alone explains this frame: like what was played, and no louder than its echo can be."""
        settings = self._settings
        if not self._echo_possible(far_end):
            return False
        above_db = self._measure.level_db - self._measure.echo_db
        if self._measure.removing:
            return self._residue(above_db)
        if self._measure.echo >= settings.echo_certain_min:
            return True
        if self._measure.unknown and self._measure.level_db <= settings.echo_faint_db:
            return True
        if self._measure.echo >= settings.echo_sure_min:
            return above_db <= settings.echo_sure_margin_db
        if self._measure.echo_known and above_db <= 0.0:
            return True
        low = above_db <= settings.echo_margin_db or self._measure.level_db <= settings.echo_faint_db
        return low and self._measure.echo >= settings.echo_min

    def _surely_echo(self) -> bool:
        """Whether a frame that echo may explain is evidence of it: like it, and not only low enough."""
        settings, measure = self._settings, self._measure
        return measure.echo >= (settings.echo_left_min if measure.removing else settings.echo_min)

    def _ours(self) -> bool:
        """Whether it is our voice that goes on; on a line that returns nothing likeness is chance."""
        measure = self._measure
        return self._surely_echo() and (measure.returning or measure.echo >= self._settings.echo_sure_min)

    def _echo_possible(self, far_end: FarEnd) -> bool:
        return self._measure.returning or echo_possible(far_end, self._settings)

    def _residue(self, above_db: float) -> bool:
        """Whether a sound is what the canceller left of our voice: far below its echo, faint, or like it."""
        settings, measure = self._settings, self._measure
        if measure.level_db <= settings.echo_dust_db:
            return True
        if above_db <= settings.echo_left_db:
            return True
        return above_db <= settings.echo_left_margin_db and measure.echo >= settings.echo_left_min

    def _onset(self, far_end: FarEnd, audio_ms: int) -> list[VoiceEvent]:
        began_ms = self._began_ms()
        self._state = ListenState.VERIFYING
        pitch_ms = self._voiced_frames * FRAME_MS if self._armed_ms == began_ms else 0
        self._sound = Sound(self._now_ms, far_end, pitch_ms=pitch_ms, level_db=self._measure.level_db)
        self._sound.started_ms, self._sound.heard_ms = began_ms, self._now_ms
        self._sound.again = self._inquiry.refused.again(began_ms)
        faint = self._echo_possible(far_end) and max(self._levels) <= self._settings.echo_faint_db
        self._sound.insists = self._inquiry.refused.insists(began_ms) and not faint
        self._inquiry.open(self._now_ms)
        self._sound.returning = self._measure.returning
        self._sound.unknown = self._measure.unknown
        self._sound.known = self._measure.returning and self._measure.echo_known
        self._sound.removing = self._measure.removing
        at_ms = max(0, audio_ms - (self._now_ms - began_ms))
        return [VoiceOnset(at_ms, self._evidence())]

    def _began_ms(self) -> int:
        oldest_ms = self._now_ms - self._settings.onset_back_max_ms
        if self._armed_ms is not None and self._armed_ms >= oldest_ms:
            return self._armed_ms
        return self._now_ms - max(1, self._windows_in_a_row) * WINDOW_MS

    def _gather(self, measure: Measure, far_end: FarEnd) -> None:
        sound = self._sound
        sound.level_db = max(sound.level_db, measure.level_db)
        sound.echo_peak = max(sound.echo_peak, measure.echo)
        if not measure.active:
            return  # the gate's hangover, or the canceller's silence: like nothing
        sound.frames += 1
        if self._explained(far_end):
            surely = self._surely_echo()
            sound.echo_frames += surely
            sound.voice_ms = max(0, sound.voice_ms - surely * FRAME_MS)  # echo speaks against what passed for voice
        elif measure.voicing >= self._settings.voicing_min:
            sound.pitch_ms += FRAME_MS

    def _count(self, own: bool, probability: float) -> None:
        sound = self._sound
        sound.voice_ms += WINDOW_MS if own else 0
        sound.run_ms = self._windows_in_a_row * WINDOW_MS
        sound.speech_peak = max(sound.speech_peak, probability)
        if self._inquiry.odds is not None:
            sound.odds = self._inquiry.odds
        if probability >= self._settings.speech_keep_min:
            sound.heard_ms = self._now_ms

    def _verify(self, audio_ms: int) -> list[VoiceEvent]:
        sound, now_ms = self._sound, self._now_ms
        stopped = not self._measure.armed and self._probability < self._settings.speech_keep_min
        age_ms = now_ms - sound.began_ms
        at = Moment(age_ms, self._length_ms(), 0.0 if self._ours() else self._probability, stopped)
        verdict = decide(sound, at, self._settings)
        if verdict is Verdict.VOICE:
            return self._sure(audio_ms)
        settings = self._settings
        by_rules = sound.odds is None or sound.known
        limit_ms = settings.verify_max_ms if by_rules else settings.verify_learned_ms
        if verdict is Verdict.UNDECIDED and age_ms < limit_ms:
            return self._lean(likely(sound, at, settings), audio_ms)
        self._state = ListenState.DISMISSED
        self._fell = self._probability < self._settings.speech_keep_min
        self._windows_in_a_row = 0
        self._inquiry.drop(verdict, sound, now_ms)
        return [VoiceDropped(audio_ms, verdict, self._evidence())]

    def _lean(self, likely_now: bool, audio_ms: int) -> list[VoiceEvent]:
        if likely_now is self._sound.likely:
            return []
        self._sound.likely = likely_now
        return [VoiceLeans(audio_ms, likely_now)]

    def _length_ms(self) -> int:
        """How long the sound has been about as loud as at its loudest: breath before and room after do not count."""
        frames = min(len(self._levels), (self._now_ms - self._sound.started_ms) // FRAME_MS)
        levels = list(self._levels)[-frames:] if frames else []
        least_db = max(levels, default=0.0) - self._settings.length_depth_db
        loud = [number for number, level_db in enumerate(levels) if level_db >= least_db]
        return (loud[-1] - loud[0] + 1) * FRAME_MS if loud else 0

    def _sure(self, audio_ms: int) -> list[VoiceEvent]:
        self._state = ListenState.VOICE
        self._voice_ms = self._now_ms
        self._fell = False
        self._inquiry.believed()
        return [VoiceSure(audio_ms, self._evidence())]

    def _endpoint(self, audio_ms: int) -> list[VoiceEvent]:
        if self._now_ms - self._voice_ms < self._settings.endpoint_ms:
            return []
        self._state = ListenState.DISMISSED
        self._windows_in_a_row = 0
        self._fell = self._probability < self._settings.speech_keep_min
        return [VoiceEnded(audio_ms)]

    def _evidence(self) -> Evidence:
        sound = self._sound
        return Evidence(
            speech=round(self._probability, 3),
            level_db=round(self._measure.level_db, 1),
            echo=round(max(sound.echo_peak, self._measure.echo), 2),
            voiced_ms=sound.voice_ms,
            odds=None if sound.odds is None else round(sound.odds, 2),
        )
