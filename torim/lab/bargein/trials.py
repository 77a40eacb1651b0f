"""What is tried: which sound, in which situation, at which instant, on which line.

Decides every trial from a seed, so that the same command tries the same things and one trial can be repeated. A
trial is one call: the AI makes one statement, and a sound is placed relative to it. It places nothing by itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from torim.lab.bargein.corpus import Clip, Corpus, Kind
from torim.lab.bargein.lines import double_talk_line, echo_grid
from torim.lab.line import LineSettings

LONG_MS = 700  # a turn of at least this much sound must be obeyed anywhere


class Place(Enum):
    """Where in the AI's statement the sound begins."""

    MIDDLE = "mid-statement"
    LAST_HALF = "last half second"
    AFTER = "within 350 ms after"
    ASKED = "just asked"
    IDLE = "AI idle"


class Group(Enum):
    """What a trial is meant to show."""

    SOUND = "sound"  # one recording
    PAUSE = "pause"  # two words of one speaker with a pause between them
    ASIDE = "aside"  # somebody else's speech, far from the telephone
    BED = "background"  # a noise that goes on under the whole statement
    ECHO = "echo only"  # nobody speaks
    DOUBLE_TALK = "double talk"  # a turn over the AI's echo


@dataclass(frozen=True, slots=True)
class Piece:
    """A recording, and where on the caller's track its own onset lies."""

    clip: Clip
    at_samples: int  # of its onset, from the first onset of the trial
    level_db: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """One call of the bench."""

    number: int
    group: Group
    place: Place
    pieces: tuple[Piece, ...]
    line: LineSettings
    voice: int  # which of the AI's recordings the statement begins with
    statement_ms: int
    onset_after_samples: int  # of the first onset, from the first sample of the statement at the ear
    tail_ms: int = 2_500  # heard after the last offset
    reply_ms: int = 2_500  # what the AI answers, each time it is asked
    computed: str = ""  # a sound made up instead of a recording
    tags: tuple[tuple[str, float], ...] = field(default=())  # numbers by which a report sorts

    @property
    def kind(self) -> Kind | None:
        """What the sound is; None: nobody makes one."""
        return self.pieces[0].clip.kind if self.pieces else None

    @property
    def is_turn(self) -> bool:
        """Whether the AI must stop for it; a short acknowledgement is an answer where the AI is not talking on."""
        if self.group in (Group.ASIDE, Group.BED, Group.ECHO):
            return False
        if self.kind is Kind.BACKCHANNEL:
            return self.place is not Place.MIDDLE
        return self.kind is Kind.TURN

    @property
    def active_ms(self) -> int:
        """How much sound the pieces hold."""
        return sum(piece.clip.active_ms for piece in self.pieces)

    @property
    def cls(self) -> str:
        """The class of the (first) recording, or what was made up."""
        return self.pieces[0].clip.cls if self.pieces else self.computed or "echo"

    @property
    def offset_samples(self) -> int:
        """Of the last sound, from the first onset."""
        ends = (p.at_samples + p.clip.offset_samples - p.clip.onset_samples for p in self.pieces)
        return max(ends, default=0)

    @property
    def words(self) -> str:
        return " ".join(piece.clip.words for piece in self.pieces).strip()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run tries."""

    line: LineSettings = field(default_factory=LineSettings)
    level_db: float | None = -26.0  # ITU-T P.56 active level of a telephone talker
    seed: int = 1
    share: float = 1.0  # of the trials, drawn at random; 1: all
    groups: tuple[Group, ...] = tuple(Group)


def draw(corpus: Corpus, choice: Choice) -> list[Trial]:
    """Every trial of a run, numbered."""
    makers = {
        Group.SOUND: _sounds,
        Group.PAUSE: _pauses,
        Group.ASIDE: _asides,
        Group.BED: _beds,
        Group.ECHO: _echoes,
        Group.DOUBLE_TALK: _double_talk,
    }
    trials: list[Trial] = []
    for group in choice.groups:
        chance = random.Random(f"{choice.seed} {group.value}")
        made = [trial for trial in makers[group](corpus, choice, chance) if chance.random() < choice.share]
        trials += made
    return [replace(trial, number=number) for number, trial in enumerate(trials)]


# --- where ----------------------------------------------------------------------------------------------------

_IDLE_MS = (1_500, 3_000)
_ASKED_MS = (350, 1_000)
_SETTLE_MS = (1_600, 2_600)  # of line noise before a sound: adaptive detectors have met the line
_GO_ON_MS = 3_500  # a statement goes on for this long after a sound in its middle


def _placed(place: Place, sound_ms: int, chance: random.Random) -> tuple[int, int]:
    """(length of the statement in ms, onset in samples from its beginning), for a sound of this length."""
    lead_ms = chance.randint(*_SETTLE_MS)
    jitter = chance.randrange(160)  # any alignment to the 20 ms frames
    match place:
        case Place.MIDDLE:
            return lead_ms + sound_ms + _GO_ON_MS, lead_ms * 8 + jitter
        case Place.LAST_HALF:
            return lead_ms, (lead_ms - chance.randint(40, 500)) * 8 + jitter
        case Place.AFTER:
            return lead_ms, (lead_ms + chance.randint(0, 330)) * 8 + jitter
        case Place.ASKED:
            return lead_ms, (lead_ms + chance.randint(*_ASKED_MS)) * 8 + jitter
        case Place.IDLE:
            return lead_ms - 800, (lead_ms - 800 + chance.randint(*_IDLE_MS)) * 8 + jitter


def _trial(group: Group, place: Place, pieces: Sequence[Piece], line: LineSettings, chance: random.Random) -> Trial:
    statement_ms, onset = _placed(place, _sound_ms(pieces), chance)
    seed = chance.randrange(2**31)
    voice = chance.randrange(1_000)
    return Trial(0, group, place, tuple(pieces), replace(line, seed=seed), voice, statement_ms, onset)


def _sound_ms(pieces: Sequence[Piece]) -> int:
    return max(p.at_samples + p.clip.offset_samples - p.clip.onset_samples for p in pieces) // 8


# --- what -----------------------------------------------------------------------------------------------------


def _sounds(corpus: Corpus, choice: Choice, chance: random.Random) -> Iterator[Trial]:
    """Speech at every place; other sounds in the middle of a statement and into silence."""
    for clip in corpus.of(Kind.TURN, Kind.BACKCHANNEL):
        for place in Place:
            yield _trial(Group.SOUND, place, [Piece(clip, 0, choice.level_db)], choice.line, chance)
    for clip in corpus.of(Kind.BODY, Kind.NOISE, Kind.MUSIC):
        for place in (Place.MIDDLE, Place.MIDDLE, Place.IDLE):
            yield _trial(Group.SOUND, place, [Piece(clip, 0, choice.level_db)], choice.line, chance)


PAUSES_MS = (200, 350, 500, 600, 700)
PAUSE_TRIALS = 40  # of each length


def _pauses(corpus: Corpus, choice: Choice, chance: random.Random) -> Iterator[Trial]:
    """A turn with a pause in it, into silence: the AI must not take the pause for the end."""
    speakers = _by_group([clip for clip in corpus.of(Kind.TURN) if _unbroken(clip)])
    pairs = [clips for clips in speakers if len(clips) >= 2]
    for pause_ms in PAUSES_MS:
        for _ in range(PAUSE_TRIALS if pairs else 0):
            first, second = chance.sample(chance.choice(pairs), 2)
            at = first.offset_samples - first.onset_samples + pause_ms * 8
            pieces = [Piece(first, 0, choice.level_db), Piece(second, at, choice.level_db)]
            trial = _trial(Group.PAUSE, Place.IDLE, pieces, choice.line, chance)
            yield replace(trial, tags=(("pause_ms", pause_ms),))


def _unbroken(clip: Clip) -> bool:
    """Whether a recording is a phrase without a pause of its own."""
    return 250 <= clip.length_ms <= 2_500 and clip.active_ms >= 0.8 * clip.length_ms


def _by_group(clips: Sequence[Clip]) -> list[list[Clip]]:
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(clip.group, []).append(clip)
    return list(groups.values())


ASIDE_DB = 15.0  # somebody who does not talk into the telephone
ASIDES = 40


def _asides(corpus: Corpus, choice: Choice, chance: random.Random) -> Iterator[Trial]:
    """Speech to others: phrases, lower by what turning away and a few steps make of them."""
    phrases = [clip for clip in corpus.of(Kind.TURN) if clip.active_ms >= LONG_MS]
    for clip in chance.sample(phrases, min(ASIDES, len(phrases))):
        level_db = (clip.active_db if choice.level_db is None else choice.level_db) - ASIDE_DB
        for place in (Place.MIDDLE, Place.IDLE):
            yield _trial(Group.ASIDE, place, [Piece(clip, 0, level_db)], choice.line, chance)


BED_MS = 15_000
BED_DB = -41.0  # behind a talker, not as loud as one
BEDS = ("hum", "clicks", "line clicks", "comfort noise bursts")


def _beds(corpus: Corpus, choice: Choice, chance: random.Random) -> Iterator[Trial]:
    """Noise and music for as long as the AI speaks, behind the telephone; and made-up hum and clicks."""
    for clip in corpus.of(Kind.NOISE, Kind.MUSIC):
        yield _bed(choice, chance, [Piece(clip, 0, BED_DB)])
    for name in BEDS:
        for _ in range(6):
            yield replace(_bed(choice, chance, []), computed=name)


def _bed(choice: Choice, chance: random.Random, pieces: Sequence[Piece]) -> Trial:
    seed, voice = chance.randrange(2**31), chance.randrange(1_000)
    line = replace(choice.line, seed=seed)
    return Trial(0, Group.BED, Place.MIDDLE, tuple(pieces), line, voice, BED_MS, 0, tail_ms=1_000)


ECHO_MS = 6_000
ECHO_ROUNDS = 3
ECHO_HARD_DB = 10  # an echo louder than this is tried once, the others in every round


def _echoes(corpus: Corpus, choice: Choice, chance: random.Random) -> Iterator[Trial]:
    """The AI's own voice coming back, and nobody else."""
    for lap in range(ECHO_ROUNDS):
        for line in echo_grid(choice.seed * 1_000 + lap):
            if lap and line.echo is not None and line.echo.erl_db < ECHO_HARD_DB:
                continue
            line = replace(line, noise_db=choice.line.noise_db, seed=chance.randrange(2**31))
            voice = chance.randrange(1_000)
            yield Trial(0, Group.ECHO, Place.MIDDLE, (), line, voice, ECHO_MS, 0, tail_ms=1_000)


OVER_ECHO_DB = (0, 6, 12)
AGENT_DB = -20.0


def _double_talk(corpus: Corpus, choice: Choice, chance: random.Random) -> Iterator[Trial]:
    """A turn in the middle of a statement that comes back, so much louder than its echo."""
    for clip in corpus.of(Kind.TURN):
        for over_db in OVER_ECHO_DB:
            line = replace(double_talk_line(chance), noise_db=choice.line.noise_db)
            assert line.echo is not None
            level_db = AGENT_DB - line.echo.erl_db + over_db
            trial = _trial(Group.DOUBLE_TALK, Place.MIDDLE, [Piece(clip, 0, level_db)], line, chance)
            yield replace(trial, tags=(("over_db", over_db),))
