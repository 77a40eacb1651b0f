"""The telephone lines of the bench, by name, and the grid of echoes.

Decides which lines there are. An echo's delay here is what our socket sees: from the instant at which audio
plays to the instant at which it comes back. Sources of the figures: MEASURES of this field, section 6.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from torim.lab.echo_path import EchoPath, Response
from torim.lab.leg import Codec, LegSettings
from torim.lab.line import LineSettings

GSM = LegSettings(Codec.GSM_LIKE, 0.01)

LINES: dict[str, LineSettings] = {
    "clean": LineSettings(),  # noise at -62 dBFS, mu-law, no network, no echo
    "pstn": LineSettings(noise_db=-58, delay_ms=20, jitter_ms=5, echo=EchoPath(20, 60, response=Response.THREE_TAPS)),
    "gsm": LineSettings(
        noise_db=-56, delay_ms=60, jitter_ms=20, leg=GSM, echo=EchoPath(20, 200, response=Response.RESIDUAL)
    ),
    "speakerphone": LineSettings(
        noise_db=-56,
        delay_ms=60,
        jitter_ms=10,
        leg=LegSettings(Codec.GSM_LIKE),
        echo=EchoPath(6, 180, response=Response.SPEAKERPHONE),
    ),
}

ERLS_DB = (0, 6, 10, 15, 20, 30, 45)
DELAYS_MS = (20, 60, 120, 200, 300, 500)
RESPONSES = (Response.SINGLE, Response.THREE_TAPS, Response.SPEAKERPHONE, Response.RESIDUAL)
LEGS = tuple(LegSettings(codec, loss) for codec in Codec for loss in (0.0, 0.01, 0.03))


def echo_grid(seed: int) -> Iterator[LineSettings]:
    """Every ERL x delay x response once, with codec and loss drawn so that each is as frequent as any."""
    cells = list(product(ERLS_DB, DELAYS_MS, RESPONSES))
    chance = random.Random(f"{seed} echo grid")
    chance.shuffle(cells)
    for number, (erl_db, delay_ms, response) in enumerate(cells):
        path = EchoPath(erl_db, delay_ms, response=response)
        yield replace(LINES["clean"], echo=path, leg=LEGS[number % len(LEGS)], seed=seed + number)


def double_talk_line(chance: random.Random) -> LineSettings:
    """A line whose echo a caller can be louder than."""
    path = EchoPath(chance.choice((6, 10, 15, 20)), chance.choice(DELAYS_MS), response=chance.choice(RESPONSES))
    return replace(LINES["clean"], echo=path, leg=chance.choice(LEGS))


def words(line: LineSettings) -> str:
    """A line in a few words, for reports."""
    leg = "" if line.leg.plain else f", {line.leg.codec.value}, {line.leg.loss:.0%} lost"
    echo = line.echo
    back = f"echo {echo.response.value} ERL {echo.erl_db:g} dB {echo.delay_ms} ms" if echo else "no echo"
    net = f", network {line.delay_ms} + {line.jitter_ms} ms" if line.delay_ms or line.jitter_ms else ""
    return f"{back}, noise {line.noise_db:g} dBFS{leg}{net}"
