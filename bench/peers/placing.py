"""The bench's side of a peer: starts its process, places the trials' calls at it, and reads what it noted.

What a peer did is told in Torim's own events and actions, so that one judge reads all: its `clear` is its decision, as
it holds nothing back; its answers are asked for, begin to sound and leave as Torim's do.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from bench.peers import served
from torim.audio import g711
from torim.core.actions import Action, ClearAudio, CreateResponse, Note, PlayAudio, Purpose
from torim.core.events import AudioDelta, Event, ResponseCreated, VoiceEnded
from torim.core.reasons import Level, Reason
from torim.errors import CarrierError
from torim.lab.bargein.engine import STATEMENT
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.real import Placed, ServerSide, Tell, joined, place_all
from torim.lab.bargein.sound import Voices
from torim.lab.bargein.trials import Group, Trial
from torim.live import interpreter

ROOT = Path(__file__).parents[2]
START_S, END_S = 90.0, 30.0


@dataclass(frozen=True, slots=True)
class Peer:
    """An agent to be tried: its name, its module, and the Python that runs it."""

    name: str
    module: str
    python: str


@dataclass(frozen=True, slots=True)
class PeerRun:
    """What came of a peer's calls."""

    evidence: list[Evidence]
    facts: dict[str, Any]


def run_peer(peer: Peer, trials: Sequence[Trial], voices: Voices, calls: int, tell: Tell) -> PeerRun:
    """Place every trial's call at a peer, ``calls`` at a time; raises `CarrierError` if it does not start."""
    with tempfile.TemporaryDirectory() as name, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        folder = Path(name)
        _hand_over(folder, trials, voices)
        placed = runner.run(_placing(peer, folder, trials, voices, calls, tell))
        told = json.loads((folder / served.TOLD_FILE).read_text(encoding="utf-8"))
    sides = {sid: ServerSide(*translated(notes)) for sid, notes in told["calls"].items()}
    evidence = [joined(one, sides.get(one.call_sid)) for one in placed]
    facts = {
        "server cpu share": round(told["facts"]["cpu_s"] / told["facts"]["wall_s"], 3),
        "caller worst tick ms": round(max((one.late_ms for one in evidence), default=0.0), 1),
        "load average": round(os.getloadavg()[0], 2),
    }
    return PeerRun(evidence, facts)


def _hand_over(folder: Path, trials: Sequence[Trial], voices: Voices) -> None:
    """Files for a process that knows nothing of recordings."""
    for trial in trials:
        pieces = {
            "statement": voices.statement(trial.voice, trial.statement_ms),
            "reply": voices.statement(trial.voice + 1, trial.reply_ms),
        }
        names = {}
        for what, payload in pieces.items():
            names[what] = f"{trial.number}.{what}"
            (folder / names[what]).write_bytes(g711.decode(payload).tobytes())
        words = STATEMENT if trial.group is Group.ECHO else trial.words
        (folder / f"{trial.number}.json").write_text(json.dumps({**names, "words": words}), encoding="utf-8")


async def _placing(
    peer: Peer, folder: Path, trials: Sequence[Trial], voices: Voices, calls: int, tell: Tell
) -> list[Placed]:
    process = await asyncio.create_subprocess_exec(
        peer.python,
        "-m",
        peer.module,
        str(folder),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        base_url = await _line(peer, process, START_S)
        assert process.stdin is not None
        stdin = process.stdin

        def expect(call_sid: str, trial: Trial) -> None:
            stdin.write(f"{call_sid} {trial.number}\n".encode())

        with interpreter.settled():
            placed = await place_all(trials, base_url, voices, expect, calls, tell)
        stdin.close()
        while await _line(peer, process, END_S) != served.TOLD:
            pass
        return placed
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _line(peer: Peer, process: asyncio.subprocess.Process, within_s: float) -> str:
    """What the peer prints next."""
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), within_s)
    except TimeoutError:
        line = b""
    if not line:
        raise CarrierError(f"{peer.name} does not answer; see what it printed.", "bench.peer")
    return line.decode().strip()


# --- what a peer noted, in our words -----------------------------------------------------------------------------


def translated(
    notes: Sequence[tuple[int, str, int]],
) -> tuple[list[tuple[int, Event | Action]], list[tuple[int, int]]]:
    """Entries of a `ServerSide`, and the frames that were read."""
    entries: list[tuple[int, Event | Action]] = []
    taken: list[tuple[int, int]] = []
    for at_ns, what, number in notes:
        if what == served.TAKEN:
            taken.append((at_ns, number))
        else:
            entries += [(at_ns, item) for item in _items(what, number)]
    return entries, taken


def _items(what: str, number: int) -> Sequence[Event | Action]:
    match what:
        case served.CLEAR:
            return (Note(Reason.CUT, Level.INFO), ClearAudio(0))
        case served.MEDIA:
            return (PlayAudio(b""),)
        case served.ASKED:
            return (CreateResponse("", "", Purpose.REPLY if number else Purpose.GREETING),)
        case served.VOICED:
            response = str(number)
            return (ResponseCreated(response), AudioDelta(response, "", 0, b""))
        case served.ENDED:
            return (VoiceEnded(0),)
    raise CarrierError(f"A peer noted {what!r}, which nobody knows.", "bench.peer")
