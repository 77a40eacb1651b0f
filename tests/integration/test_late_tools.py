"""Tools that outlive their call: what they book is stored with what was said."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from serving_scene import Watched, config, scripted

from torim.core.actions import Note, RunTool
from torim.core.events import EndReason, ToolFinished
from torim.core.reasons import Reason
from torim.desk.book import BookingRequest
from torim.desk.business import Business, load_business
from torim.desk.receptionist import CallContext, Receptionist
from torim.engines.script import calls_tool, says
from torim.engines.scripted import ScriptedPeer
from torim.errors import CarrierError
from torim.lab.caller import Caller, Dialing
from torim.live.serve import running
from torim.storage.store import Store

BUSINESS = load_business().id
AT = datetime(2026, 1, 6, 10, tzinfo=UTC)


class SlowDesk(Receptionist):
    """Books only when it is let go."""

    def __init__(self, business: Business, store: Store, go_on: threading.Event) -> None:
        super().__init__(business, store)
        self._store = store
        self._go_on = go_on

    def run(self, name: str, arguments: str, call: CallContext, now_utc: datetime) -> str:
        assert self._go_on.wait(100)
        self._store.book(
            BookingRequest(
                business_id=BUSINESS,
                service_id="haircut",
                starts_at=AT,
                ends_at=AT + timedelta(minutes=30),
                timezone="UTC",
                idempotency_key=call.idempotency_key,
                asked_at=now_utc,
                call_id=call.call_id,
            )
        )
        return '{"ok":true}'


def books() -> ScriptedPeer:
    return ScriptedPeer().then(says("I am booking it for you.", 600)).then(calls_tool("book_appointment"))


def check(store: Store, call_id: str, reason: EndReason) -> None:
    call = store.call(BUSINESS, call_id)
    assert call is not None and call.end_reason is reason
    assert "Booked" in (call.summary or "")
    (made,) = store.of_call(BUSINESS, call_id)
    assert "I am booking it" in (made.call_transcript or "")


@pytest.mark.parametrize("shut_down", [False, True], ids=["hang-up", "shut-down"])
def test_an_appointment_made_after_the_end_has_its_transcript(tmp_path: Path, shut_down: bool) -> None:
    """The caller hangs up, or the server stops at once, while the desk still writes."""

    async def scene() -> str:
        go_on = threading.Event()
        settings = config(tmp_path)
        make_desk = lambda business, store: SlowDesk(business, store, go_on)  # noqa: E731
        async with running(settings, scripted(books), make_desk) as server:
            watched = Watched(server)
            caller = Caller(Dialing(server.web_url))
            await caller.dial()
            await watched.until(lambda: [n for n in watched.happened(Note) if n.reason is Reason.AI_HEARD])
            caller.press("1")
            await watched.until(lambda: watched.happened(RunTool))
            if not shut_down:
                await caller.hang_up()
                await asyncio.sleep(0.2)
                assert not watched.happened(ToolFinished)
                assert server.store.call(BUSINESS, caller.record.call_sid).summary is None  # type: ignore[union-attr]
                go_on.set()
                await server.settled()
                check(server.store, caller.record.call_sid, EndReason.CALLER_HUNG_UP)
            else:
                asyncio.get_running_loop().call_later(0.3, go_on.set)
        with contextlib.suppress(CarrierError):  # nobody is left to say what follows the stream
            await caller.finished()
        return caller.record.call_sid

    call_id = asyncio.run(asyncio.wait_for(scene(), 100))
    store = Store(config(tmp_path).database_url)
    check(store, call_id, EndReason.SHUTDOWN if shut_down else EndReason.CALLER_HUNG_UP)
    store.close()
