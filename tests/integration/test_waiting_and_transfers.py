"""A caller who waits hears why; a caller who asks for a person is put through, or comes back to leave a message."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from serving_scene import CALLER, RudeCarrier, Watched, config, scripted
from websockets.asyncio.client import connect

from torim.core import timeline
from torim.core.actions import CreateResponse, Note, PlayAudio, Purpose
from torim.core.events import EndReason
from torim.core.reasons import Reason
from torim.desk.business import Business, Transfer
from torim.desk.hours import WEEK, Hours
from torim.desk.receptionist import Receptionist
from torim.engines.script import Answer, Request, calls_tool, says
from torim.engines.scripted import ScriptedPeer
from torim.lab.caller import Caller, Dialing
from torim.lab.webhook import Answer as TwiML
from torim.lab.webhook import parse_twiml
from torim.live.serve import Server, running
from torim.storage.store import Store

SLOW_S = 6.0
COLLEAGUE = "+972541112222"
ALWAYS = Hours(**dict.fromkeys(WEEK, ("00:00-24:00",)))


class Slow(Receptionist):
    """A desk whose database takes its time."""

    def run(self, *arguments: Any) -> str:
        time.sleep(SLOW_S)
        return super().run(*arguments)


def slow(business: Business, store: Store) -> Receptionist:
    return Slow(business, store)


def with_a_colleague(business: Business, store: Store) -> Receptionist:
    transfer = Transfer(number=COLLEAGUE, hours=ALWAYS, on_closed_days=True)
    return Receptionist(msgspec.structs.replace(business, transfer=transfer), store)


def hire(store: Store) -> None:
    """Put the colleague into the stored settings, where the carrier's webhook looks."""
    record = store.businesses.get("shaked")
    assert record is not None
    business = msgspec.structs.replace(
        record.business, transfer=Transfer(number=COLLEAGUE, hours=ALWAYS, on_closed_days=True)
    )
    store.businesses.save(business, record.version, datetime.now(UTC))


def model(tool: str) -> ScriptedPeer:
    """An engine that says what it is told to, and calls a tool after the caller's first turn."""

    def answer(request: Request) -> Answer:
        if "Say exactly" in request.instructions:
            return says(request.instructions.partition('"')[2].rstrip('"'), 700)
        if request.last_item.get("type") == "function_call_output":
            return says("There.", 500)
        return calls_tool(tool)

    return ScriptedPeer(otherwise=answer)


def notes(watched: Watched, reason: Reason) -> list[Note]:
    return [note for note in watched.happened(Note) if note.reason is reason]


async def greeted(watched: Watched) -> Caller:
    caller = Caller(Dialing(watched.server.web_url))
    await caller.dial()
    await watched.until(lambda: notes(watched, Reason.AI_HEARD))
    return caller


def test_a_slow_tool_is_waited_for_with_words(tmp_path: Path) -> None:
    async def scene() -> None:
        plans = scripted(lambda: model("list_services"))
        async with running(config(tmp_path), plans, slow, speaks=True) as server:
            watched = Watched(server)
            caller = await greeted(watched)
            caller.press("1")
            await watched.until(lambda: notes(watched, Reason.OWN_WORDS))
            assert notes(watched, Reason.OWN_WORDS)[0].evidence["clip"] == "moment"
            call = server.calls[caller.record.call_sid].call
            await watched.until(lambda: call.transcript()[-1].heard_text == "There.")
            await caller.hang_up()
            await server.settled()
            lines = [turn.heard_text for turn in server.store.turns("shaked", caller.record.call_sid)]
            pressed, said, found = instants(watched, "key", "log DEBUG [CALL] said without", "tool_finished")
            assert 0 <= pressed < said < found  # a key waits for others, then the caller does, and no longer
            assert "One moment, please." in lines
            assert lines[-1] == "There."

    asyncio.run(scene())


def instants(watched: Watched, *begins: str) -> list[int]:
    """When the lines of the timeline that begin so were written, the first of each."""
    written = [
        (traced.at_ms, line.what)
        for traced in watched.traced
        if traced.entry is not None
        for line in timeline.parse(timeline.render(traced.at_ms, traced.entry))
    ]
    return [next((at_ms for at_ms, what in written if what.startswith(begin)), -1) for begin in begins]


def test_a_caller_is_put_through_after_the_last_word(tmp_path: Path) -> None:
    async def scene() -> None:
        plans = scripted(lambda: model("transfer_call"))
        async with running(config(tmp_path), plans, with_a_colleague) as server:
            await asyncio.to_thread(hire, server.store)
            watched = Watched(server)
            caller = await greeted(watched)
            caller.press("1")
            record = await caller.finished()
            asked = [action.purpose for action in watched.happened(CreateResponse)]
            assert asked[-1] is Purpose.HANDOVER
            (verb, *_) = record.after
            assert verb.name == "Dial"
            await server.settled()
            stored = server.store.call("shaked", record.call_sid)
            assert stored is not None
            assert stored.end_reason is EndReason.TRANSFERRED

    asyncio.run(scene())


async def after_dialling(server: Server, call_sid: str, status: str) -> TwiML:
    form = {"CallSid": call_sid, "From": CALLER, "To": "+97231234567", "DialCallStatus": status}
    async with httpx.AsyncClient(trust_env=False) as http:
        reply = await http.post(f"{server.web_url}/twilio/after", data=form)
    return parse_twiml(reply.text, server.web_url)


def test_who_comes_back_from_a_transfer_is_asked_for_a_message(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(config(tmp_path), scripted(lambda: model("list_services"))) as server:
            watched = Watched(server)
            answer = await after_dialling(server, "CAreturned", "no-answer")
            assert answer.stream is not None
            assert answer.stream.parameters["returned"] == "transfer"
            async with connect(answer.stream.url, compression=None, proxy=None) as socket:
                await RudeCarrier(socket, "CAreturned").start(dict(answer.stream.parameters))
                await watched.until(lambda: watched.happened(PlayAudio))
            (greeting, *_) = watched.happened(CreateResponse)
            assert "nobody is answering there" in greeting.instructions

    asyncio.run(scene())
