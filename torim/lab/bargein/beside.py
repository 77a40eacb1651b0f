"""Calls that go on beside the trials, as a worker's others do: minutes long, not judged.

Decides what is said in them. A bench whose every call is a trial begins and ends calls some twenty times as often as
telephones do; with these the load is that of a day's calls, and the trials tell what it does to them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from torim.errors import ConfigError
from torim.lab.bargein.corpus import Clip, Corpus, Kind
from torim.lab.bargein.trials import Choice, Group, Piece, Place, Trial

LENGTH_MS = 180_000  # at most; a third at least
GAP_MS = (2_000, 10_000)  # between two sounds of the caller
SPEECH = 0.8  # of these sounds
REPLY_MS = 6_000  # the AI speaks most of the time


def draw_beside(corpus: Corpus, choice: Choice, calls: int) -> list[Trial]:
    """A trial without a verdict for each call, numbered from -1 down: a caller who says something time and again.

    Raises:
        ConfigError: ``bench.corpus`` for a folder without a caller's speech.
    """
    speech = corpus.of(Kind.TURN, Kind.BACKCHANNEL)
    if not speech:
        raise ConfigError("Calls that go on need recordings of callers who speak.", "bench.corpus")
    other = corpus.of(Kind.BODY, Kind.NOISE, Kind.MUSIC) or speech
    chance = random.Random(f"{choice.seed} beside")
    return [_conversation(-1 - number, speech, other, choice, chance) for number in range(calls)]


def _conversation(
    number: int, speech: Sequence[Clip], other: Sequence[Clip], choice: Choice, chance: random.Random
) -> Trial:
    pieces, at_ms = [], 0
    length_ms = chance.randint(LENGTH_MS // 3, LENGTH_MS)  # of different lengths, or all would begin and end together
    while at_ms < length_ms:
        clip = chance.choice(speech if chance.random() < SPEECH else other)
        pieces.append(Piece(clip, at_ms * 8, choice.level_db))
        at_ms += (clip.offset_samples - clip.onset_samples) // 8 + chance.randint(*GAP_MS)
    line = replace(choice.line, seed=chance.randrange(2**31))
    voice, onset = chance.randrange(1_000), chance.randint(*GAP_MS) * 8
    return Trial(
        number, Group.SOUND, Place.MIDDLE, tuple(pieces), line, voice, REPLY_MS, onset, reply_ms=REPLY_MS, tail_ms=500
    )
