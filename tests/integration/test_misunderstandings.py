"""A caller whom a model does not understand, again and again, hears a way out and takes it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from serving_scene import Watched, config, scripted

from torim.core.actions import Note
from torim.core.reasons import Reason
from torim.desk.phrases import Phrase
from torim.desk.speech import say
from torim.engines.script import Answer, Request, calls_tool, says
from torim.engines.scripted import ScriptedPeer
from torim.lab.caller import Caller, Dialing
from torim.live.serve import running

NONSENSE = {"service_id": "haircut", "wish": "the 31st of February"}
MESSAGE = {"text": "Wants an appointment; please call back.", "name": "Dana"}


def model() -> ScriptedPeer:
    """A model that hears a date that does not exist in whatever is said, until a tool tells it to offer a message."""
    offered: list[Any] = []

    def answer(request: Request) -> Answer:
        if "Say exactly" in request.instructions:
            return says(request.instructions.partition('"')[2].rstrip('"'), 500)
        if request.last_item.get("type") != "function_call_output":
            return calls_tool("leave_message", MESSAGE) if offered else calls_tool("find_slots", NONSENSE)
        output = json.loads(request.last_item["output"])
        if output.get("way_out"):
            offered.append(output)
        return says(output["spoken"], 500)

    return ScriptedPeer(otherwise=answer)


def test_the_third_misunderstanding_ends_in_a_message(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(config(tmp_path), scripted(model)) as server:
            watched = Watched(server)

            def heard() -> int:
                return sum(note.reason is Reason.AI_HEARD for note in watched.happened(Note))

            caller = Caller(Dialing(server.web_url))
            await caller.dial()
            await watched.until(heard)
            for turn in range(1, 5):
                caller.press(str(turn))
                caller.press("#")
                await watched.until(lambda turn=turn: heard() > turn)  # type: ignore[misc]
            await caller.hang_up()
            await server.settled()
            lines = [turn.heard_text for turn in server.store.turns("shaked", caller.record.call_sid)]
            no_such_time, way_out, taken = (
                say("en", phrase) for phrase in (Phrase.NO_SUCH_TIME, Phrase.WAY_OUT, Phrase.MESSAGE_TAKEN)
            )
            assert [line for line in lines if line in (no_such_time, way_out, taken)] == [
                no_such_time,
                no_such_time,
                way_out,
                taken,
            ]
            (message,) = server.store.messages("shaked")
            assert (message.name, message.from_number) == ("Dana", "+972501234567")

    asyncio.run(scene())
