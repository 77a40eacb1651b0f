"""The engine of the bench: the scripted one, speaking recordings, hearing by level, understanding by oracle.

Decides what the engine says in a trial. Its turn detection is the scripted engine's own (level, 500 ms of silence),
on the audio that it is sent; a turn's words are the recording's label, 300 ms after the commit.
"""

from __future__ import annotations

from dataclasses import replace

from torim.engines.script import Answer, Behaviour, Request, plays
from torim.engines.scripted import ScriptedPeer
from torim.lab.bargein.sound import Voices
from torim.lab.bargein.trials import Place, Trial

FIRST_AUDIO_MS = 200  # from a create to the first sound; deducted from reply delays
SPEED = 4.0  # generation, times real time
DELTA_MS = 400  # few messages: nothing here depends on their number
REPLY_MS = 2_500
STATEMENT = "This is what I have found for you, and there is more to say about each of these, so let me go on."
QUESTION = "I have found a time for you tomorrow at ten. Does that suit you?"


def engine_of(trial: Trial, statement: bytes, voices: Voices) -> ScriptedPeer:
    """The engine of one trial's call: makes the statement, then answers what it is asked."""
    words = STATEMENT if trial.place is Place.MIDDLE else QUESTION
    reply = voices.statement(trial.voice, REPLY_MS)

    def answer(request: Request) -> Answer:
        made = plays("All right, then.", reply) if request.number else plays(words, statement)
        return replace(made, first_audio_ms=FIRST_AUDIO_MS if request.number else 20)

    behaviour = Behaviour(speed=SPEED, delta_ms=DELTA_MS, caller_says=trial.words)
    return ScriptedPeer(otherwise=answer, behaviour=behaviour)
