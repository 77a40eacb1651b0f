"""What one call is made of, decided before it begins: engines, files, permissions, who calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from torim.core.abilities import CarrierCapabilities
from torim.core.actions import Purpose
from torim.core.call import Call
from torim.core.events import EndReason
from torim.core.own_words import Clip, Own
from torim.core.settings import ListenSettings, TurnSettings
from torim.desk.business import Business
from torim.live.advice import Advice
from torim.live.ears import VadBatch
from torim.live.engine_side import EnginePlan
from torim.live.metrics import CallMetrics
from torim.live.recording import Recording
from torim.live.tools import Desk, Unanswered, wordless
from torim.live.trace import CallTrace
from torim.storage.store import Store


@dataclass(frozen=True, slots=True)
class CallSetup:
    """One call, as it is to be run."""

    call_id: str  # safe in file names; unique for ever
    call_sid: str  # the carrier's own id
    carrier: str
    started_at: datetime
    caller: str
    called: str
    language: str
    plans: tuple[EnginePlan, ...]  # the engine, then its fall-backs
    desk: Desk
    prompts: Mapping[Purpose, str]
    trace: CallTrace
    notes_dir: Path
    business: Business | None = None  # that answers; None: the installation's own
    settings_version: int | None = None  # of its settings
    model: str | None = None  # that is paid for by token
    recording: Recording | None = None
    clips: Mapping[Own, Clip] = field(default_factory=dict)
    barge_in_enabled: bool = True
    greeting_lock: bool = True
    engine_creates: bool = False
    turn_settings: TurnSettings = field(default_factory=TurnSettings)
    listen_settings: ListenSettings = field(default_factory=ListenSettings)
    unanswered: Unanswered = wordless  # for a tool that gave no answer itself
    book: Store | None = None  # in which a rehearsal books; None: the installation's


@dataclass(frozen=True, slots=True)
class CallServices:
    """What the calls of one process share."""

    vad: VadBatch
    pool: Executor
    metrics: CallMetrics
    stream_ended: Callable[[CallSetup, EndReason], None]  # before the carrier can ask what follows
    advice: Advice = field(default_factory=Advice)


def new_call(setup: CallSetup, carrier: CarrierCapabilities) -> Call:
    """The core of a call, before anything has happened in it."""
    return Call(
        settings=setup.turn_settings,
        carrier=carrier,
        engine=setup.plans[0].capabilities,
        barge_in_enabled=setup.barge_in_enabled,
        greeting_lock=setup.greeting_lock,
        prompts=setup.prompts,
        engine_creates=setup.engine_creates,
        clips=setup.clips,
    )
