"""Every threshold of the core and the detector: name, unit (in the name), default, and where it comes from.

Nothing in the core compares with a bare number. `describe()` lists all of them for the documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any


def setting(default: Any, why: str) -> Any:
    """A dataclass field with the sentence that justifies its default."""
    return field(default=default, metadata={"why": why})


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Thresholds of the call core."""

    playout_lead_ms: int = setting(200, "jitter reserve where the carrier can clear; peers without one stutter")
    playout_lead_unclearable_ms: int = setting(40, "what cannot be cleared is heard: keep it short")
    playout_start_ms: int = setting(120, "speech begins with this much in hand; an engine at 1x stutters without")
    playout_chunk_ms: int = setting(60, "three frames a message: a third of the wake-ups, still a fine clear")
    mark_every_ms: int = setting(240, "fine enough to correct the clock, cheap enough to send")
    echo_window_ms: int = setting(350, "speech this soon after the last played sample is verified")
    verify_max_ms: int = setting(
        820, "the detector has decided by then (`verify_learned_ms`): a hold whose verdict is lost goes on"
    )
    hold_silence_max_ms: int = setting(350, "longer silence sounds like a dropped call: go on ducked")
    hold_silence_likely_ms: int = setting(
        500, "the same of a sound that goes on and is likely a turn: nobody hears us flicker between hold and cut"
    )
    duck_db: int = setting(-15, "clearly lower, still intelligible")
    greeting_lock_max_ms: int = setting(15_000, "a greeting that never ends must not lock the caller out")
    commit_wait_ms: int = setting(300, "the engine's own commit usually follows the local endpoint within this")
    commit_answer_ms: int = setting(1_000, "our own commit is answered within a round trip; then go on anyway")
    endpoint_dispute_ms: int = setting(
        1_500, "the engine committed and hears nothing more: its endpoint wins over ours"
    )
    engine_creates_wait_ms: int = setting(1_500, "an engine that creates by itself has done so by then")
    last_words_ms: int = setting(500, "in the AI's last half second a short word is an answer")
    max_turn_ms: int = setting(20_000, "a turn longer than this is committed; background must not hold it open")
    wordless_turns_max: int = setting(3, "as many refusals in a row lead out of the tools, too")
    created_overdue_ms: int = setting(5_000, "an engine that has not begun by then has lost the request")
    cancel_overdue_ms: int = setting(2_000, "response.done follows a cancel within a round trip")
    progress_overdue_ms: int = setting(8_000, "a live response that says nothing for this long is lost")
    retries_max: int = setting(2, "two more tries; a third failure is an outage")
    retry_delay_ms: int = setting(500, "long enough for a rate limit's first step, short for a caller")
    voice_before_create_ms: int = setting(
        200, "a response the engine made over a caller heard this recently is unwanted"
    )
    false_item_wait_ms: int = setting(2_000, "a transcript that has not come by then will hardly matter")
    unconfirmed_wait_ms: int = setting(
        800, "what only the engine heard is a turn by its words, most of which have come by then; without any it is one"
    )
    item_margin_ms: int = setting(1_000, "an engine's item begins some 300 ms before a sound and ends some 500 after")
    digits_gap_ms: int = setting(2_000, "a number is over when no key follows for this long")
    idle_prompt_ms: int = setting(10_000, "mutual silence after which a person would ask")
    moment_ms: int = setting(1_900, "a caller who waits in silence hears why within two seconds")
    moment_least_ms: int = setting(1_000, "silence before a wait began counts, but not more than an endpoint takes")
    farewell_ms: int = setting(3_000, "a goodbye without a sound by then is said without the engine")
    hang_up_after_ms: int = setting(500, "a breath after the last word before the line closes")
    closing_max_ms: int = setting(20_000, "a goodbye that cannot be said must not keep the line open")
    closing_connect_ms: int = setting(5_000, "nobody says goodbye without an engine: then the carrier apologises")
    linger_ms: int = setting(3_000, "how long the engine link stays up for the last transcription")
    max_call_ms: int = setting(30 * 60 * 1000, "a receptionist's call is over by then")
    reconnects_max: int = setting(3, "each with a longer pause; then the fall-back")
    link_steady_ms: int = setting(10_000, "a link that held this long was sound; its loss is a new incident")
    reconnect_delay_ms: int = setting(250, "first pause before connecting again; doubled each time")


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Thresholds of the local detector (`audio/gate.py`, `core/listening.py`, `core/echo.py`, `core/policy.py`)."""

    absolute_floor_db: float = setting(-52.0, "quiet lines: comfort noise lies below, a soft caller above")
    gate_margin_db: float = setting(10.0, "above the line's own noise; 6 dB opens on its fluctuations")
    floor_window_ms: int = setting(1_600, "speech dips to the floor within this, steady noise does not")
    arm_hangover_ms: int = setting(200, "bridges the closure of a stop consonant and the lag of the neural VAD")
    tone_share: float = setting(0.9, "a key's two tones hold over 98 % of its energy; no voice does at their pitches")
    speech_min: float = setting(0.5, "knee of the measured latency against false alarms")
    speech_keep_min: float = setting(0.35, "hysteresis: a voice goes on while at or above this")
    unarmed_level_db: float = setting(-56.0, "a faint voice is above this; line noise after digital silence is not")
    unarmed_windows: int = setting(3, "a voice below the energy gate still counts after three windows")
    active_hold_ms: int = setting(60, "the neural VAD goes on for a while after a sound: later is not evidence")
    rest_after_ms: int = setting(1_000, "without speech: the memory of the neural VAD has settled on a quiet line")
    vad_reset_voice_ms: int = setting(320, "stillness after which the neural VAD forgets a turn, or our own voice")
    vad_reset_silence_ms: int = setting(4_000, "the same of silence: after eight seconds words have the odds of noise")
    voicing_min: float = setting(0.65, "periodicity of voice; white noise reaches 0.2, a hum or a bark passes too")
    voiced_arm_ms: int = setting(
        60, "energy with voicing for this long needs no word of the neural VAD: p90 108 to 95 ms"
    )
    voiced_arm_share: float = setting(0.5, "of the frames since arming that must be voiced")
    onset_back_max_ms: int = setting(300, "an onset is dated back to where the energy began, at most this far")
    echo_min: float = setting(0.32, "likeness to what was played; nineteen of twenty echoes, a caller in one of thirty")
    echo_margin_db: float = setting(6.0, "a sound this much above the loudest echo to expect is not only echo")
    echo_sure_min: float = setting(0.5, "reached by a caller alone in one of a hundred: most of this is echo")
    echo_certain_min: float = setting(0.8, "echo at whatever level: the caller changed to the loudspeaker")
    echo_sure_margin_db: float = setting(12.0, "what is surely echo may be this much louder than expected")
    echo_window_ms: int = setting(350, "speech this soon after the last played sample may be echo")
    echo_faint_db: float = setting(-40.0, "a sound this faint is likelier echo: on a line not known yet, or if like us")
    cancel_echo: bool = setting(True, "where the canceller is installed, on lines that return our voice")
    echo_left_min: float = setting(0.3, "likeness of what a canceller left over; a caller stays below in nine of ten")
    echo_left_margin_db: float = setting(3.0, "residues are below the echo; a sound this much above it is a caller")
    echo_left_db: float = setting(-10.0, "against the echo: what is below after cancelling is residue")
    echo_dust_db: float = setting(-50.0, "what a canceller lets through of a caller is louder")
    sure_idle_ms: int = setting(64, "nothing sounds: a wrong turn costs little, a missed word much")
    sure_asked_ms: int = setting(96, "a short answer is expected")
    sure_window_ms: int = setting(96, "in the echo window a sure voice cuts at once")
    sure_over_speech_ms: int = setting(160, "over the AI's speech: a short word passes, a burst does not")
    sure_pitched_ms: int = setting(128, "over the AI's speech, with a pitch: coughs and bursts have none")
    pitch_ms: int = setting(80, "of periodic sound that counts as having a pitch")
    short_word_ms: int = setting(96, "a sound that ended is a word if this much of it was voice")
    echo_verdict_ms: int = setting(160, "earliest verdict of echo: one and a half windows of likeness")
    echo_share: float = setting(0.5, "of the frames since the onset that must look like echo")
    noise_verdict_ms: int = setting(300, "no word of the neural VAD by then: noise")
    verify_max_ms: int = setting(560, "an open question is dropped; a second trigger starts anew")
    verify_learned_ms: int = setting(
        760, "with the verifier; the AI is lowered until then, never at full level under an open question"
    )
    verification: str = setting(
        "learned", "learned, rules (also where weights are missing), or off: every hold is a cut"
    )
    commit_all_ms: int = setting(64, "without verification: every held sound is a turn from then on")
    odds_drop: float = setting(
        -3.0, "log-odds of a turn below which a hold is dropped; -1 refuses callers, wins nothing"
    )
    odds_commit: float = setting(1.5, "log-odds above which a voice is a turn once its context's time has passed")
    odds_long: float = setting(0.0, "the same of a long voice: fewer callers refused for twice as many coughs taken")
    long_voice_ms: int = setting(512, "of voice: one cough in ten has so much")
    odds_early: float = setting(2.5, "log-odds that a turn must show while coughs are not all known yet")
    settled_ms: int = setting(320, "since the trigger: what the odds say later hardly changes")
    odds_short: float = setting(-1.0, "of a word that has ended where one is expected: a lost word costs more")
    odds_over_echo: float = setting(
        0.5, "of what the rules take for a voice where our own comes back: one cough in four stops us, not six in seven"
    )
    odds_hold: float = setting(-1.0, "no hold while the odds since the gate armed are below: noises hold twice less")
    odds_hold_spoken: float = setting(-3.0, "the same, once the neural VAD has heard speech for two windows")
    odds_wary: float = setting(1.0, "what each hold that lately proved false adds to it: this line makes noises")
    odds_hold_max: float = setting(0.0, "the most that is asked for")
    wary_ms: int = setting(10_000, "how long a false hold is remembered")
    odds_anew: float = setting(2.0, "of a sound that goes on after a drop: it has been refused once")
    drop_from_ms: int = setting(96, "three windows; fewer refuse one turn in ten")
    drop_quiet_ms: int = setting(320, "nothing is held up by waiting while the AI is silent")
    turn_quiet_ms: int = setting(160, "AI silent: a wrong turn costs an apology; coughs are known by 200 ms")
    turn_asked_ms: int = setting(200, "an answer is expected: as soon as coughs are known")
    turn_again_ms: int = setting(100, "of the second of two short utterances: the caller means it")
    goes_on_min: float = setting(
        0.9, "speech by the neural VAD then: at 0.7 half as many acknowledgements more, few turns"
    )
    length_depth_db: float = setting(25.0, "a word's length is that of what lies within this of its loudest frame")
    turn_statement_ms: int = setting(
        400, "in mid-statement, while the voice goes on: most acknowledgements have faded by then"
    )
    turn_ended_ms: int = setting(640, "in mid-statement, of what has ended: acknowledgements are shorter")
    turn_deadline_ms: int = setting(400, "at the deadline: of voice or length, while the voice goes on")
    voice_least_ms: int = setting(64, "voice by the neural VAD that a turn must hold, whatever the odds")
    rolling_ms: int = setting(320, "after a drop the question is asked anew at this interval")
    anew_ms: int = setting(192, "six windows of the new question before it can be answered with yes")
    same_event_ms: int = setting(500, "coughs of one fit are closer together")
    insist_within_ms: int = setting(3_000, "whose voice begins a second time within this means it")
    insist_voice_ms: int = setting(96, "speech by the neural VAD in a row that counts as a second beginning")
    background_db: float = setting(30.0, "a voice this much below the caller's loudest is somebody else's")
    endpoint_ms: int = setting(500, "silence that ends a turn; pauses inside numbers reach 220 ms")


PATIENCE: Mapping[str, Mapping[str, Any]] = {
    "quick": {"turn_statement_ms": 200, "odds_drop": -4.0, "odds_early": 1.0, "odds_commit": 0.5, "odds_short": -2.0},
    "balanced": {},
    "patient": {
        "turn_statement_ms": 560,
        "odds_drop": -2.0,
        "odds_early": 3.5,
        "odds_commit": 2.5,
        "odds_short": 0.5,
        "turn_asked_ms": 320,
        "turn_quiet_ms": 320,
    },
}


def listen_settings(patience: str = "balanced") -> ListenSettings:
    """The thresholds of a way to listen: quick, balanced or patient."""
    return replace(ListenSettings(), **PATIENCE[patience])


def describe(group: type[TurnSettings] | type[ListenSettings]) -> Iterator[tuple[str, Any, str]]:
    """Yield (name, default, why) of every threshold in a group, in order."""
    for item in fields(group):
        yield item.name, item.default, item.metadata["why"]
