"""The verdict on a sound under verification: voice, echo, noise, or undecided so far.

Rules only, on numbers measured elsewhere. It never ends a verification by itself: the deadline is the
listener's.
"""

from __future__ import annotations

from dataclasses import dataclass

from torim.core.events import Verdict
from torim.core.settings import ListenSettings


@dataclass(frozen=True, slots=True)
class FarEnd:
    """What the other side of the line is doing, as far as the verdict needs it."""

    sounding: bool = False  # AI audio is reaching the caller's ear now
    since_played_ms: int | None = None  # since the last sample was played; None: nothing was
    asked: bool = False  # the AI is idle or has just asked: a short word is an answer


@dataclass(slots=True)
class Sound:
    """What was heard since an onset."""

    began_ms: int
    far_end: FarEnd = FarEnd()  # at the onset: the hold that follows silences the other side
    voice_ms: int = 0  # of the neural VAD, not explained by echo
    pitch_ms: int = 0  # voiced, by its periodicity
    frames: int = 0  # with energy of their own
    echo_frames: int = 0  # of the frames: certainly echo
    speech_peak: float = 0.0
    level_db: float = -96.0  # loudest frame
    echo_peak: float = 0.0
    removing: bool = False  # at the onset our voice was being taken out
    returning: bool = False  # at the onset our voice could be in what was heard
    unknown: bool = False  # at the onset nobody knew whether the line returns our voice
    known: bool = False  # at the onset our voice could be in what was heard, on a line that returns it
    odds: float | None = None  # of the verifier: log-odds of a turn; None while it says nothing
    run_ms: int = 0  # of speech in a row by the neural VAD
    started_ms: int = 0  # when its energy began
    heard_ms: int = 0  # when it was last heard
    again: bool = False  # the second of two short utterances
    insists: bool = False  # a voice that begins a second time
    likely: bool = False  # a turn, as far as was said

    @property
    def echo_share(self) -> float:
        return self.echo_frames / self.frames if self.frames else 0.0


def echo_possible(far_end: FarEnd, settings: ListenSettings) -> bool:
    """Whether our own voice can be in the line at all."""
    if far_end.sounding:
        return True
    return far_end.since_played_ms is not None and far_end.since_played_ms <= settings.echo_window_ms


def voice_needed_ms(sound: Sound, settings: ListenSettings) -> int:
    """How much voice makes a sound sure in its context; a pitch speaks for a voice."""
    far_end = sound.far_end
    if not far_end.sounding:
        possible = sound.returning or echo_possible(far_end, settings)
        return settings.sure_window_ms if possible else settings.sure_idle_ms
    if far_end.asked:
        return settings.sure_asked_ms
    pitched = sound.pitch_ms >= settings.pitch_ms
    return settings.sure_pitched_ms if pitched else settings.sure_over_speech_ms


def judge(sound: Sound, age_ms: int, stopped: bool, settings: ListenSettings) -> Verdict:
    """The verdict so far on a sound that began ``age_ms`` ago and may have ``stopped``."""
    if sound.voice_ms >= voice_needed_ms(sound, settings):
        return Verdict.VOICE
    if is_echo(sound, age_ms, settings):
        return Verdict.ECHO
    if stopped:
        return Verdict.VOICE if _short_word(sound, settings) else Verdict.NOISE
    pitched = sound.pitch_ms >= settings.pitch_ms
    if age_ms >= settings.noise_verdict_ms and sound.speech_peak < settings.speech_min and not pitched:
        return Verdict.NOISE
    return Verdict.UNDECIDED


def is_echo(sound: Sound, age_ms: int, settings: ListenSettings) -> bool:
    """Whether most of a sound was our voice; a word that a canceller let through is not undone by what follows it."""
    if sound.removing and sound.voice_ms >= settings.short_word_ms:
        return False
    return age_ms >= settings.echo_verdict_ms and sound.echo_share >= settings.echo_share


def _short_word(sound: Sound, settings: ListenSettings) -> bool:
    """Whether a sound that ended before it was sure was a word: enough voice, or some voice with a pitch."""
    if sound.removing and sound.echo_share >= settings.echo_share:
        return False
    if sound.voice_ms >= settings.short_word_ms:
        return True
    ours = sound.known or sound.unknown  # a room smears its pitch as well
    return sound.voice_ms > 0 and sound.pitch_ms >= settings.pitch_ms and not ours
