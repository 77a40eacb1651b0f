"""The engine's side of the stage matrix: answers shaped so that each stage exists, and a note of what it was sent.

Decides what the scripted engine says in each trial. It judges nothing.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from torim.core.abilities import EngineCapabilities
from torim.desk.receptionist import CallContext, Receptionist
from torim.engines.delayed import DelayedPeer
from torim.engines.peer import RealtimePeer
from torim.engines.script import Answer, Behaviour, Request, calls_tool, says
from torim.engines.scripted import ScriptedPeer
from torim.lab.ear import FRAME_SAMPLES, SAMPLES_PER_MS
from torim.lab.engine_line import Connect, EngineLink, Message, OnClosed, OnMessage
from torim.lab.matrix import CallPlan, Stage, Trial

CAPABILITIES = EngineCapabilities()
TOOL = "list_services"
TAKES = "takes_ms"  # an argument that the desk of the matrix obeys
TOOL_TAKES_MS = 1600
DONE_GAP_MS = 2600  # between audio.done and response.done, where that is the stage
LATE_MS = 900  # an answer that has no sound yet
LAST_ANSWER_MS = 900
FRAMES_BEFORE, FRAMES_AFTER = 75, 40  # a barge-in's neighbourhood


def scripted(plan: CallPlan) -> RealtimePeer:
    """The scripted engine of one call, as far away as its plan says."""
    peer = ScriptedPeer(
        otherwise=partial(_answer, plan), behaviour=Behaviour(speed=plan.way.speed), session_id=str(plan.number)
    )
    return DelayedPeer(peer, plan.way.delay_ms) if plan.way.delay_ms else peer


def _answer(plan: CallPlan, request: Request) -> Answer:
    words = f"This is what I say as number {request.number}, and it goes on for a while."
    if request.number >= len(plan.trials):
        return says(words, LAST_ANSWER_MS)
    return shaped(plan.trials[request.number], words)


def shaped(trial: Trial, words: str) -> Answer:
    """An answer in which the trial's stage exists."""
    spoken = says(words, trial.answer_ms)
    match trial.cell.stage:
        case Stage.NO_SOUND_YET if trial.other_way:
            return spoken.created_late(LATE_MS)
        case Stage.NO_SOUND_YET:
            return Answer(parts=spoken.parts, first_audio_ms=LATE_MS)
        case Stage.BEFORE_DONE:
            return spoken.done_late(DONE_GAP_MS)
        case Stage.TOOL_ASKED:
            return spoken.and_calls(TOOL).done_late(DONE_GAP_MS)
        case Stage.TOOL_RUNNING if trial.other_way:
            return calls_tool(TOOL, {TAKES: TOOL_TAKES_MS})
        case Stage.TOOL_RUNNING:
            return spoken.and_calls(TOOL, {TAKES: TOOL_TAKES_MS})
    return spoken


class UnhurriedDesk(Receptionist):
    """A receptionist whose tools take as long as they are asked to."""

    def run(self, name: str, arguments: str, call: CallContext, now_utc: datetime) -> str:
        """Perform a tool after the time that its arguments ask for; blocks a thread of the desk."""
        given = json.loads(arguments)
        time.sleep(given.pop(TAKES, 0) / 1000)
        return super().run(name, json.dumps(given), call, now_utc)


class Intake:
    """When each frame of the caller was taken in by the server: it appends every one to the engine at once."""

    def __init__(self, now_samples: Callable[[], int]) -> None:
        self._now_samples = now_samples
        self._appended: list[tuple[int, str]] = []

    def tapped(self, connect: Connect) -> Connect:
        """The same engine, with this intake on its line."""

        async def connected(on_message: OnMessage, on_closed: OnClosed) -> EngineLink:
            return _TappedLink(await connect(on_message, on_closed), self._sent)

        return connected

    def _sent(self, message: Message) -> None:
        text = message if isinstance(message, str) else message.decode()
        if '"input_audio_buffer.append"' in text:
            self._appended.append((self._now_samples(), text))

    @property
    def frames(self) -> int:
        """How many frames have been taken in."""
        return len(self._appended)

    def of(self, frames: Sequence[bytes]) -> tuple[int, int] | None:
        """Which one the last of some consecutive frames was, and the instant at which it was taken in.

        A frame may have been changed on its way (freed of echo); then it is counted from one before it that was not.
        """
        for distance, frame in enumerate(reversed(frames)):
            index = self._place(b64encode(frame).decode())
            if index is not None and index + distance < len(self._appended):
                return index + distance, self._appended[index + distance][0]
        return None

    def _place(self, audio: str) -> int | None:
        return next((index for index, (_, text) in enumerate(self._appended) if audio in text), None)

    def jitter_ms(self, index: int) -> float:
        """How much later than the promptest frame around one the latest of them was taken in.

        Generator, server and ear share one loop here, so this is the jitter of the whole line.
        """
        first = max(0, index - FRAMES_BEFORE)
        around = self._appended[first : index + FRAMES_AFTER]
        late = [at - place * FRAME_SAMPLES for place, (at, _) in enumerate(around)]
        return (max(late) - min(late)) / SAMPLES_PER_MS


class _TappedLink:
    def __init__(self, link: EngineLink, sent: Callable[[Message], None]) -> None:
        self._link = link
        self._sent = sent

    def send(self, message: Message) -> None:
        self._sent(message)
        self._link.send(message)

    def close(self, code: int = 1000) -> None:
        self._link.close(code)

    def unsent_bytes(self) -> int:
        return self._link.unsent_bytes()
