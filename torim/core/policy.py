"""When a held sound becomes a turn: one row for each context, and the sequential decision on the verifier's odds.

Decides verdicts on numbers measured elsewhere; without odds the rules of `torim.core.echo` decide. Evidence of echo
is never overridden: voice counts only where echo does not explain it. A short sound in the middle of a statement is
a matter of length, since an acknowledgement sounds like a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from torim.core import echo
from torim.core.echo import FarEnd, Sound
from torim.core.events import Verdict
from torim.core.settings import ListenSettings

LEARNED, RULES, OFF = "learned", "rules", "off"  # values of `ListenSettings.verification`


class Context(Enum):
    """What a sound came into."""

    IDLE = "nothing of ours sounds"
    WINDOW = "our last sample has just been played"
    ASKED = "the AI is about to end"
    AGAIN = "a second utterance after one that was ignored"
    STATEMENT = "the AI is in the middle of something"


@dataclass(frozen=True, slots=True)
class Row:
    """What a context asks of a sound."""

    turn_from_ms: int  # of the sound's length: a voice that goes on this long is a turn
    drop_from_ms: int  # since the trigger: before, no odds are bad enough
    short_is_turn: bool  # whether a voice that ended before was a turn
    odds_early: float  # that a turn must show before `settled_ms`


def row(context: Context, settings: ListenSettings) -> Row:
    """The table."""
    s = settings
    match context:
        case Context.IDLE | Context.WINDOW:
            return Row(s.turn_quiet_ms, s.drop_quiet_ms, True, s.odds_early)
        case Context.ASKED:
            return Row(s.turn_asked_ms, s.drop_from_ms, True, s.odds_early)
        case Context.AGAIN:
            return Row(s.turn_again_ms, s.drop_from_ms, True, s.odds_short)
        case Context.STATEMENT:
            short_is_turn = s.turn_statement_ms <= s.turn_asked_ms
            return Row(s.turn_statement_ms, s.drop_from_ms, short_is_turn, s.odds_early)


def context_of(far_end: FarEnd, again: bool, settings: ListenSettings) -> Context:
    """What a sound came into, as the other side was when it began."""
    if not far_end.sounding:
        return Context.WINDOW if echo.echo_possible(far_end, settings) else Context.IDLE
    if far_end.asked:
        return Context.ASKED
    return Context.AGAIN if again else Context.STATEMENT


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a sound stands now."""

    age_ms: int  # since the trigger
    length_ms: int  # from its first to its last loud frame
    speech: float  # the neural VAD's newest word
    stopped: bool  # it has been silent for as long as the gate waits


def decide(sound: Sound, at: Moment, settings: ListenSettings) -> Verdict:
    """The verdict so far."""
    if settings.verification == OFF:
        return _commit_all(sound, at, settings)
    if sound.odds is None:
        return echo.judge(sound, at.age_ms, at.stopped, settings)
    if sound.known:
        return _over_echo(sound, at, settings)
    if _second_voice(sound, settings):
        return Verdict.VOICE
    voiced = sound.voice_ms >= settings.voice_least_ms
    if not voiced and echo.is_echo(sound, at.age_ms, settings):
        return Verdict.ECHO
    asks = row(context_of(sound.far_end, sound.again, settings), settings)
    if at.stopped:
        return _of_ended(sound, at, asks, settings)
    if at.age_ms >= asks.drop_from_ms and sound.odds < settings.odds_drop:
        return Verdict.NOISE
    if at.age_ms >= settings.verify_learned_ms:
        return _at_deadline(sound, at, asks, settings)
    least = _odds_asked(sound, at, asks, settings)
    if voiced and at.length_ms >= asks.turn_from_ms and sound.odds >= least and _goes_on(at, asks, settings):
        return Verdict.VOICE
    return Verdict.UNDECIDED


def likely(sound: Sound, at: Moment, settings: ListenSettings) -> bool:
    """Whether an undecided sound that goes on is likelier a turn than not; once it is, until it fades."""
    if sound.odds is None or sound.known or at.age_ms < settings.settled_ms:
        return False
    goes_on = at.speech >= (settings.speech_keep_min if sound.likely else settings.goes_on_min)
    return goes_on and sound.odds >= settings.odds_commit


def _over_echo(sound: Sound, at: Moment, settings: ListenSettings) -> Verdict:
    """On a line that returns our voice: what the rules take for a voice, if its odds there are those of one.

    Length decides nothing: over our own voice a word loses its beginning, and would wait for long.
    """
    verdict = echo.judge(sound, at.age_ms, at.stopped, settings)
    doubtful = sound.odds is not None and sound.odds < settings.odds_over_echo
    if verdict is Verdict.VOICE and doubtful and not _second_voice(sound, settings):
        return Verdict.NOISE if at.stopped else Verdict.UNDECIDED
    return verdict


def _goes_on(at: Moment, asks: Row, settings: ListenSettings) -> bool:
    """Whether a voice is in the middle of something: an acknowledgement of that length fades."""
    return asks.short_is_turn or at.speech >= settings.goes_on_min


def _odds_asked(sound: Sound, at: Moment, asks: Row, settings: ListenSettings) -> float:
    """Of a sound that goes on: the longer its voice, the less."""
    if at.age_ms < settings.settled_ms:
        return asks.odds_early
    long = sound.voice_ms >= settings.long_voice_ms
    return min(asks.odds_early, settings.odds_long if long else settings.odds_commit)


def _at_deadline(sound: Sound, at: Moment, asks: Row, settings: ListenSettings) -> Verdict:
    """A sound that is still there: a voice that goes on is a turn."""
    long = max(at.length_ms, sound.voice_ms) >= min(asks.turn_from_ms, settings.turn_deadline_ms)
    voiced = sound.voice_ms >= settings.voice_least_ms
    if at.speech >= settings.goes_on_min and long and voiced and sound.odds is not None:
        return Verdict.VOICE if sound.odds >= _odds_asked(sound, at, asks, settings) else Verdict.NOISE
    return _of_ended(sound, at, asks, settings)


def _of_ended(sound: Sound, at: Moment, asks: Row, settings: ListenSettings) -> Verdict:
    """A sound that ended before it was decided."""
    pitched = sound.pitch_ms >= settings.pitch_ms
    voiced = sound.voice_ms >= settings.voice_least_ms or (sound.voice_ms > 0 and pitched)
    least = settings.odds_short if asks.short_is_turn else settings.odds_drop
    ours = sound.removing and sound.echo_share >= settings.echo_share
    if ours or not voiced or sound.odds is None or sound.odds < least:
        return Verdict.NOISE
    long = at.length_ms >= settings.turn_ended_ms and sound.odds >= settings.odds_commit
    return Verdict.VOICE if asks.short_is_turn or long else Verdict.SHORT


def _second_voice(sound: Sound, settings: ListenSettings) -> bool:
    """No learned verdict refuses a caller whose voice begins a second time."""
    return sound.insists and sound.run_ms >= settings.insist_voice_ms


def _commit_all(sound: Sound, at: Moment, settings: ListenSettings) -> Verdict:
    """Without verification every held sound is a turn, but for our own voice."""
    if echo.is_echo(sound, at.age_ms, settings):
        return Verdict.ECHO
    heard = at.age_ms >= settings.commit_all_ms and sound.echo_share < settings.echo_share
    return Verdict.VOICE if heard else Verdict.UNDECIDED
