"""A call of the past with everything that a page can show: a recording, barge-ins, a message that was left."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from installation import Installation, Person

from torim.commands.placing import make_voices, place
from torim.desk.messages import MessageRequest
from torim.lab.caller import Dialing
from torim.lab.scenario import parse_scenario
from torim.storage.store import Store

NUMBER = "+972541112233"
SCRIPT = f"""
title "Cuts in twice, and hangs up"
language en
caller {NUMBER}
wait for the AI to speak
1500 ms later say "Excuse me, one moment please"
wait for the AI to speak
1200 ms later press 9
wait for the AI to speak
2 s later hang up
"""


def place_call(person: Person) -> dict[str, Any]:
    """Have a call recorded and cut into; the call once it is written, which needs a greeting that may be cut."""
    settings = person.api("GET", "/business")["settings"]
    person.api("PUT", "/business", settings | {"greeting_lock": False, "recording": True})
    call = person.until(lambda: _recorded(person), "a call that was recorded")
    person.api("PUT", "/business", settings)
    return call


def leave_message(at: Installation, call_id: str, text: str) -> None:
    """A message of that call's caller."""
    with contextlib.closing(Store(f"sqlite:///{at.folder / 'torim.db'}")) as store:
        asked = {"business_id": "shaked", "idempotency_key": f"of {call_id}", "asked_at": datetime.now(UTC)}
        store.leave_message(MessageRequest(text=text, call_id=call_id, from_number=NUMBER, **asked))  # type: ignore[arg-type]


def _recorded(person: Person) -> dict[str, Any] | None:
    """Place a call: none if it was answered with the settings of before."""
    with ThreadPoolExecutor(1) as apart:  # this thread has a loop already: that of the browser
        call_id = apart.submit(asyncio.run, _place(person.at)).result()

    def written() -> dict[str, Any] | None:
        call: dict[str, Any] = person.api("GET", f"/calls/{call_id}")
        return call if call["end_reason"] and call["summary"] else None

    call = person.until(written, "the end of the call and its summary")
    return call if call["has_recording"] and call["barge_in_count"] else None


async def _place(at: Installation) -> str:
    scenario = parse_scenario(SCRIPT)
    voices = await make_voices(scenario, at.folder)
    placed = await place(scenario, voices, Dialing(at.url), lambda line: None)
    return placed.record.call_sid
