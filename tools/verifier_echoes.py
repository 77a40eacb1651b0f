"""Recordings as the verifier hears them on lines that return our own voice.

Each recording is laid over the echo of a statement, so much louder than it, on a line of the lab that differs in
echo return loss, delay, response, codec, loss and noise, a third of them without the canceller.
The product's ears hear it; when the listener holds, our voice stops, comes back lower as the core lets it, and its
echo goes on for the delay. A recording that the listener never noticed over the echo teaches nothing and is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np

from tools.verifier_sounds import AGES, PLAIN_SPEEDS, RULES, SPEEDS, Floats, Heard, at_speed, heard_together, tilted
from torim.audio import canceller, g711
from torim.audio.front_end import FrontEnd
from torim.core.listening import FarEnd, Listener
from torim.core.settings import TurnSettings
from torim.errors import ConfigError
from torim.lab.bargein.corpus import Clip, Kind
from torim.lab.bargein.sound import Voices
from torim.lab.bargein.trials import AGENT_DB
from torim.lab.echo_path import EchoPath, Response
from torim.lab.leg import Codec, LegSettings
from torim.lab.line import CallerLine, LineSettings

ERL_DB = (8.0, 32.0)
OVER_DB = (0.0, 24.0)  # the sound over the echo
LEVEL_DB = (-46.0, -14.0)  # of the sound, whatever the echo
NOISE_DB = (-66.0, -52.0)
DELAY_MS = (20, 500)
RESPONSES = (Response.SINGLE, Response.THREE_TAPS, Response.DISPERSED, Response.SPEAKERPHONE, Response.RESIDUAL)
LEGS = (LegSettings(), LegSettings(), LegSettings(Codec.GSM_LIKE), LegSettings(Codec.GSM_LIKE, 0.02))
BARE = 0.33  # of the lines: heard without the canceller
LEAD_MS = (1_400, 2_400)  # of our voice before the sound: most lines are known by then
TAIL_MS = 500
VOICE_LEAST_MS = 1_200  # a recording that is long enough to be our voice
TURN = TurnSettings()


@dataclass(slots=True)
class OverEcho(Heard):
    """One recording over our own voice."""

    statement: bytes = b""
    line: CallerLine | None = None
    said: int = 0  # samples of the statement that were played

    def frame(self) -> bool:
        assert self.line is not None
        begin_ms, self.now_ms = self.now_ms, self.now_ms + g711.FRAME_MS
        far = self._far(begin_ms)
        if far:
            self.ears.played(far, begin_ms)
        near = self.payload[begin_ms * 8 : self.now_ms * 8]
        heard = self.ears.cleaned(self.line.frame(near, far or g711.SILENCE * len(near)), self.now_ms)
        self.note(self.listener.frame(self.ears.frame(heard, self.now_ms), self.far_end, self.now_ms))
        return self.ears.pending()

    @property
    def far_end(self) -> FarEnd:
        """As the core tells it: silent while held, sounding again once it goes on ducked."""
        held_ms = 0 if self.trigger_ms is None else self.now_ms - self.trigger_ms
        if self.trigger_ms is None or held_ms > TURN.hold_silence_max_ms:
            return FarEnd(sounding=True, since_played_ms=0)
        return FarEnd(since_played_ms=held_ms)

    def examples(self, ages: Sequence[int] = AGES) -> Iterator[tuple[int, int, Floats]]:
        return Heard.examples(self, ages) if self.trigger_ms is not None else iter(())

    def _far(self, begin_ms: int) -> bytes:
        """What we play in the next frame: nothing at first after a hold, then on from there, lower."""
        gain_db = 0
        if self.trigger_ms is not None:
            if begin_ms < self.trigger_ms + TURN.hold_silence_max_ms:
                return b""
            gain_db = TURN.duck_db
        piece = self.statement[self.said : self.said + g711.FRAME_SAMPLES]
        self.said += len(piece)
        return g711.duck(piece, gain_db) if len(piece) == g711.FRAME_SAMPLES else b""


def hear_over_echo(clips: Sequence[Clip], variants: Sequence[int]) -> Iterator[Heard]:
    """Every recording over the echo of other recordings' voices, in order.

    Raises:
        ConfigError: ``train.canceller`` where the canceller is not installed: the weights would be others.
    """
    if not canceller.available():
        raise ConfigError(f"Install {canceller.EXTRA}: most of the examples are cancelled.", "train.canceller")
    ours = Voices([clip for clip in clips if clip.kind is Kind.AGENT or _long_speech(clip)])
    return heard_together(_over_echo(clip, variant, ours) for clip in clips for variant in variants)


def _long_speech(clip: Clip) -> bool:
    return clip.kind is Kind.TURN and clip.active_ms >= VOICE_LEAST_MS


def _over_echo(clip: Clip, variant: int, ours: Voices) -> Heard:
    chance = np.random.default_rng(list(hashlib.sha256(f"{clip.name} echo {variant}".encode()).digest()[:8]))
    if variant >= PLAIN_SPEEDS:
        clip = at_speed(clip, float(np.exp(chance.uniform(*np.log(SPEEDS)))))
    erl_db = float(chance.uniform(*ERL_DB))
    level_db = float(np.clip(AGENT_DB - erl_db + chance.uniform(*OVER_DB), *LEVEL_DB))
    lead = int(chance.uniform(*LEAD_MS)) * 8 + int(chance.integers(0, 160))
    sound = tilted(clip.at_level(level_db) * 32768, float(chance.uniform(-0.6, 0.6)))
    track = np.zeros(-(-(lead + len(sound) + TAIL_MS * 8) // 160) * 160)
    track[lead : lead + len(sound)] = sound
    payload = g711.encode(np.clip(np.rint(track), -32768, 32767).astype(np.int16))
    response = RESPONSES[int(chance.integers(len(RESPONSES)))]
    path = EchoPath(erl_db, int(chance.integers(*DELAY_MS)), response=response)
    leg, seed = LEGS[int(chance.integers(len(LEGS)))], int(chance.integers(2**31))
    line = CallerLine(LineSettings(float(chance.uniform(*NOISE_DB)), path, seed=seed, leg=leg))
    settings = replace(RULES, cancel_echo=bool(chance.random() >= BARE))
    return OverEcho(
        clip,
        payload,
        (lead + clip.onset_samples) / 8,
        (lead + clip.offset_samples) / 8,
        ears=FrontEnd(settings),
        listener=Listener(settings),
        statement=ours.statement(int(chance.integers(2**31)), len(payload) // 8),
        line=line,
    )
