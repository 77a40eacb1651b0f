"""Recordings as the verifier hears them: states of the neural VAD after the listener's own trigger.

Each recording is put on lines that differ in level, noise, band and tilt (one plain, the others drawn from the
recording's name and a number, so that every run gives the same; from the third on it is also said faster or slower,
which makes other voices of few; from the sixth on it is mostly heard from far off, and speech often begins in its
middle, which makes other beginnings of few words), goes through mu-law, and is heard by the product's
front end, VAD and listener (rules only) as over the AI's speech. Questions are opened at the trigger and every
320 ms after it while the sound lasts, as the listener does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.audio.front_end import FrontEnd
from torim.audio.vad import SileroVad
from torim.core.events import VoiceEvent, VoiceOnset
from torim.core.listening import FarEnd, Listener
from torim.core.settings import ListenSettings
from torim.lab.bargein.corpus import Clip, Kind
from torim.lab.leg import Codec, Leg, LegSettings

Floats = NDArray[np.float32]

CLASS_OF = {Kind.TURN: 0, Kind.BACKCHANNEL: 0, Kind.AGENT: 0, Kind.BODY: 1, Kind.NOISE: 2, Kind.MUSIC: 2}
AGES = (2, 4, 7, 12, 18)  # windows of 32 ms since the question was opened
ROLLING_MS = 320
ROLLING_QUESTIONS = 3
LEAD_MS, TAIL_MS = 1_500, 400  # line noise around a recording: adaptive measures have met the line
EARLY_MS = 80  # a trigger this long before the manifest's onset is still the sound's
UNTRIGGERED_MS = 60  # after the onset: where a question is opened for a sound that the listener never noticed
PLAIN_SPEEDS = 2  # variants in which a recording keeps its speed
SPEEDS = (0.8, 1.25)  # of the others
ROOMS = 0.3  # of the drawn lines: heard from some way off
FAR_VARIANTS = 5  # from this one on
FAR_ROOMS = 0.6  # of these: heard from farther off
LATER = 0.5  # of these: speech begins in its middle
LATER_LEAST_MS = 700  # of speech that is long enough for that
FADE_SAMPLES = 80
ROOM_SAMPLES = 4_800
BATCH = 96
OVER_SPEECH = FarEnd(sounding=True, since_played_ms=0)
RULES = replace(ListenSettings(), verification="rules")


@dataclass(slots=True)
class Heard:
    """One recording on one line."""

    clip: Clip
    payload: bytes
    onset_ms: float
    offset_ms: float
    ears: FrontEnd = field(default_factory=FrontEnd)
    listener: Listener = field(default_factory=lambda: Listener(RULES))
    now_ms: int = 0
    trigger_ms: int | None = None
    states: list[tuple[int, Floats]] = field(default_factory=list)

    def frame(self) -> bool:
        """Hear 20 ms; whether a window waits."""
        payload = self.payload[self.now_ms * 8 : self.now_ms * 8 + 160]
        self.now_ms += 20
        self.note(self.listener.frame(self.ears.frame(payload, self.now_ms), OVER_SPEECH, self.now_ms))
        return self.ears.pending()

    @property
    def far_end(self) -> FarEnd:
        """What our own side is doing."""
        return OVER_SPEECH

    def window(self, probability: float) -> None:
        self.note(self.listener.speech(probability, self.far_end, self.now_ms))
        self.states.append((self.now_ms, self.ears.stream.state.copy()))

    @property
    def over(self) -> bool:
        return self.now_ms * 8 >= len(self.payload)

    def note(self, events: Iterable[VoiceEvent]) -> None:
        """Remember when the listener first noticed the recording."""
        if self.trigger_ms is None and self.now_ms >= self.onset_ms - EARLY_MS:
            self.trigger_ms = next((self.now_ms for event in events if isinstance(event, VoiceOnset)), None)

    def examples(self, ages: Sequence[int] = AGES) -> Iterator[tuple[int, int, Floats]]:
        """(number of the question, age in windows, features), for every question and age that the recording has."""
        first_ms = self.onset_ms + UNTRIGGERED_MS if self.trigger_ms is None else self.trigger_ms
        for number in range(1 + ROLLING_QUESTIONS):
            opened_ms = first_ms + number * ROLLING_MS
            if number and opened_ms > self.offset_ms - 100:
                return
            states = [state for at_ms, state in self.states if at_ms > opened_ms]
            for age in ages:
                if age <= len(states):
                    yield number, age, np.concatenate([np.mean(states[:age], axis=0), states[age - 1]])


def hear(clips: Sequence[Clip], variants: Sequence[int]) -> Iterator[Heard]:
    """Every recording on every line, in order."""
    return heard_together(_on_a_line(clip, variant) for clip in clips for variant in variants)


def heard_together(recordings: Iterator[Heard]) -> Iterator[Heard]:
    """The same recordings after they were heard; the VAD runs over many at once."""
    vad = SileroVad()
    while batch := list(islice(recordings, BATCH)):
        live = batch
        while live:
            waiting = [heard for heard in live if heard.frame()]
            for heard, probability in zip(waiting, vad.run([heard.ears for heard in waiting]), strict=True):
                heard.window(probability)
            live = [heard for heard in live if not heard.over]
        yield from batch


def _on_a_line(clip: Clip, variant: int) -> Heard:
    chance = np.random.default_rng(list(hashlib.sha256(f"{clip.name} {variant}".encode()).digest()[:8]))
    far = variant >= FAR_VARIANTS
    if far and CLASS_OF[clip.kind] == 0 and clip.length_ms > LATER_LEAST_MS and chance.random() < LATER:
        clip = _from_its_middle(clip, chance)
    if variant >= PLAIN_SPEEDS:
        clip = at_speed(clip, float(np.exp(chance.uniform(*np.log(SPEEDS)))))
    level_db, noise_db, tilt, codec = -26.0, -62.0, 0.0, Codec.NONE
    if variant:
        level_db, noise_db, tilt = chance.uniform(-40, -14), chance.uniform(-72, -48), chance.uniform(-0.6, 0.6)
        codec = Codec.GSM_LIKE if chance.random() < 0.3 else Codec.NONE
    sound = tilted(clip.at_level(level_db) * 32768, tilt)
    if variant and chance.random() < (FAR_ROOMS if far else ROOMS):
        sound = _in_a_room(sound, chance, far)
    lead = LEAD_MS * 8 + int(chance.integers(0, 256))
    length = -(-(lead + len(sound) + TAIL_MS * 8) // 160) * 160
    line = chance.normal(0, 32768 * 10 ** (noise_db / 20), length)
    line[lead : lead + len(sound)] += sound
    if codec is not Codec.NONE:
        leg = Leg(LegSettings(codec), chance)
        line = np.concatenate([leg.frame(line[at : at + 160]) for at in range(0, length, 160)])
    payload = g711.encode(np.clip(np.rint(line), -32768, 32767).astype(np.int16))
    return Heard(clip, payload, (lead + clip.onset_samples) / 8, (lead + clip.offset_samples) / 8)


def _from_its_middle(clip: Clip, chance: np.random.Generator) -> Clip:
    """The recording without its first part, as if another word began it."""
    length = clip.offset_samples - clip.onset_samples
    first = int(chance.uniform(0.15, 0.6) * length)
    samples = clip.samples[clip.onset_samples + first - FADE_SAMPLES :].copy()
    samples[:FADE_SAMPLES] *= np.linspace(0, 1, FADE_SAMPLES)
    offset = length - first + FADE_SAMPLES
    return replace(clip, samples=samples, onset_samples=FADE_SAMPLES, offset_samples=offset)


def at_speed(clip: Clip, speed: float) -> Clip:
    """The recording played faster or slower: pitch, resonances and pace change together."""
    at = np.arange(int(len(clip.samples) / speed)) * speed
    return replace(
        clip,
        samples=np.interp(at, np.arange(len(clip.samples)), clip.samples),
        onset_samples=int(clip.onset_samples / speed),
        offset_samples=int(clip.offset_samples / speed),
    )


def _in_a_room(sound: NDArray[np.float64], chance: np.random.Generator, far: bool) -> NDArray[np.float64]:
    """The sound and its decaying reverberation, at the same power."""
    decay_samples, direct_db = chance.uniform(300, 1_200), chance.uniform(-3, 9)
    if far:
        decay_samples, direct_db = chance.uniform(400, 2_400), chance.uniform(-9, 6)
    tail = chance.normal(0, 1, ROOM_SAMPLES) * np.exp(-np.arange(ROOM_SAMPLES) / decay_samples)
    tail *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(tail**2))
    heard = sound + np.convolve(np.concatenate([np.zeros(24), sound]), tail)[: len(sound)]
    power = float(np.mean(heard**2))
    return heard * np.sqrt(float(np.mean(sound**2)) / power) if power > 0 else heard


def tilted(sound: NDArray[np.float64], tilt: float) -> NDArray[np.float64]:
    """More bass (tilt above 0) or treble, at the same power."""
    tilted = sound.copy()
    tilted[1:] += tilt * sound[:-1]
    power = float(np.mean(tilted**2))
    return tilted * np.sqrt(float(np.mean(sound**2)) / power) if power > 0 else tilted
