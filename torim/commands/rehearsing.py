"""Rehearsals in a running server: the lab's caller on a stream of its own into this process's calls.

It puts together what the lab and the server offer. The call is answered with the settings and the engine of the
business; its book is one of its own that is thrown away, so that nothing real is taken and nobody is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path

from torim.commands.placing import Placed, enter, make_voices, place
from torim.config import Config
from torim.desk.book import Appointment
from torim.desk.businesses import BusinessRecord
from torim.desk.receptionist import Receptionist
from torim.errors import AccessError, ConfigError, TorimError
from torim.lab.caller import Caller, Dialing
from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.line import LineSettings
from torim.lab.measure import BargeIn, Limits
from torim.lab.play import Finding
from torim.lab.scenario import parse_scenario
from torim.lab.webhook import Stream
from torim.live.clock import utc_now
from torim.live.desks import CallDesk, StandIn
from torim.live.node import Node
from torim.live.trace import Traced
from torim.storage.files import note_file, notes_dir
from torim.storage.store import Store
from torim.web.fresh import stream_token
from torim.web.rehearsals import Cut, Judged, Rehearsal, Script, Stage, Step

MEDIA_PATH = "/rehearsal/media"
KEPT_MAX = 10  # results of a business
LONGEST_MS = 4 * 60 * 1000
WRITTEN_WAIT_S, LOOK_EVERY_S = 10.0, 0.1
CLEAR_MAX_MS = 200.0  # on a loop that the caller shares with the server; a network adds its own time
TRUNCATION_MAX_MS = 40.0
_log = logging.getLogger("torim.rehearsal")


class OwnRehearsals:
    """The rehearsals of one web process; implements the web side's `Rehearsals`."""

    def __init__(self, config: Config, own: Node) -> None:
        self._config = config
        self._own = own
        self._web_url = ""
        self._kept: dict[str, deque[Rehearsal]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def open_at(self, web_url: str) -> None:
        """The web port listens at this address of this machine."""
        self._web_url = web_url

    def scripts(self) -> Sequence[Script]:
        """What can be rehearsed: what is shipped, and the files in the data directory. Blocking."""
        own = sorted((self._config.data_dir / "scenarios").glob("*.scn"))
        return [*shipped(), *filter(None, map(_script_of, own))]

    def of_business(self, business_id: str) -> Sequence[Rehearsal]:
        """The last ones of a business, newest first."""
        return tuple(self._kept.get(business_id, ()))

    def start(self, business_id: str, script: Script) -> Rehearsal:
        """Begin one.

        Raises:
            AccessError: ``rehearsal.running``: one goes on.
        """
        kept = self._kept.setdefault(business_id, deque(maxlen=KEPT_MAX))
        if any(item.going_on for item in kept):
            raise AccessError("A rehearsal goes on; wait for its end, or stop it.", "rehearsal.running")
        begun = Rehearsal(secrets.token_hex(6), business_id, script, Stage.PREPARING, utc_now())
        kept.appendleft(begun)
        task = asyncio.get_running_loop().create_task(self._rehearse(begun.id, business_id, script))
        self._tasks[begun.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(begun.id, None))
        return begun

    def stop(self, business_id: str, rehearsal_id: str) -> bool:
        """Have the caller hang up; False: it does not go on."""
        found = any(item.id == rehearsal_id and item.going_on for item in self.of_business(business_id))
        return found and rehearsal_id in self._tasks and self._tasks[rehearsal_id].cancel()

    async def close(self) -> None:
        """The server stops."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- one rehearsal ----------------------------------------------------------------------------------

    async def _rehearse(self, rehearsal_id: str, business_id: str, script: Script) -> None:
        change = partial(self._change, business_id, rehearsal_id)
        try:
            change(stage=Stage.OVER, **await self._call(business_id, script, change))
        except asyncio.CancelledError:
            change(stage=Stage.STOPPED)
            raise
        except TorimError as error:
            change(stage=Stage.FAILED, problem=str(error))
        except Exception:  # the edge: a defect of a rehearsal must not pass unseen, nor cost the server anything
            _log.exception("a rehearsal failed: %s", script.id)
            change(stage=Stage.FAILED, problem="The rehearsal failed; the server's log says why.")

    def _change(self, business_id: str, rehearsal_id: str, **changes: object) -> None:
        kept = self._kept[business_id]
        for place_of, item in enumerate(kept):
            if item.id == rehearsal_id:
                kept[place_of] = replace(item, **changes)  # type: ignore[arg-type]

    async def _call(self, business_id: str, script: Script, change: Callable[..., None]) -> dict[str, object]:
        record = await asyncio.to_thread(self._own.store.businesses.get, business_id)
        if record is None:
            raise ConfigError("This business is not here any more.", "rehearsal.business")
        scenario = parse_scenario(script.text, script.title)
        voices = await make_voices(scenario, self._config.data_dir / "scenarios")
        async with _scratch(record, self._config) as stand_in:
            inside = _Inside(self._own, stand_in, scenario.caller, change)
            dialing = Dialing(self._web_url, stream=partial(self._stream, inside), hard_limit_ms=LONGEST_MS)
            change(stage=Stage.CALLING)
            try:
                placed = await place(scenario, voices, dialing, inside.tell, inside, settle=False)
            finally:
                await inside.leave(self._config.data_dir)
        return _result(placed, scenario.line)

    def _stream(self, inside: _Inside, call_sid: str) -> Stream:
        """The stream of a call that is about to begin, which the host then knows as a rehearsal."""
        host = self._own.host
        inside.call_sid = call_sid
        host.stand_ins[call_sid] = inside.stand_in
        business = inside.stand_in.desk.business
        token = stream_token(host.token_secret, call_sid, host.worker)
        parameters = {"token": token, "caller": inside.number, "called": next(iter(business.numbers), "")}
        return Stream("ws" + self._web_url.removeprefix("http") + MEDIA_PATH, parameters)


class _Inside:
    """The view into this process that a rehearsal needs: its call's timeline, and the book that it books in."""

    def __init__(self, own: Node, stand_in: StandIn, number: str, change: Callable[..., None]) -> None:
        self._own = own
        self.stand_in = stand_in
        self.number = number  # that calls
        self._change = change
        self.call_sid = ""
        self._call_id = ""
        self._steps: list[Step] = []

    def tell(self, line: str) -> None:
        """Show a step; ``line`` is the call's time in seconds and what is done."""
        seconds, _, text = line.strip().partition(" s  ")
        self._steps.append(Step(round(float(seconds) * 1000), text))
        self._change(steps=tuple(self._steps))

    @contextlib.contextmanager
    def followed(self, caller: Caller) -> Iterator[None]:
        """Copy the timeline of this caller's call into its record while the block runs."""
        stop = self._own.hub.subscribe(partial(self._enter, caller))
        try:
            yield
        finally:
            stop()

    def _enter(self, caller: Caller, traced: Traced) -> None:
        bridge = self._own.host.calls.get(caller.record.call_sid)
        if not self._call_id and bridge is not None:
            self._call_id = bridge.setup.call_id
            self._change(call_id=self._call_id)
        if traced.call_id == self._call_id and traced.entry is not None and bridge is not None:
            enter(caller, traced.at_ms, traced.entry, bridge.setup.trace.head)

    async def appointments(self, call_id: str) -> Sequence[Appointment]:
        """What the call has booked, in the book that is thrown away."""
        return await asyncio.to_thread(self.stand_in.book.of_call, self.stand_in.desk.business.id, call_id)

    async def settled(self) -> None:
        """Wait until the call's record is complete."""
        await self.written()

    async def written(self) -> None:
        """Wait until the record of the call is complete; what takes longer is not waited for."""
        business_id = self.stand_in.desk.business.id
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WRITTEN_WAIT_S):
                while self._call_id:
                    stored = await asyncio.to_thread(self._own.store.call, business_id, self._call_id)
                    if stored is not None and stored.summary_source is not None:
                        return
                    await asyncio.sleep(LOOK_EVERY_S)

    async def leave(self, data_dir: Path) -> None:
        """Forget the call once it is written, and remove the voice notes that only its book knew."""
        await self.written()
        for made in await self.appointments(self._call_id):
            if made.name_note:
                note_file(notes_dir(data_dir), made.name_note).unlink(missing_ok=True)
        self._own.host.stand_ins.pop(self.call_sid, None)


@contextlib.asynccontextmanager
async def _scratch(record: BusinessRecord, config: Config) -> AsyncIterator[StandIn]:
    """A desk of the business with an empty book that lasts as long as the block."""
    with tempfile.TemporaryDirectory(prefix="torim-rehearsal-") as folder:
        book = Store(f"sqlite:///{folder}/book.db")
        try:
            await asyncio.to_thread(_open, book, record)
            recorded = config.record_calls or record.business.recording
            desk = Receptionist(record.business, book, voice_notes=True, recorded=recorded)
            yield StandIn(CallDesk(desk, record.version), book)
        finally:
            await asyncio.to_thread(book.close)


def _open(book: Store, record: BusinessRecord) -> None:
    book.upgrade()
    book.businesses.adopt(record.business, utc_now())


# --- scripts ------------------------------------------------------------------------------------------------


def shipped() -> list[Script]:
    """The scenarios of the package, in the order of their names."""
    folder = files("torim.lab").joinpath("scenarios")
    found = sorted((item.name, item.read_text(encoding="utf-8")) for item in folder.iterdir())
    return [_script(name.partition(".")[0], text) for name, text in found if name.endswith(".scn")]


def _script(name: str, text: str) -> Script:
    scenario = parse_scenario(text, title=name)
    return Script(name, scenario.language, scenario.title, text)


def _script_of(path: Path) -> Script | None:
    """A scenario of the installation's own; None: it cannot be read, and the log says why."""
    try:
        return _script(f"own-{path.stem}", path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        _log.warning("the scenario %s is left out: %s", path.name, error)
        return None


# --- results ------------------------------------------------------------------------------------------------


def _result(placed: Placed, line: LineSettings) -> dict[str, object]:
    there_and_back_ms = 2 * (line.delay_ms + line.jitter_ms)
    limits = Limits(CLEAR_MAX_MS + there_and_back_ms, TRUNCATION_MAX_MS + 2 * line.jitter_ms)
    return {
        "findings": tuple(_judged(found) for found in placed.findings),
        "cuts": tuple(_cut(row, limits) for row in placed.rows),
        "late_ms": placed.record.worst_tick_ms,
    }


def _judged(found: Finding) -> Judged:
    return Judged(found.line, found.source, found.good, found.detail)


def _cut(row: BargeIn, limits: Limits) -> Cut:
    return Cut(
        stage=row.stage,
        words=row.words,
        at_ms=row.onset_samples // SAMPLES_PER_MS,
        sounding=row.sounding,
        hold_ms=row.hold_ms,
        first_silence_ms=row.clear_ms,
        silence_ms=row.silence_ms,
        stale_ms=row.stale_ms,
        heard_ms=row.heard_ms,
        resumes=row.resumes,
        problems=tuple(row.problems(limits)),
    )
