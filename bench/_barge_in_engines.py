"""The engines of `bench.barge_in` on real sockets: a process of their own that serves each trial's over WebSockets.

An engine is asked for by the number of its trial, as the model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection

import uvloop

from torim.engines.peer_server import serve_peers
from torim.engines.scripted import ScriptedPeer
from torim.lab.bargein.engine import engine_of
from torim.lab.bargein.sound import Voices
from torim.lab.bargein.trials import Trial
from torim.live import interpreter

HEARS_DB = -40


def serve(pipe: Connection, trials: Sequence[Trial], voices: Voices) -> None:
    """Tell the base URL through the pipe and serve until the process is ended."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(pipe, {str(trial.number): trial for trial in trials}, voices))


async def _serve(pipe: Connection, trials: Mapping[str, Trial], voices: Voices) -> None:
    def make(number: str) -> ScriptedPeer:
        trial = trials[number]
        return engine_of(trial, voices.statement(trial.voice, trial.statement_ms), voices, HEARS_DB)

    async with serve_peers(make) as base_url:
        pipe.send(base_url)
        with interpreter.settled():
            await asyncio.get_running_loop().create_future()
