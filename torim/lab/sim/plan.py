"""What one simulated call is made of, drawn from its seed: the line, the engine's temper, the caller's deeds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from torim.core.settings import TurnSettings

WORDS = "I would like to book"


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound of the caller: true voice, or a noise that the detector drops or never judges."""

    start_ms: int
    length_ms: int
    voice: bool
    judged_after_ms: int  # from the onset; beyond the length a noise stays unjudged
    faint: bool = False  # only the engine hears it
    words: str | None = WORDS  # what the engine writes down; None: it fails
    words_after_ms: int = 300  # from the commit

    @property
    def may_be_answered(self) -> bool:
        """Whether a reply to it is none too many."""
        too_late = self.words_after_ms >= TurnSettings().unconfirmed_wait_ms
        return self.voice or (self.faint and (self.words != "" or too_late))


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything random about one call."""

    seed: int
    down_ms: int
    up_ms: int
    jitter_ms: int
    engine_ms: int  # one way
    speed: int  # generation, times real time
    detects_turns: bool
    misses_turns: bool  # its detector never hears this caller
    can_clear: bool
    can_mark: bool
    greeting_lock: bool
    barge_in_enabled: bool
    sounds: tuple[Sound, ...]
    keys: tuple[tuple[int, str], ...]
    hang_up_ms: int
    faults: tuple[str, ...]  # what the engine does to its n-th response; "" is nothing

    @property
    def faultless(self) -> bool:
        """Whether the engine behaves; running a tool is good behaviour."""
        return not any(fault in FAULTS for fault in self.faults)


FAULTS = (
    "no_audio",
    "failed",
    "incomplete",
    "never_done",
    "never_created",
    "rate_limit",
    "late_deltas",
    "link_lost",
    "cancelled_by_engine",
)


def draw(seed: int, faults: bool) -> Plan:
    """The plan of a seed."""
    chance, faint = Random(seed), Random(f"faint {seed}")
    jitter_ms = chance.choice((0, 0, 5, 20))
    delay_ms = chance.choice((0, 20, 60, 120))
    return Plan(
        seed=seed,
        down_ms=delay_ms,
        up_ms=delay_ms,
        jitter_ms=jitter_ms if delay_ms else 0,
        engine_ms=chance.choice((1, 20, 50, 150)),
        speed=chance.choice((1, 4, 20)),
        detects_turns=chance.random() < 0.85,
        misses_turns=chance.random() < 0.1,
        can_clear=chance.random() < 0.9,
        can_mark=chance.random() < 0.9,
        greeting_lock=chance.random() < 0.5,
        barge_in_enabled=chance.random() < 0.9,
        sounds=tuple(_faintly(faint, sound) for sound in _sounds(chance)),
        keys=_keys(chance),
        hang_up_ms=chance.randrange(9_000, 17_000),
        faults=tuple(_fault(chance, faults) for _ in range(8)),
    )


def _fault(chance: Random, faults: bool) -> str:
    if chance.random() < 0.15:
        return "tool"
    return chance.choice(FAULTS) if faults and chance.random() < 0.3 else ""


def _faintly(chance: Random, sound: Sound) -> Sound:
    """The same sound or, now and then, one that only the engine hears."""
    if chance.random() > 0.15:
        return sound
    words = chance.choice((WORDS, WORDS, None)) if sound.voice else chance.choice(("", "", "", "Mm.", None))
    return replace(sound, faint=True, words=words, words_after_ms=chance.choice((0, 300, 700, 1_500)))


def _sounds(chance: Random) -> tuple[Sound, ...]:
    sounds, at_ms = [], chance.randrange(100, 2500)
    for _ in range(chance.randrange(1, 5)):
        voice = chance.random() < 0.7
        length_ms = chance.randrange(150, 1500)
        judged_ms = chance.choice((0, 60, 140, 260, 2000 if not voice else 120))
        sounds.append(Sound(at_ms, length_ms, voice, min(judged_ms, length_ms) if voice else judged_ms))
        at_ms += length_ms + chance.randrange(700, 3500)
    return tuple(sounds)


def _keys(chance: Random) -> tuple[tuple[int, str], ...]:
    count = chance.choice((0, 0, 1, 2))
    return tuple((chance.randrange(500, 12_000), chance.choice("0123456789#")) for _ in range(count))
