"""The listener: scenes of measures and probabilities, and the grammar of what it says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from torim.core.events import Verdict, VoiceDropped, VoiceEnded, VoiceEvent, VoiceOnset, VoiceSure
from torim.core.listening import FarEnd, Listener, ListenState, Measure

SPEAKING = FarEnd(sounding=True, since_played_ms=0)
ASKED = FarEnd(sounding=True, since_played_ms=0, asked=True)
IDLE = FarEnd(asked=True)
JUST_SPOKE = FarEnd(since_played_ms=200)

SILENCE = Measure(level_db=-62, floor_db=-62)
HUSH = Measure(level_db=-60, floor_db=-62, armed=True)  # armed by hangover only
VOICED = Measure(level_db=-25, floor_db=-62, armed=True, active=True, voicing=0.9)
NOISY = Measure(level_db=-25, floor_db=-62, armed=True, active=True, voicing=0.2)
ECHO = Measure(-38, -62, armed=True, active=True, voicing=0.9, echo=0.9, echo_db=-36, echo_known=True)
OVER_ECHO = Measure(-22, -62, armed=True, active=True, voicing=0.9, echo=0.3, echo_db=-36, echo_known=True)
KEY = Measure(level_db=-16, floor_db=-62, active=True, tone=True)


class Scene:
    """Feeds frames of 20 ms, with a probability after two of three as the windows fall, and keeps what is said."""

    def __init__(self) -> None:
        self.listener = Listener()
        self.now_ms = 0
        self.said: list[tuple[int, VoiceEvent]] = []

    def hear(self, measure: Measure, probability: float, ms: int, far_end: FarEnd = IDLE) -> Scene:
        for _ in range(ms // 20):
            self.now_ms += 20
            events = self.listener.frame(measure, far_end, self.now_ms)
            if self.now_ms * 8 // 256 > (self.now_ms - 20) * 8 // 256:
                events += self.listener.speech(probability, far_end, self.now_ms)
            self.said += [(self.now_ms, event) for event in events]
        return self

    def kinds(self) -> list[type]:
        return [type(event) for _, event in self.said]

    def delay(self, kind: type, since_ms: int = 1_000) -> int:
        return next(at for at, event in self.said if isinstance(event, kind)) - since_ms


def quiet_start() -> Scene:
    return Scene().hear(SILENCE, 0.01, 1_000)


# --- the caller's words -----------------------------------------------------------------------------------


def test_a_voice_while_nothing_sounds_is_sure_within_two_windows():
    scene = quiet_start().hear(VOICED, 0.9, 600)
    assert scene.kinds() == [VoiceOnset, VoiceSure]
    assert scene.delay(VoiceOnset) <= 40
    assert scene.delay(VoiceSure) <= 80


def test_a_voice_over_the_ai_is_an_onset_at_once_and_sure_within_200_ms():
    scene = quiet_start().hear(VOICED, 0.9, 600, SPEAKING)
    assert scene.kinds() == [VoiceOnset, VoiceSure]
    assert scene.delay(VoiceOnset) <= 40
    assert 100 <= scene.delay(VoiceSure) <= 200


def test_an_unvoiced_sound_must_last_longer_over_the_ai():
    voiced = quiet_start().hear(VOICED, 0.9, 600, SPEAKING).delay(VoiceSure)
    unvoiced = quiet_start().hear(NOISY, 0.9, 600, SPEAKING).delay(VoiceSure)
    assert voiced < unvoiced <= 240


def test_an_answer_to_a_question_is_sure_sooner_than_a_word_into_a_sentence():
    asked = quiet_start().hear(VOICED, 0.9, 600, ASKED).delay(VoiceSure)
    unasked = quiet_start().hear(VOICED, 0.9, 600, SPEAKING).delay(VoiceSure)
    assert asked < unasked


def test_in_the_echo_window_a_sure_voice_does_not_wait():
    assert quiet_start().hear(VOICED, 0.95, 600, JUST_SPOKE).delay(VoiceSure) <= 120


def test_voicing_alone_is_an_onset_before_the_neural_vad_says_a_word():
    scene = quiet_start().hear(VOICED, 0.1, 100, SPEAKING)
    assert scene.kinds() == [VoiceOnset]
    assert scene.delay(VoiceOnset) <= 80


def test_a_short_word_over_the_ai_is_not_lost():
    scene = (
        quiet_start().hear(VOICED, 0.7, 100, SPEAKING).hear(HUSH, 0.2, 160, SPEAKING).hear(SILENCE, 0.05, 200, SPEAKING)
    )
    assert scene.kinds()[:2] == [VoiceOnset, VoiceSure]


def test_a_faint_voice_below_the_gate_is_heard_after_three_windows():
    faint = Measure(level_db=-55, floor_db=-62)
    scene = quiet_start().hear(faint, 0.9, 400, IDLE)
    assert scene.kinds()[:2] == [VoiceOnset, VoiceSure]
    assert scene.delay(VoiceOnset) <= 140


def test_the_onset_is_dated_to_where_the_energy_began():
    scene = quiet_start().hear(NOISY, 0.1, 100).hear(VOICED, 0.9, 100)
    onset = scene.said[0][1]
    assert isinstance(onset, VoiceOnset)
    assert onset.audio_ms == 980, "two frames armed it: it began one frame before the first armed one"


def test_an_onset_on_a_young_clock_of_appended_audio_is_not_before_its_start():
    listener = Listener()
    for _ in range(50):
        listener.frame(SILENCE, IDLE, 0)
    listener.frame(VOICED, IDLE, 10)
    onset = listener.speech(0.9, IDLE, 10)[0]
    assert isinstance(onset, VoiceOnset) and onset.audio_ms == 0


# --- what is not the caller -------------------------------------------------------------------------------


def test_noise_that_arms_but_is_no_voice_says_nothing():
    assert quiet_start().hear(NOISY, 0.05, 3_000, SPEAKING).said == []


def test_a_voiced_noise_is_held_then_dropped_and_not_held_again():
    scene = quiet_start().hear(VOICED, 0.1, 4_000, SPEAKING)
    assert scene.kinds() == [VoiceOnset, VoiceDropped]
    assert scene.delay(VoiceDropped) <= 600


def test_a_burst_that_ends_at_once_is_dropped_when_it_has_ended():
    scene = (
        quiet_start().hear(NOISY, 0.6, 40, SPEAKING).hear(HUSH, 0.1, 200, SPEAKING).hear(SILENCE, 0.05, 400, SPEAKING)
    )
    assert scene.kinds() == [VoiceOnset, VoiceDropped]
    _, dropped = scene.said[1]
    assert isinstance(dropped, VoiceDropped) and dropped.verdict is Verdict.NOISE


def test_our_echo_says_nothing_while_it_is_known():
    assert quiet_start().hear(ECHO, 0.95, 5_000, SPEAKING).said == []


def test_a_sound_that_turns_out_to_be_echo_is_dropped_as_echo():
    """The first frames of an unknown line's echo are too short to be alike."""
    unknown = Measure(-25, -62, armed=True, active=True, voicing=0.9, echo=0.2, echo_db=0.0)
    alike = Measure(-25, -62, armed=True, active=True, voicing=0.9, echo=0.7, echo_db=0.0)
    scene = quiet_start().hear(unknown, 0.95, 60, SPEAKING).hear(alike, 0.95, 300, SPEAKING)
    assert scene.kinds() == [VoiceOnset, VoiceDropped]
    dropped = scene.said[1][1]
    assert isinstance(dropped, VoiceDropped) and dropped.verdict is Verdict.ECHO


def test_certain_echo_is_echo_even_on_a_line_that_was_quiet_so_far():
    """The caller has changed to the loudspeaker."""
    loud = Measure(-20, -62, armed=True, active=True, voicing=0.9, echo=0.9, echo_db=-60)
    assert quiet_start().hear(loud, 0.95, 2_000, SPEAKING).said == []


def test_a_caller_louder_than_the_echo_is_heard_through_it():
    scene = quiet_start().hear(ECHO, 0.95, 1_000, SPEAKING).hear(OVER_ECHO, 0.95, 500, SPEAKING)
    assert scene.kinds() == [VoiceOnset, VoiceSure]
    assert scene.delay(VoiceOnset, 2_000) <= 80


LEFT = Measure(-45, -62, True, active=True, voicing=0.9, echo=0.5, echo_db=-32, echo_known=True, removing=True)
CHOPPED = LEFT._replace(level_db=-44, echo=0.05)  # a caller of whom the canceller took most
THROUGH = LEFT._replace(level_db=-30, echo=0.05)


def test_what_a_canceller_left_of_our_voice_says_nothing():
    assert quiet_start().hear(LEFT, 0.8, 3_000, SPEAKING).said == []


def test_a_caller_whom_a_canceller_chops_is_not_taken_for_its_residue():
    scene = quiet_start()
    for _ in range(6):
        scene.hear(THROUGH, 0.95, 60, SPEAKING).hear(CHOPPED, 0.8, 40, SPEAKING)
    assert scene.kinds() == [VoiceOnset, VoiceSure]
    assert scene.delay(VoiceSure) <= 300


def test_a_moment_unlike_our_voice_does_not_make_a_caller_of_it():
    dip = ECHO._replace(echo=0.2, level_db=-34)
    scene = quiet_start().hear(ECHO, 0.95, 400, SPEAKING)
    for _ in range(10):
        scene.hear(dip, 0.95, 60, SPEAKING).hear(ECHO, 0.95, 140, SPEAKING)
    assert VoiceSure not in scene.kinds()


def test_what_is_like_us_at_first_is_held_against_a_sound_on_a_line_not_known_yet():
    """A room is unlike its voice now and then; more often it is like it."""
    unlike = Measure(-33, -62, True, active=True, voicing=0.9, echo=0.28, echo_db=0.0, unknown=True, returning=True)
    like = unlike._replace(echo=0.36)
    scene = quiet_start()
    for _ in range(6):
        scene.hear(unlike, 0.6, 40, SPEAKING).hear(like, 0.6, 100, SPEAKING)
    assert VoiceSure not in scene.kinds()


def test_a_faint_sound_like_us_is_ours_on_a_line_that_was_quiet_so_far():
    faint = Measure(-47, -62, True, active=True, voicing=0.9, echo=0.4, echo_db=-56)
    assert quiet_start().hear(faint, 0.9, 1_000, SPEAKING).said == []
    assert VoiceSure in quiet_start().hear(faint._replace(level_db=-35), 0.9, 1_000, SPEAKING).kinds()


def test_likeness_means_nothing_long_after_the_last_played_sample():
    late = FarEnd(since_played_ms=800)
    assert quiet_start().hear(ECHO, 0.95, 400, late).kinds() == [VoiceOnset, VoiceSure]


def test_a_key_is_never_a_voice():
    assert quiet_start().hear(KEY, 0.9, 1_000, IDLE).said == []


# --- the end of a turn ------------------------------------------------------------------------------------


def test_half_a_second_of_silence_ends_the_voice():
    scene = quiet_start().hear(VOICED, 0.9, 1_000).hear(SILENCE, 0.02, 1_000)
    assert scene.kinds() == [VoiceOnset, VoiceSure, VoiceEnded]
    assert 480 <= scene.delay(VoiceEnded, 2_000) <= 560


def test_a_pause_inside_a_number_does_not_end_it():
    scene = quiet_start().hear(VOICED, 0.9, 300).hear(SILENCE, 0.02, 300).hear(VOICED, 0.9, 300)
    assert scene.kinds() == [VoiceOnset, VoiceSure]


def test_steady_background_does_not_keep_a_turn_open():
    scene = quiet_start().hear(VOICED, 0.9, 1_000).hear(NOISY, 0.1, 1_000)
    assert scene.kinds() == [VoiceOnset, VoiceSure, VoiceEnded]


def test_a_far_quieter_voice_in_the_background_does_not_keep_a_turn_open():
    television = Measure(level_db=-58, floor_db=-62, armed=True, active=True, voicing=0.8)
    scene = quiet_start().hear(VOICED, 0.9, 1_000).hear(television, 0.8, 540)
    assert VoiceEnded in scene.kinds()


def test_our_echo_does_not_keep_a_forbidden_barge_in_open():
    scene = quiet_start().hear(VOICED, 0.9, 600, SPEAKING).hear(ECHO, 0.95, 1_000, SPEAKING)
    assert scene.kinds() == [VoiceOnset, VoiceSure, VoiceEnded]


def test_a_second_word_after_the_end_is_a_new_onset_at_once():
    scene = quiet_start().hear(VOICED, 0.9, 400).hear(SILENCE, 0.02, 1_000).hear(VOICED, 0.9, 400)
    assert scene.kinds() == [VoiceOnset, VoiceSure, VoiceEnded, VoiceOnset, VoiceSure]


def test_speech_after_a_dropped_noise_is_a_new_onset():
    scene = quiet_start().hear(VOICED, 0.1, 800, SPEAKING).hear(VOICED, 0.95, 400, SPEAKING)
    assert scene.kinds() == [VoiceOnset, VoiceDropped, VoiceOnset, VoiceSure]


# --- evidence and grammar ---------------------------------------------------------------------------------


def test_every_event_carries_the_numbers_behind_it():
    scene = quiet_start().hear(VOICED, 0.9, 600, SPEAKING)
    sure = scene.said[1][1]
    assert isinstance(sure, VoiceSure)
    assert sure.evidence.speech == 0.9 and sure.evidence.level_db == -25.0
    assert sure.evidence.voiced_ms >= 96
    assert sure.audio_ms == scene.said[1][0]


AFTER = {
    None: {VoiceOnset},
    VoiceOnset: {VoiceSure, VoiceDropped},
    VoiceSure: {VoiceEnded},
    VoiceDropped: {VoiceOnset, VoiceDropped},
    VoiceEnded: {VoiceOnset},
}
PIECE = st.tuples(
    st.sampled_from([SILENCE, HUSH, VOICED, NOISY, ECHO, OVER_ECHO, KEY]),
    st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]),
    st.integers(1, 40).map(lambda frames: frames * 20),
    st.sampled_from([SPEAKING, ASKED, IDLE, JUST_SPOKE]),
)


@given(st.lists(PIECE, max_size=25))
@settings(max_examples=200, deadline=None)
def test_onset_is_answered_by_sure_or_dropped_and_sure_by_ended(pieces):
    scene = Scene()
    for piece in pieces:
        scene.hear(*piece)
    last = None
    for kind in scene.kinds():
        assert kind in AFTER[last]
        last = kind
    scene.hear(SILENCE, 0.0, 1_200)
    assert scene.listener.state is ListenState.QUIET, "silence settles everything"
    onset_at = None
    for at, event in scene.said:
        assert 0 <= event.audio_ms <= at
        if isinstance(event, VoiceOnset):
            onset_at = at
        elif onset_at is not None and not isinstance(event, VoiceEnded):
            assert at - onset_at <= 580, "no question stays open"


# --- when the neural VAD may wait -------------------------------------------------------------------------


def test_the_neural_vad_may_wait_while_ours_sounds_and_nothing_stirs():
    scene = quiet_start().hear(SILENCE, 0.01, 200, SPEAKING)
    assert scene.listener.rests(SPEAKING) and scene.listener.rests(JUST_SPOKE)
    assert not scene.listener.rests(IDLE), "a faint voice counts then"


def test_the_neural_vad_hears_whatever_stirs():
    scene = quiet_start().hear(SILENCE, 0.01, 200, SPEAKING).hear(HUSH, 0.01, 20, SPEAKING)
    assert not scene.listener.rests(SPEAKING)


def test_the_neural_vad_goes_on_until_it_has_settled_on_a_quiet_line():
    early = Scene().hear(SILENCE, 0.01, 600, SPEAKING)
    after_a_sound = quiet_start().hear(VOICED, 0.9, 300, SPEAKING).hear(SILENCE, 0.01, 1_400, SPEAKING)
    assert not early.listener.rests(SPEAKING)
    assert not after_a_sound.hear(SILENCE, 0.6, 40, SPEAKING).listener.rests(SPEAKING)
    assert after_a_sound.hear(SILENCE, 0.01, 1_400, SPEAKING).listener.rests(SPEAKING)


# --- what the neural VAD may forget -----------------------------------------------------------------------

ROOM = Measure(level_db=-45, floor_db=-47)
OURS = Measure(-60, -62, echo_db=-40, echo_known=True, returning=True)


def forgotten_after(scene: Scene, measure: Measure, far_end: FarEnd = IDLE) -> list[int]:
    """How long into ten seconds of this the neural VAD is told to forget, each time."""
    told = []
    for ms in range(32, 10_000, 32):
        scene.listener.frame(measure, far_end, scene.now_ms + ms)
        scene.listener.speech(0.01, far_end, scene.now_ms + ms)
        if scene.listener.take_vad_reset():
            told.append(ms)
    return told


def test_a_turn_is_forgotten_soon_after_it():
    scene = quiet_start().hear(VOICED, 0.9, 1_000)
    assert VoiceSure in scene.kinds()
    scene.hear(SILENCE, 0.01, 600)
    assert VoiceEnded in scene.kinds()
    assert forgotten_after(scene, SILENCE)[0] <= 352


def test_nothing_is_forgotten_while_the_caller_speaks_or_pauses():
    scene = quiet_start()
    for _ in range(5):
        scene.hear(VOICED, 0.9, 1_000).hear(SILENCE, 0.01, 400)
        assert not scene.listener.take_vad_reset()


def test_our_own_voice_is_forgotten_once_it_can_come_back_no_more():
    scene = quiet_start().hear(OURS, 0.01, 2_000, SPEAKING)
    assert not scene.listener.take_vad_reset()
    assert forgotten_after(scene, SILENCE)[0] <= 352


def test_what_was_refused_is_remembered_since_it_comes_again():
    scene = quiet_start().hear(VOICED, 0.1, 600, SPEAKING).hear(SILENCE, 0.01, 200)
    assert scene.kinds() == [VoiceOnset, VoiceDropped]
    assert forgotten_after(scene, SILENCE)[0] > 3_000


def test_silence_is_forgotten_every_few_seconds_on_a_quiet_line_only():
    assert [at // 1_000 for at in forgotten_after(quiet_start(), SILENCE)] == [3, 7]
    assert forgotten_after(quiet_start(), ROOM) == []
