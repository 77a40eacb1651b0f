"""Two machines on one database: whichever of them the carrier asks what follows a stream, the answer is right."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from serving_scene import CALLER, Watched, config, scripted, talkative

from torim.core.events import EndReason
from torim.lab.caller import Caller, Dialing
from torim.live.serve import running


def test_what_follows_a_stream_is_known_at_the_other_machine(tmp_path: Path, postgresql_url: str) -> None:
    async def scene() -> None:
        one = config(tmp_path / "one", database_url=postgresql_url, do_jobs=False)
        two = config(tmp_path / "two", database_url=postgresql_url, do_jobs=False)
        async with running(one, scripted(talkative)) as first, running(two, scripted(talkative)) as second:
            watched = Watched(first)
            caller = Caller(Dialing(first.web_url))
            await caller.dial()
            sid = caller.record.call_sid
            await watched.until(lambda: first.store.call("shaked", sid))
            asked = asyncio.create_task(what_follows(second.web_url, sid))
            first.node.host.calls[sid].abort(EndReason.GOODBYE)
            assert "<Hangup/>" in await asked and "<Say" not in await asked
            assert "<Say" in await what_follows(second.web_url, "CA-nobody-knows"), "an apology, and at once"
            await caller.hang_up()
            await first.settled()

    asyncio.run(scene())


async def what_follows(base_url: str, sid: str) -> str:
    async with httpx.AsyncClient(base_url=base_url, trust_env=False) as client:
        form = {"CallSid": sid, "From": CALLER, "To": "+97235550100"}
        return (await client.post("/twilio/after", data=form)).text
