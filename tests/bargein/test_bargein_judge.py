"""What a trial came to, on evidence put together by hand: every number is known beforehand."""

from dataclasses import replace

import numpy as np
import pytest

from torim.audio import g711
from torim.core.actions import ClearAudio, CreateResponse, Note, PlayAudio, Purpose, TruncateItem
from torim.core.events import AudioDelta, ResponseCreated, VoiceEnded
from torim.core.reasons import Level, Reason
from torim.engines.tones import voice_like
from torim.lab.bargein.corpus import Clip, Kind
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.judge import Fault, Outcome, judge
from torim.lab.bargein.resume import follow
from torim.lab.bargein.tau import ticks_of
from torim.lab.bargein.trials import Group, Piece, Place, Trial
from torim.lab.ear import Span
from torim.lab.line import EchoPath, LineSettings

STATEMENT = voice_like(8_000, 1)
ONSET_MS = 2_000
LENGTH_MS = 900


def clip(kind: Kind = Kind.TURN, lead_ms: int = 0) -> Clip:
    end = (lead_ms + LENGTH_MS) * 8
    return Clip("a.wav", "cls", kind, "ann", np.zeros(end), lead_ms * 8, end, -20.0, LENGTH_MS)


def trial(kind: Kind = Kind.TURN, place: Place = Place.MIDDLE, lead_ms: int = 0) -> Trial:
    pieces = (Piece(clip(kind, lead_ms), 0, -26.0),)
    return Trial(0, Group.SOUND, place, pieces, LineSettings(), 0, 8_000, ONSET_MS * 8)


class Scene:
    """A call by hand; instants are ms from the onset, and both clocks are one."""

    def __init__(self, tried: Trial | None = None, plays_ms: int = 8_000) -> None:
        self.evidence = Evidence(tried or trial(), STATEMENT, began_samples=0, onset_samples=ONSET_MS * 8)
        self.evidence.arrived_ms = ONSET_MS
        self.evidence.length_samples = 8_000 * 8
        self.heard_ms = 0
        self.note(-ONSET_MS, ResponseCreated("R1", "k1"))
        self.play(0, plays_ms)

    def note(self, at_ms: float, *entries: object) -> None:
        self.evidence.entries += [(at_ms + ONSET_MS, entry) for entry in entries]  # type: ignore[misc]

    def play(self, from_ms: int, length_ms: int, gain_db: int = 0, at_ms: int | None = None) -> None:
        """Hear a part of the statement, at once or at an instant from the onset."""
        now = 0 if at_ms is None else (at_ms + ONSET_MS) * 8
        piece = STATEMENT[from_ms * 8 : (from_ms + length_ms) * 8]
        self.evidence.ear.media(g711.duck(piece, gain_db), now)

    def clear(self, at_ms: float, ear_ms: float | None = None) -> None:
        self.note(at_ms, ClearAudio(1))
        self.evidence.ear.clear(round(((at_ms if ear_ms is None else ear_ms) + ONSET_MS) * 8))

    def decision(self, at_ms: float, reason: Reason, **numbers: object) -> None:
        self.note(at_ms, Note(reason, Level.INFO, numbers))

    def hold(self, at_ms: float) -> None:
        self.clear(at_ms)
        self.decision(at_ms, Reason.HELD, sounding=True)

    def reply(self, asked_ms: float, engine_ms: float = 200, number: int = 2) -> None:
        self.note(
            asked_ms, CreateResponse("c", f"k{number}", Purpose.REPLY), ResponseCreated(f"R{number}", f"k{number}")
        )
        self.note(asked_ms + engine_ms, AudioDelta(f"R{number}", "I", 0, b""), PlayAudio(b""))
        self.evidence.ear.media(voice_like(400, 5), round((asked_ms + engine_ms + ONSET_MS) * 8))

    def judged(self) -> Outcome:
        self.evidence.entries.sort(key=lambda entry: entry[0])
        return judge(self.evidence)


def obeyed(scene: Scene) -> Scene:
    scene.hold(40)
    scene.decision(150, Reason.CUT)
    scene.reply(LENGTH_MS + 500)
    return scene


def test_a_caller_who_is_obeyed() -> None:
    outcome = obeyed(Scene()).judged()
    assert outcome.faults == ()
    assert outcome.obeyed
    assert (outcome.hold_ms, outcome.cut_ms, outcome.silence_ms) == (40, 150, 40)
    assert outcome.reply_ms == 500
    assert (outcome.stale_ms, outcome.replies, outcome.talked_into) == (0, 1, False)


def test_a_hold_alone_is_no_obedience() -> None:
    scene = Scene()
    scene.hold(40)
    scene.decision(390, Reason.RESUMED)
    scene.play(2_040, 3_000, at_ms=390)
    outcome = scene.judged()
    assert outcome.faults == (Fault.MISSED,)
    assert [(hold.at_ms, hold.silence_ms) for hold in outcome.holds] == [(40, 350)]


def test_a_cut_after_a_second_is_late() -> None:
    scene = Scene()
    scene.hold(1_020)
    scene.decision(1_100, Reason.CUT)
    scene.reply(1_600)
    assert scene.judged().faults == (Fault.LATE,)


def test_a_caller_who_is_never_answered() -> None:
    scene = Scene()
    scene.hold(40)
    scene.decision(150, Reason.CUT)
    assert scene.judged().faults == (Fault.UNANSWERED,)


def test_a_cut_by_something_else_before_the_sound() -> None:
    scene = Scene()
    scene.hold(-900)
    scene.decision(-800, Reason.CUT)
    scene.reply(-200)
    assert scene.judged().faults == (Fault.BEFORE,)


def test_what_a_recording_holds_before_its_onset_is_its_own() -> None:
    scene = Scene(trial(place=Place.IDLE, lead_ms=300), plays_ms=500)
    scene.decision(-120, Reason.CUT)
    scene.reply(LENGTH_MS + 500)
    outcome = scene.judged()
    assert outcome.faults == ()
    assert outcome.early


def test_an_early_turn_that_was_over_before_the_onset_is_another() -> None:
    scene = Scene(trial(place=Place.IDLE, lead_ms=900), plays_ms=500)
    scene.decision(-800, Reason.CUT)
    scene.note(-100, VoiceEnded(0))
    assert scene.judged().faults == (Fault.BEFORE,)


def test_on_a_line_with_echo_nothing_before_the_onset_is_excused() -> None:
    tried = replace(trial(lead_ms=300), line=LineSettings(echo=EchoPath(10, 100)))
    scene = Scene(tried)
    scene.decision(-120, Reason.CUT)
    assert scene.judged().faults == (Fault.BEFORE,)


def test_old_audio_after_the_cut_is_counted() -> None:
    scene = Scene(plays_ms=2_000)
    scene.hold(40)
    scene.decision(150, Reason.CUT)
    scene.play(2_040, 100, at_ms=300)
    scene.reply(1_500)
    outcome = scene.judged()
    assert outcome.faults == (Fault.STALE,)
    assert outcome.stale_ms == 100


def test_the_silence_that_fills_up_the_last_frame_is_not_old_audio() -> None:
    scene = Scene(plays_ms=2_000)
    scene.evidence.ear.media(g711.SILENCE * 112, ONSET_MS * 8)
    scene.decision(4, Reason.CUT)
    scene.reply(1_500)
    outcome = scene.judged()
    assert outcome.faults == ()
    assert (outcome.stale_ms, outcome.silence_ms) == (0, 0)


def test_a_truncated_answer_tells_nothing_of_the_statement() -> None:
    scene = Scene(plays_ms=2_000)
    scene.note(-ONSET_MS, AudioDelta("R1", "I1", 0, b""))
    scene.decision(150, Reason.CUT)
    scene.reply(LENGTH_MS + 500)
    scene.note(2_500, TruncateItem("c", "I", 0, 730))
    assert scene.judged().truth_ms is None
    scene.note(2_600, TruncateItem("c", "I1", 0, 2_010))
    assert scene.judged().truth_ms == 10


def test_ducked_audio_before_the_cut_delays_the_silence() -> None:
    scene = Scene()
    scene.hold(40)
    scene.play(2_040, 400, -15, at_ms=390)
    scene.clear(500)
    scene.decision(500, Reason.CUT)
    scene.reply(1_500)
    outcome = scene.judged()
    assert (outcome.hold_ms, outcome.silence_ms) == (40, 500)
    assert outcome.faults == ()


def test_the_ear_hears_later_than_the_server_acts() -> None:
    scene = Scene()
    scene.clear(40, ear_ms=100)
    scene.decision(40, Reason.HELD, sounding=True)
    scene.decision(150, Reason.CUT)
    scene.reply(1_500)
    outcome = scene.judged()
    assert (outcome.hold_ms, outcome.silence_ms, outcome.stale_ms) == (40, 100, 0)


def test_a_cough_that_stops_the_ai() -> None:
    outcome = obeyed(Scene(trial(Kind.BODY))).judged()
    assert outcome.faults == (Fault.FALSE_CUT,)


def test_a_cough_that_only_holds_it() -> None:
    scene = Scene(trial(Kind.BODY))
    scene.hold(40)
    scene.decision(140, Reason.RESUMED, verdict="noise")
    scene.play(2_040, 3_000, at_ms=140)
    outcome = scene.judged()
    assert outcome.faults == ()
    assert [(hold.silence_ms, hold.verdict) for hold in outcome.holds] == [(100, "noise")]
    assert outcome.heard.jumps == ()


def test_a_cough_into_silence_that_is_answered() -> None:
    scene = Scene(trial(Kind.BODY, Place.IDLE), plays_ms=500)
    scene.reply(1_400)
    assert scene.judged().faults == (Fault.FALSE_TURN,)


@pytest.mark.parametrize(
    ("from_ms", "fault"), [(2_040, ()), (2_010, ()), (1_990, (Fault.INEXACT,)), (2_060, (Fault.INEXACT,))]
)
def test_a_resume_may_repeat_a_little_and_never_skip(from_ms: int, fault: tuple[Fault, ...]) -> None:
    scene = Scene(trial(Kind.BODY))
    scene.hold(40)
    scene.decision(200, Reason.RESUMED)
    scene.play(from_ms, 2_000, at_ms=200)
    assert scene.judged().faults == fault


def test_words_may_decide() -> None:
    scene = Scene()
    scene.hold(40)
    scene.decision(390, Reason.RESUMED)
    scene.play(2_040, 3_000, at_ms=390)
    scene.clear(900)
    scene.decision(900, Reason.CUT_BY_WORDS)
    scene.reply(1_000)
    outcome = scene.judged()
    assert outcome.by_words
    assert outcome.faults == ()


def test_an_ai_that_does_not_let_the_caller_finish() -> None:
    scene = Scene()
    scene.hold(40)
    scene.decision(150, Reason.CUT)
    scene.reply(400)
    outcome = scene.judged()
    assert outcome.talked_into
    assert outcome.reply_ms is None


def test_a_trial_that_could_not_be_made_is_no_success() -> None:
    scene = Scene()
    scene.evidence.failure = "no server"
    assert scene.judged().faults == (Fault.NOT_MADE,)


def test_following_a_statement_finds_what_was_lost_and_repeated() -> None:
    at = 4_000
    whole = follow(STATEMENT, [Span(0, STATEMENT)])
    skipped = follow(STATEMENT, [Span(0, STATEMENT[:at]), Span(9_000, STATEMENT[at + 400 : at + 8_000])])
    repeated = follow(STATEMENT, [Span(0, STATEMENT[:at]), Span(9_000, STATEMENT[at - 320 : at + 8_000])])
    assert (whole.samples, whole.jumps) == (len(STATEMENT), ())
    assert skipped.jumps == (400,)
    assert repeated.jumps == (-320,)


def test_ticks_of_two_hundred_milliseconds() -> None:
    def ticks(*spans: tuple[int, int], onset: int = 1_000, offset: int = 1_500) -> object:
        heard = [Span(a * 8, b"\x10" * ((b - a) * 8)) for a, b in spans]
        found = ticks_of(heard, onset * 8, offset * 8, 5_000 * 8)
        return found.speaking, found.yield_ms, found.answer_ms, found.ignored

    assert ticks((0, 5_000)) == (True, None, None, True)
    assert ticks((0, 1_100)) == (True, 200, None, False)
    assert ticks((0, 1_050), (1_350, 5_000)) == (True, None, None, True)  # a hold shorter than a tick is not seen
    assert ticks((0, 2_700)) == (True, 1_800, None, True)
    assert ticks((0, 950)) == (True, 0, None, False)
    assert ticks((0, 300), (2_500, 3_000)) == (False, None, 1_000, False)
    assert ticks((0, 300), (4_000, 4_500)) == (False, None, 2_500, True)
