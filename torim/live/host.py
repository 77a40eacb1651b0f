"""The calls of one process: admits streams, makes their bridges, keeps them going, and stores what they leave.

It decides who gets a call (admission, token, one stream per call) and when live calls are asked to say goodbye.
It never decides about turns.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime

from prometheus_client import CollectorRegistry

from torim.audio import canceller
from torim.carriers.base import StreamOpened
from torim.carriers.registry import carrier as carrier_named
from torim.config import Config
from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import Purpose, RunTool
from torim.core.events import EndReason
from torim.core.own_words import Clip, Own
from torim.core.replay import head
from torim.core.settings import TurnSettings, listen_settings
from torim.desk.business import Business, PrivacyMode
from torim.desk.receptionist import ADDED, CallContext, Receptionist
from torim.desk.troubles import Troubles
from torim.engines.base import SessionConfig, ToolSpec
from torim.errors import CarrierError, TorimError
from torim.live import tokens
from torim.live.admission import Admission, LoopLag
from torim.live.archive import Archive
from torim.live.bridge import Bridge
from torim.live.clips import Clips
from torim.live.clock import utc_now
from torim.live.desks import CallDesk, Desks, StandIn
from torim.live.ears import VadBatch
from torim.live.engine_side import EnginePlan
from torim.live.link import Link
from torim.live.metrics import CallMetrics
from torim.live.recording import Recording
from torim.live.setup import CallServices, CallSetup
from torim.live.spool import Spool
from torim.live.stream import Stream
from torim.live.tools import Desk, Unanswered
from torim.live.trace import CallTrace, Keep, TraceHub
from torim.storage.files import call_files, notes_dir
from torim.storage.records import REHEARSAL

WAITING_MAX = 100  # streams that have not said who they are
SWEEP_S = 0.1
WRITE_EVERY = 3  # sweeps
FOLLOW_EVERY = 10  # sweeps between two looks at a transcript
SETTINGS_EVERY = 20  # sweeps between two looks at the settings of the businesses
RETURNED = "returned"  # a stream's parameter: the caller comes back from a transfer that nobody answered
_log = logging.getLogger("torim.live")
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

MakePlans = Callable[[SessionConfig], tuple[EnginePlan, ...]]


@dataclass(frozen=True, slots=True)
class HostParts:
    """What a host is made of; all of it shared by the calls of one process.

    Args:
        worker: This process's number, as named in stream tokens.
        stream_began, stream_ended: Told at once, with the carrier's call id: the carrier will ask.
    """

    config: Config
    worker: int
    token_secret: bytes
    receptionist: Receptionist
    plans: MakePlans
    archive: Archive
    hub: TraceHub
    spool: Spool
    pool: Executor
    registry: CollectorRegistry
    stream_began: Callable[[str], None]
    stream_ended: Callable[[str, EndReason], None]
    call_ended: Callable[[str], None]
    clips: Clips = field(default_factory=dict)  # what is said without an engine
    desks: Desks | None = None  # of every business; None: `receptionist` answers every number


class CallHost:
    """The live calls of one process; implements the web side's `MediaHandler`."""

    def __init__(self, parts: HostParts) -> None:
        self._parts = parts
        self.calls: dict[str, Bridge] = {}  # by the carrier's call id
        self.stand_ins: dict[str, StandIn] = {}  # of rehearsals, by the carrier's call id
        self.metrics = CallMetrics(parts.registry, lambda: float(len(self.calls)))
        self.lag = LoopLag(asyncio.get_running_loop(), self.metrics.loop_lag_ms.observe)
        self.admission = Admission(parts.config.max_calls, lambda: len(self.calls), self.lag.p99_ms)
        self._services = CallServices(VadBatch(lambda: len(self.calls)), parts.pool, self.metrics, self._stream_ended)
        self._used_tokens = tokens.UsedTokens()
        self._waiting: list[Stream] = []  # streams that have not shown their token
        self._sweeps = 0
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    # --- life ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look after calls."""
        canceller.available()  # loads it now: during a call a quarter of a second is missed
        self.lag.start()
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)

    def stop(self) -> None:
        """End every call at once and stop looking after them."""
        for bridge in tuple(self.calls.values()):
            bridge.abort(EndReason.SHUTDOWN)
        self.lag.stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def drain(self) -> None:
        """Take no new calls."""
        self.admission.draining = True

    def say_goodbye(self) -> None:
        """Ask every live call to end politely."""
        for bridge in tuple(self.calls.values()):
            bridge.say_goodbye(EndReason.SHUTDOWN)

    async def until_idle(self) -> None:
        """Wait until no call is live."""
        await self._idle.wait()

    # --- streams ---------------------------------------------------------------------------------------

    @property
    def worker(self) -> int:
        """This process's number, as named in stream tokens."""
        return self._parts.worker

    @property
    def language(self) -> str:
        """The language in which calls open."""
        return self._parts.receptionist.business.language(self._parts.config.language)

    @property
    def token_secret(self) -> bytes:
        """What stream tokens are made with."""
        return self._parts.token_secret

    def open(self, carrier: str, link: Link) -> Stream:
        """Begin one stream of the named carrier.

        Raises:
            CarrierError: ``carrier.busy``: no new call is taken now.
        """
        self._admit()
        stream = Stream(carrier, carrier_named(carrier).codec(), link, self._begin)
        self._waiting = [waiting for waiting in self._waiting if waiting.waiting] + [stream]
        return stream

    def _admit(self) -> None:
        refusal = self.admission.refusal()
        if sum(stream.waiting for stream in self._waiting) > WAITING_MAX:
            refusal = "too many streams have not said who they are"
        if refusal is not None:
            self.metrics.refused.labels("carrier.busy").inc()
            raise CarrierError(f"No new call is taken: {refusal}.", "carrier.busy")

    def _begin(self, stream: Stream, opened: StreamOpened) -> Bridge:
        """Make the call of a stream that said who it is."""
        try:
            token = self._check(opened, stream.carrier)
        except CarrierError as error:
            self.metrics.refused.labels(error.code).inc()
            raise
        self._admit()
        setup = self._setup(opened, stream, token)
        bridge = Bridge(setup, self._services, stream.codec, stream.link, self._ended)
        self.calls[opened.call_sid] = bridge
        self._idle.clear()
        self._parts.stream_began(opened.call_sid)
        self._parts.archive.started(setup)
        return bridge

    def _check(self, opened: StreamOpened, carrier: str) -> tokens.StreamToken:
        now_s = int(utc_now().timestamp())
        given = opened.parameters.get("token", "")
        token = tokens.verify(self._parts.token_secret, given, opened.call_sid, self.worker, now_s)
        self._used_tokens.spend(token, now_s)
        if opened.call_sid in self.calls:
            raise CarrierError("A second stream of a live call was refused.", "carrier.second_stream")
        if carrier == REHEARSAL and opened.call_sid not in self.stand_ins:
            raise CarrierError("Nobody rehearses this call; start it from the page of rehearsals.", "carrier.stray")
        return token

    def _stream_ended(self, setup: CallSetup, reason: EndReason) -> None:
        self._parts.stream_ended(setup.call_sid, reason)

    def _ended(self, bridge: Bridge) -> None:
        self.calls.pop(bridge.setup.call_sid, None)
        self.metrics.ended(bridge.end_reason or EndReason.INTERNAL_ERROR)
        self._parts.archive.ended(bridge)
        self._parts.pool.submit(_call_over, self._desk_of(bridge.setup).receptionist, bridge.setup.call_id)
        self._parts.call_ended(bridge.setup.call_sid)
        if not self.calls:
            self._idle.set()

    # --- looking after calls ---------------------------------------------------------------------------

    def _sweep(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        self._sweeps += 1
        for bridge in tuple(self.calls.values()):
            bridge.tick(write=self._sweeps % WRITE_EVERY == 0)
            # A turn that has just ended is stored at once: a crash costs the one after it.
            if bridge.tally.take_growth() or self._sweeps % FOLLOW_EVERY == 0:
                self._parts.archive.follow(bridge)
        self.metrics.lost_writes.set(self._parts.spool.lost_writes)
        if self._parts.desks is not None and self._sweeps % SETTINGS_EVERY == 0:
            self._parts.pool.submit(self._parts.desks.refresh)

    # --- what a call is made of ------------------------------------------------------------------------

    def _setup(self, opened: StreamOpened, stream: Stream, token: tokens.StreamToken) -> CallSetup:
        parts, config = self._parts, self._parts.config
        called, started_at = opened.parameters.get("called", "")[:64], utc_now()
        stand_in = self.stand_ins.get(opened.call_sid)
        answering = stand_in.desk if stand_in else self._answering(token.business_id, called)
        receptionist, business = answering.receptionist, answering.business
        language = business.language(config.language)
        call_id = self._call_id(opened.call_sid, started_at)
        files = call_files(config.data_dir, call_id, started_at)
        caller = token.caller if token.caller is not None else opened.parameters.get("caller", "")[:64]
        returned = RETURNED in opened.parameters
        clips = self._clips(business, language)
        session = self._session(receptionist, language)
        plans = parts.plans(session)
        desk, unanswered = _desk(receptionist, call_id, caller or None, language)
        settings = replace(TurnSettings(), max_call_ms=config.max_call_minutes * 60_000)
        names = {"call": call_id, "stream": opened.stream_sid, "started": started_at.isoformat(timespec="seconds")}
        names |= {"carrier": stream.carrier, "engine": plans[0].name}
        keeps = self._keeps(business, call_id)
        facts = self._facts(business, settings, stream.codec.capabilities, plans[0].capabilities, clips)
        return CallSetup(
            call_id=call_id,
            call_sid=opened.call_sid,
            carrier=stream.carrier,
            started_at=started_at,
            caller=caller,
            called=called,
            language=language,
            plans=plans,
            desk=desk,
            unanswered=unanswered,
            prompts=_prompts(receptionist, language, returned, session.instructions),
            clips=clips,
            trace=CallTrace(call_id, files.timeline, parts.spool, parts.hub, names | facts, keeps),
            model=config.model if plans[0].name == "openai" else None,
            notes_dir=notes_dir(config.data_dir),
            business=business,
            settings_version=answering.settings_version or None,
            recording=Recording(files.recording, parts.spool) if self._records(business, stand_in) else None,
            barge_in_enabled=_either(business.barge_in_enabled, config.enable_barge_in),
            greeting_lock=_either(business.greeting_lock, config.greeting_lock),
            engine_creates=config.engine_creates,
            turn_settings=settings,
            listen_settings=listen_settings(business.listens or config.patience),
            book=stand_in.book if stand_in else None,
        )

    def _answering(self, meant_for: str, called: str) -> CallDesk:
        """Who answers: the business that a call is meant for, else that of the called number."""
        desks = self._parts.desks
        if desks is None:
            return CallDesk(self._parts.receptionist, 0)
        return desks.of_business(meant_for) or desks.answering("" if meant_for else called)

    def _desk_of(self, setup: CallSetup) -> CallDesk:
        """The desk that answered a call."""
        if setup.call_sid in self.stand_ins:
            return self.stand_ins[setup.call_sid].desk
        desks, business = self._parts.desks, self._parts.archive.business_of(setup)
        found = None if desks is None else desks.of_business(business.id)
        return found or CallDesk(self._parts.receptionist, 0)

    def _clips(self, business: Business, language: str) -> Mapping[Own, Clip]:
        """What is said without an engine; the goodbye names the business that it was spoken for."""
        clips = self._parts.clips.get(language, {})
        own = business.id == self._parts.receptionist.business.id
        return clips if own else {name: clip for name, clip in clips.items() if name is not Own.GOODBYE}

    def _session(self, receptionist: Receptionist, language: str) -> SessionConfig:
        config = self._parts.config
        return SessionConfig(
            model=config.model,
            instructions=receptionist.instructions(language, utc_now()),
            voice=receptionist.business.voice or config.voice,
            language=language,
            languages=receptionist.business.languages,
            transcription_model=config.transcription_model,
            tools=tuple(ToolSpec(tool.name, tool.description, tool.parameters) for tool in receptionist.tools()),
            engine_creates=config.engine_creates,
        )

    def _keeps(self, business: Business, call_id: str) -> Keep | None:
        """What takes the timeline's lines; None where the business does not want them kept."""
        everything = business.privacy_mode is PrivacyMode.EVERYTHING
        return self._parts.archive.keeps(call_id) if everything else None

    def _records(self, business: Business, stand_in: StandIn | None) -> bool:
        """Whether calls are recorded: never where the business does not want everything kept."""
        wanted = self._parts.config.record_calls or business.recording or stand_in is not None
        return wanted and business.privacy_mode is PrivacyMode.EVERYTHING

    def _facts(
        self,
        business: Business,
        settings: TurnSettings,
        carrier: CarrierCapabilities,
        engine: EngineCapabilities,
        clips: Mapping[Own, Clip],
    ) -> dict[str, str]:
        """What a replay of the timeline must know."""
        config = self._parts.config
        return dict(
            head(
                settings=settings,
                carrier=carrier,
                engine=engine,
                barge_in_enabled=_either(business.barge_in_enabled, config.enable_barge_in),
                greeting_lock=_either(business.greeting_lock, config.greeting_lock),
                engine_creates=config.engine_creates,
                clips=clips,
            )
        )

    def _call_id(self, call_sid: str, started_at: datetime) -> str:
        """The carrier's id if it can name files and is new; else one of our own."""
        if _SAFE_ID.fullmatch(call_sid):
            files = call_files(self._parts.config.data_dir, call_sid, started_at)
            if not files.timeline.exists():
                return call_sid
        return f"call-{secrets.token_hex(8)}"


def _either(wanted: bool | None, otherwise: bool) -> bool:
    """What the business wants, or what the installation does."""
    return otherwise if wanted is None else wanted


def _prompts(receptionist: Receptionist, language: str, returned: bool, standing: str) -> dict[Purpose, str]:
    """Instructions by purpose; those of one response replace the session's, so they bring them along."""
    known = {purpose.value: purpose for purpose in Purpose}
    prompts = receptionist.prompts(language, returned=returned)
    prompts |= {key: f"{standing}\n\n{prompts[key]}" for key in ADDED}
    return {known[key]: text for key, text in prompts.items() if key in known}


def _desk(receptionist: Receptionist, call_id: str, caller: str | None, language: str) -> tuple[Desk, Unanswered]:
    """The tools of one call, which remember whom it has proved to be, and what went wrong in a row."""
    identity, troubles = receptionist.identity(caller), Troubles()

    def context(action: RunTool) -> CallContext:
        return CallContext(call_id, action.call_id, caller, language, identity, troubles)

    def run(action: RunTool) -> str:
        return receptionist.run(action.name, action.arguments, context(action), utc_now())

    def unanswered(action: RunTool, why: str) -> str:
        return receptionist.unanswered(action.name, why, context(action), utc_now())

    return run, unanswered


def _call_over(receptionist: Receptionist, call_id: str) -> None:
    """Give up what the call still holds; a hold that stays expires by itself."""
    try:
        receptionist.call_over(call_id, utc_now())
    except TorimError as error:
        _log.warning("the holds of a call were not given up; they expire: call=%s %s", call_id, error)
