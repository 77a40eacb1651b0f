"""The sequential decision on the verifier's odds: contexts, lengths, second voices, and the ways to switch it off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from torim.core.echo import FarEnd, Sound
from torim.core.events import Verdict, VoiceDropped, VoiceEnded, VoiceEvent, VoiceLeans, VoiceOnset, VoiceSure
from torim.core.listening import Listener, ListenState, Measure
from torim.core.policy import Context, Moment, context_of, decide, row
from torim.core.settings import PATIENCE, ListenSettings, TurnSettings, listen_settings

SETTINGS = ListenSettings()
SPEAKING = FarEnd(sounding=True, since_played_ms=0)
ASKED = FarEnd(sounding=True, since_played_ms=0, asked=True)
JUST_SPOKE = FarEnd(since_played_ms=100)
IDLE = FarEnd(asked=True)

SILENCE = Measure(level_db=-62, floor_db=-62)
VOICE = Measure(level_db=-25, floor_db=-62, armed=True, active=True, voicing=0.9)
LIKE_US = Measure(-25, -62, armed=True, active=True, voicing=0.9, echo=0.9, echo_db=-20, echo_known=True)
# The hiss of a "ks": soft, and by chance a little like what was played. The line returned nothing so far.
HUSH = Measure(level_db=-60, floor_db=-62, armed=True)  # between two words
HISS = Measure(-53, -62, armed=True, active=False, voicing=0.2, echo=0.45, echo_db=-55)


class Call:
    """A listener with a verifier: frames of 20 ms, the VAD's and the verifier's word after two of three."""

    def __init__(self, settings: ListenSettings = SETTINGS) -> None:
        self.listener = Listener(settings)
        self.now_ms = 0
        self.said: list[tuple[int, VoiceEvent]] = []
        self.hear(SILENCE, 0.01, None, 1_000, IDLE)

    def hear(self, measure: Measure, speech: float, odds: float | None, ms: int, far_end: FarEnd) -> Call:
        for _ in range(ms // 20):
            self.now_ms += 20
            events = self.listener.frame(measure, far_end, self.now_ms)
            if self.now_ms * 8 // 256 > (self.now_ms - 20) * 8 // 256:
                answer = odds if self.listener.question else None
                events += self.listener.speech(speech, far_end, self.now_ms, answer)
            self.said += [(self.now_ms, event) for event in events]
        return self

    def word(self, odds: float, ms: int, far_end: FarEnd, pause_ms: int = 700) -> Call:
        return self.hear(VOICE, 0.95, odds, ms, far_end).hear(SILENCE, 0.02, odds, pause_ms, far_end)

    def kinds(self) -> list[type]:
        """Everything that was said but how it leaned meanwhile."""
        return [type(event) for _, event in self.said if not isinstance(event, VoiceLeans)]

    def delay(self, kind: type, since_ms: int = 1_000) -> int:
        return next(at for at, event in self.said if isinstance(event, kind) and at > since_ms) - since_ms

    def verdicts(self) -> list[Verdict]:
        return [event.verdict for _, event in self.said if isinstance(event, VoiceDropped)]


def test_a_long_voice_needs_less_than_a_short_one():
    """What is still speech after half a second is refused on bad odds only."""
    doubtful = SETTINGS.odds_commit - 0.5
    at = Moment(age_ms=SETTINGS.settled_ms, length_ms=600, speech=0.95, stopped=False)
    short = Sound(0, SPEAKING, voice_ms=SETTINGS.long_voice_ms - 32, odds=doubtful)
    assert decide(short, at, SETTINGS) is Verdict.UNDECIDED
    assert decide(replace(short, voice_ms=SETTINGS.long_voice_ms), at, SETTINGS) is Verdict.VOICE
    refused = replace(short, voice_ms=SETTINGS.long_voice_ms, odds=SETTINGS.odds_long - 0.5)
    assert decide(refused, at, SETTINGS) is Verdict.UNDECIDED


@pytest.mark.parametrize("returning", [False, True])
def test_on_a_line_that_returns_nothing_a_chance_likeness_speaks_against_nobody(returning: bool):
    like_us = VOICE._replace(echo=0.4, echo_db=-55, returning=returning)
    call = Call().hear(VOICE, 0.95, 4.0, 200, SPEAKING).hear(like_us, 0.95, 4.0, 300, SPEAKING)
    assert (VoiceSure in call.kinds()) is not returning


# --- what is a turn ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("far_end", [IDLE, JUST_SPOKE, ASKED])
def test_a_short_word_is_a_turn_wherever_the_ai_is_not_in_the_middle_of_something(far_end: FarEnd):
    call = Call().word(4.0, 300, far_end)
    assert call.kinds()[:2] == [VoiceOnset, VoiceSure]
    assert call.delay(VoiceSure) <= 290


def test_a_short_word_in_mid_statement_is_held_and_let_go():
    call = Call().word(4.0, 320, SPEAKING)
    assert call.kinds() == [VoiceOnset, VoiceDropped]
    assert call.verdicts() == [Verdict.SHORT]


def test_a_short_word_is_an_answer_when_the_engine_turns_out_to_have_ended():
    """An engine that speaks in real time says only during the hold that what is held was its last."""
    call = Call().hear(VOICE, 0.95, 4.0, 200, SPEAKING).hear(VOICE, 0.95, 4.0, 120, IDLE)
    call.hear(SILENCE, 0.02, 4.0, 700, IDLE)
    assert call.kinds()[:2] == [VoiceOnset, VoiceSure]


def test_a_voice_that_goes_on_in_mid_statement_is_a_turn_before_600_ms():
    call = Call().word(4.0, 900, SPEAKING)
    assert call.kinds() == [VoiceOnset, VoiceSure, VoiceEnded]
    assert 400 <= call.delay(VoiceSure) <= 600


@pytest.mark.parametrize("patience", PATIENCE)
@pytest.mark.parametrize("odds", [None, -0.5, 1.2])
def test_the_listener_has_decided_before_the_core_goes_on_without_a_verdict(patience: str, odds: float | None):
    """Lowered until decided: the AI is never at full level while the question is still open."""
    murmur = VOICE._replace(voicing=0.2)
    call = Call(listen_settings(patience)).hear(murmur, 0.6, odds, 1_500, SPEAKING)
    onset_ms = call.delay(VoiceOnset)
    decided_ms = next(at for at, event in call.said if isinstance(event, VoiceDropped | VoiceSure)) - 1_000
    assert decided_ms - onset_ms < TurnSettings().verify_max_ms - 20  # of the next frame


def test_an_acknowledgement_of_the_same_length_that_fades_is_none():
    """At that length both are there; a voice in the middle of something is sure, the end of a word is not."""
    almost_ms = SETTINGS.turn_statement_ms - 40
    call = Call().hear(VOICE, 0.95, 4.0, almost_ms, SPEAKING).hear(VOICE, 0.6, 4.0, 120, SPEAKING)
    call.hear(SILENCE, 0.02, 4.0, 700, SPEAKING)
    assert call.kinds() == [VoiceOnset, VoiceDropped]
    assert call.verdicts() == [Verdict.SHORT]


def test_a_long_word_is_a_turn_when_it_has_ended():
    call = Call().hear(VOICE, 0.95, 4.0, 300, SPEAKING).hear(VOICE, 0.6, 4.0, 380, SPEAKING)
    call.hear(SILENCE, 0.02, 4.0, 700, SPEAKING)
    assert call.kinds()[:2] == [VoiceOnset, VoiceSure]
    assert call.delay(VoiceSure) <= 1_000


def test_a_second_word_within_the_verification_is_a_turn_at_once():
    """Digits, or yes and no: one short word alone would have been an acknowledgement."""
    call = Call().hear(VOICE, 0.95, 4.0, 300, SPEAKING).hear(HUSH, 0.2, 4.0, 160, SPEAKING)
    call.hear(VOICE, 0.95, 4.0, 300, SPEAKING)
    assert call.kinds() == [VoiceOnset, VoiceSure]
    assert call.delay(VoiceSure) <= 540


@pytest.mark.parametrize("far_end", [IDLE, ASKED])
def test_what_is_only_likely_to_be_a_word_is_heard_a_little_longer(far_end: FarEnd):
    sure, likely = Call().word(4.0, 600, far_end), Call().word(1.8, 600, far_end)
    assert sure.delay(VoiceSure) <= 240
    assert 320 <= likely.delay(VoiceSure) <= 420
    assert VoiceSure not in Call().word(-1.5, 600, far_end).kinds()


def test_two_short_utterances_within_three_seconds_are_a_turn():
    call = Call().word(4.0, 320, SPEAKING).word(4.0, 320, SPEAKING)
    assert call.kinds()[:4] == [VoiceOnset, VoiceDropped, VoiceOnset, VoiceSure]


def test_the_second_of_two_is_forgotten_after_three_seconds():
    call = Call().word(4.0, 320, SPEAKING, pause_ms=4_000).word(4.0, 320, SPEAKING)
    assert VoiceSure not in call.kinds()


# --- what is not ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("far_end", [SPEAKING, ASKED])
def test_a_cough_is_dropped_within_160_ms(far_end: FarEnd):
    call = Call().hear(VOICE, 0.9, -5.0, 60, far_end)
    call = call if call.said else call.hear(VOICE, 0.9, -2.5, 40, far_end)
    call.hear(VOICE, 0.9, -5.0, 240, far_end)
    assert call.kinds()[:2] == [VoiceOnset, VoiceDropped]
    assert call.delay(VoiceDropped) - call.delay(VoiceOnset) <= 160


def test_a_sound_that_was_refused_is_not_even_held_when_it_comes_again():
    call = Call().hear(VOICE, 0.2, -6.0, 300, SPEAKING).hear(SILENCE, 0.02, -6.0, 700, SPEAKING)
    assert call.kinds() == [VoiceOnset, VoiceDropped]
    call.hear(VOICE, 0.2, -6.0, 300, SPEAKING)
    assert call.kinds() == [VoiceOnset, VoiceDropped]


def test_a_sound_without_speech_must_show_better_odds_to_be_held():
    unvoiced = VOICE._replace(voicing=0.2)
    voiced = Call().hear(unvoiced, 0.2, -2.0, 60, SPEAKING).hear(VOICE, 0.2, -2.0, 200, SPEAKING)
    spoken = Call().hear(unvoiced, 0.95, -2.0, 60, SPEAKING).hear(VOICE, 0.95, -2.0, 200, SPEAKING)
    assert voiced.kinds() == []
    assert spoken.kinds() == [VoiceOnset]
    assert spoken.delay(VoiceOnset) <= 120


def test_while_the_ai_is_silent_every_sound_is_judged():
    """It holds up nothing, and an engine that takes a cough for speech is told what it was."""
    call = Call().hear(VOICE._replace(voicing=0.2), 0.2, -5.0, 60, IDLE).hear(VOICE, 0.2, -5.0, 600, IDLE)
    assert call.kinds()[:2] == [VoiceOnset, VoiceDropped]


def test_a_line_that_makes_noises_must_show_better_odds():
    call = Call()
    for _ in range(5):
        call.hear(VOICE, 0.9, -2.9, 120, SPEAKING).hear(VOICE, 0.2, -5.0, 200, SPEAKING)
        call.hear(SILENCE, 0.02, -5.0, 300, SPEAKING)
    held = call.kinds().count(VoiceOnset)
    assert 1 <= held <= 3, "then the same sound is let pass"
    call.hear(SILENCE, 0.02, None, 600, SPEAKING).word(3.0, 900, SPEAKING)
    assert VoiceSure in call.kinds(), "but a voice is heard as ever"


def test_more_of_what_was_refused_is_said_to_be_refused():
    """So that an engine's turn over a long cough, while the AI is silent, is known for what it is."""
    call = Call().hear(VOICE, 0.9, -2.5, 40, IDLE).hear(VOICE, 0.9, -5.0, 1_500, IDLE)
    call.hear(SILENCE, 0.02, -5.0, 400, IDLE)
    assert call.kinds()[0] is VoiceOnset and VoiceSure not in call.kinds()
    ended = [event.audio_ms for _, event in call.said if isinstance(event, VoiceDropped)]
    assert len(ended) > 1 and ended[-1] >= 2_400


# --- what protects the caller -----------------------------------------------------------------------------


def test_a_voice_that_begins_a_second_time_cannot_be_refused():
    call = Call().hear(VOICE, 0.9, -2.5, 80, SPEAKING).hear(VOICE, 0.9, -5.0, 200, SPEAKING)
    call.hear(SILENCE, 0.02, -5.0, 700, SPEAKING)
    assert VoiceSure not in call.kinds()
    since_ms = call.now_ms
    call.hear(VOICE, 0.9, -5.0, 300, SPEAKING)
    assert call.delay(VoiceSure, since_ms) <= 200


def test_coughs_less_than_half_a_second_apart_are_one_event():
    call = Call()
    for _ in range(4):
        call.hear(VOICE, 0.9, -2.5, 80, SPEAKING).hear(VOICE, 0.9, -5.0, 200, SPEAKING)
        call.hear(SILENCE, 0.02, -5.0, 300, SPEAKING)
    assert VoiceSure not in call.kinds()


def test_a_fit_of_coughs_is_one_event_however_long_it_lasts():
    call = Call().hear(VOICE, 0.9, -2.5, 80, SPEAKING).hear(VOICE, 0.9, -5.0, 200, SPEAKING)
    for _ in range(5):
        call.hear(VOICE, 0.4, -5.0, 100, SPEAKING).hear(SILENCE, 0.02, -5.0, 300, SPEAKING)
    call.hear(VOICE, 0.9, -5.0, 300, SPEAKING)
    assert VoiceSure not in call.kinds()


def test_a_caller_who_was_refused_and_goes_on_is_heard_after_all():
    call = Call().hear(VOICE, 0.9, -2.5, 40, SPEAKING).hear(VOICE, 0.9, -4.0, 160, SPEAKING)
    assert call.kinds() == [VoiceOnset, VoiceDropped]
    call.hear(VOICE, 0.9, 3.0, 600, SPEAKING)
    assert VoiceSure in call.kinds()
    assert call.delay(VoiceSure) <= 800


# --- echo -------------------------------------------------------------------------------------------------


def test_the_verifier_never_overrides_echo():
    call = Call().hear(LIKE_US, 0.95, 9.0, 3_000, SPEAKING)
    assert VoiceSure not in call.kinds()


def test_a_soft_hiss_on_a_line_without_echo_is_no_evidence_of_echo():
    """'Excuse me': the hiss in it is a little like anything."""
    call = Call().hear(VOICE, 0.9, 3.0, 80, SPEAKING).hear(HISS, 0.8, 3.0, 120, SPEAKING)
    call.hear(VOICE, 0.9, 3.0, 500, SPEAKING)
    assert call.kinds() == [VoiceOnset, VoiceSure]


# --- switches ---------------------------------------------------------------------------------------------


def test_switched_off_every_held_voice_is_a_turn_after_64_ms():
    call = Call(replace(SETTINGS, verification="off")).hear(VOICE, 0.9, -9.0, 400, SPEAKING)
    assert call.kinds()[:2] == [VoiceOnset, VoiceSure]
    assert call.delay(VoiceSure) - call.delay(VoiceOnset) <= 80


def test_by_rules_the_odds_mean_nothing():
    by_rules, without = Call(replace(SETTINGS, verification="rules")), Call()
    by_rules.hear(VOICE, 0.9, -9.0, 600, SPEAKING)
    without.hear(VOICE, 0.9, None, 600, SPEAKING)
    assert by_rules.kinds() == without.kinds() == [VoiceOnset, VoiceSure]
    assert by_rules.delay(VoiceSure) <= 200


def test_every_way_to_listen_is_a_set_of_known_thresholds():
    assert set(PATIENCE) == {"quick", "balanced", "patient"}
    quick, balanced, patient = map(listen_settings, ("quick", "balanced", "patient"))
    assert balanced == ListenSettings()
    assert quick.odds_commit < balanced.odds_commit < patient.odds_commit
    assert quick.turn_statement_ms < balanced.turn_statement_ms <= patient.turn_statement_ms


def test_the_quick_one_obeys_a_short_word_in_mid_statement():
    call = Call(listen_settings("quick")).word(4.0, 320, SPEAKING)
    assert call.kinds()[:2] == [VoiceOnset, VoiceSure]
    assert call.delay(VoiceSure) <= 300


# --- the table --------------------------------------------------------------------------------------------


def test_contexts():
    found = [context_of(far_end, False, SETTINGS) for far_end in (IDLE, JUST_SPOKE, ASKED, SPEAKING)]
    assert found == [Context.IDLE, Context.WINDOW, Context.ASKED, Context.STATEMENT]
    assert context_of(SPEAKING, True, SETTINGS) is Context.AGAIN


def test_only_the_middle_of_a_statement_asks_for_length():
    assert [c for c in Context if not row(c, SETTINGS).short_is_turn] == [Context.STATEMENT]
    assert all(row(c, SETTINGS).turn_from_ms <= 200 for c in Context if c is not Context.STATEMENT)


@pytest.mark.parametrize(
    ("odds", "voice_ms", "expected"),
    [
        (2.0, 200, Verdict.VOICE),
        (1.0, 200, Verdict.UNDECIDED),
        (2.0, 32, Verdict.UNDECIDED),
        (-4.0, 200, Verdict.NOISE),
    ],
)
def test_the_odds_decide_once_the_time_has_come(odds: float, voice_ms: int, expected: Verdict):
    sound = Sound(0, SPEAKING, voice_ms=voice_ms, odds=odds, frames=20)
    assert decide(sound, Moment(540, 540, 0.95, False), SETTINGS) is expected


def test_on_a_line_that_returns_our_voice_length_does_not_count_and_the_odds_do():
    """Over our own voice a word loses its beginning; a cough has a voice to the rules, but not the odds of one."""
    sound = Sound(0, SPEAKING, voice_ms=160, pitch_ms=100, frames=8, speech_peak=0.9, known=True)
    at, least = Moment(180, 160, 0.95, False), SETTINGS.odds_over_echo
    assert decide(replace(sound, odds=least), at, SETTINGS) is Verdict.VOICE
    assert decide(replace(sound, odds=least - 0.1), at, SETTINGS) is Verdict.UNDECIDED
    assert decide(replace(sound, odds=least - 0.1), replace(at, stopped=True), SETTINGS) is Verdict.NOISE
    assert decide(replace(sound, odds=least, known=False), at, SETTINGS) is Verdict.UNDECIDED


def test_over_our_echo_too_a_voice_that_begins_a_second_time_is_a_turn_whatever_the_odds():
    sound = Sound(0, SPEAKING, voice_ms=160, pitch_ms=100, frames=8, speech_peak=0.9, known=True, odds=-4.0)
    at = Moment(180, 160, 0.95, False)
    again = replace(sound, insists=True, run_ms=SETTINGS.insist_voice_ms)
    assert decide(sound, at, SETTINGS) is Verdict.UNDECIDED
    assert decide(again, at, SETTINGS) is Verdict.VOICE
    assert decide(replace(again, echo_frames=8, voice_ms=0), at, SETTINGS) is Verdict.ECHO


def test_what_is_heard_over_our_own_voice_is_asked_of_the_verifier_for_it():
    """From the trigger on, until it is decided: our voice is gone soon after, what it left in the state is not."""
    over_us = VOICE._replace(echo=0.1, echo_db=-45, echo_known=True, returning=True)
    listener = Call().hear(over_us, 0.95, 1.0, 60, SPEAKING).listener
    assert listener.over_echo
    listener.frame(VOICE._replace(echo_known=True), JUST_SPOKE, 1_080)
    assert listener.state is ListenState.VERIFYING and listener.over_echo
    assert not Call().hear(VOICE, 0.95, 1.0, 60, SPEAKING).listener.over_echo


# --- what is likely while it is not decided -----------------------------------------------------------------


def leanings(call: Call) -> list[bool]:
    return [event.likely for _, event in call.said if isinstance(event, VoiceLeans)]


def test_a_voice_that_goes_on_is_said_to_be_likely_a_turn_before_it_is_one():
    call = Call().hear(VOICE, 0.95, 4.0, 700, SPEAKING)
    assert leanings(call) == [True]
    assert call.delay(VoiceLeans) < call.delay(VoiceSure)


def test_what_fades_before_it_is_decided_is_likely_no_longer():
    call = Call().hear(VOICE, 0.95, 4.0, SETTINGS.turn_statement_ms - 40, SPEAKING)
    call.hear(HUSH, 0.02, 4.0, 100, SPEAKING)
    assert leanings(call) == [True, False]


@pytest.mark.parametrize("odds", [-2.0, 0.5])
def test_a_doubtful_sound_is_not_said_to_be_likely(odds: float):
    assert leanings(Call().hear(VOICE, 0.95, odds, 400, SPEAKING)) == []
