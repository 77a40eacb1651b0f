"""The engine of the bench: the scripted one, speaking recordings, hearing by level, understanding by oracle.

Decides what the engine says in a trial, and when it hears the caller begin and end: as engines do it, by a neural
VAD at 0.5 with 300 ms of padding and 500 ms of silence, here with the same probabilities as the product's ears (on
real sockets: by level). A turn's words are the recording's label, 300 ms after the commit; what it hears before the
caller has begun can only be the AI's own voice, and its words are the AI's.
"""

from __future__ import annotations

from dataclasses import replace

from torim.engines.energy_turns import Edge
from torim.engines.script import Answer, Behaviour, Request, plays
from torim.engines.scripted import ScriptedPeer
from torim.lab.bargein.sound import Voices
from torim.lab.bargein.trials import Place, Trial

FIRST_AUDIO_MS = 200  # from a create to the first sound; deducted from reply delays
SPEED = 4.0  # generation, times real time
DELTA_MS = 100
SPEECH_MIN, SPEECH_KEEP_MIN = 0.5, 0.35
SPOKEN_WINDOWS = 2  # in a row, of 32 ms
SILENCE_MS = 500
DEAF_DB = 0  # no level reaches it
STATEMENT = "This is what I have found for you, and there is more to say about each of these, so let me go on."
QUESTION = "I have found a time for you tomorrow at ten. Does that suit you?"


def engine_of(
    trial: Trial, statement: bytes, voices: Voices, onset_db: int = DEAF_DB, delta_ms: int = DELTA_MS
) -> ScriptedPeer:
    """The engine of one trial's call: makes the statement, then answers what it is asked.

    ``onset_db`` is the level at which it hears speech by itself; by default it is told by an `EngineEar`.
    """
    words = STATEMENT if trial.place is Place.MIDDLE else QUESTION
    reply = voices.statement(trial.voice + 1, trial.reply_ms)  # another recording than the statement

    def answer(request: Request) -> Answer:
        made = plays("All right, then.", reply) if request.number else plays(words, statement)
        return replace(made, first_audio_ms=FIRST_AUDIO_MS if request.number else 20)

    behaviour = Behaviour(speed=SPEED, delta_ms=delta_ms, caller_says=trial.words, onset_db=onset_db)
    return ScriptedPeer(otherwise=answer, behaviour=behaviour)


class EngineEar:
    """Turn detection of the engine on the probabilities of the neural VAD."""

    def __init__(self, peer: ScriptedPeer) -> None:
        self._peer = peer
        self._spoken = 0
        self._speaking = False
        self._spoke_ms = 0

    def window(self, probability: float, now_ms: int, begun: bool) -> None:
        """One output of the VAD, which covers the 32 ms up to now; ``begun``: the caller has said something."""
        self._spoken = self._spoken + 1 if probability >= SPEECH_MIN else 0
        if probability >= SPEECH_KEEP_MIN:
            self._spoke_ms = now_ms
        if not self._speaking and self._spoken >= SPOKEN_WINDOWS:
            self._speaking = True
            self._peer.hears(Edge.STARTED, now_ms, self._peer.appended_ms - 32 * self._spoken)
        elif self._speaking and now_ms - self._spoke_ms >= SILENCE_MS:
            self._speaking = False
            if not begun:
                self._peer.caller_says(STATEMENT)
            self._peer.hears(Edge.STOPPED, now_ms, self._peer.appended_ms)
