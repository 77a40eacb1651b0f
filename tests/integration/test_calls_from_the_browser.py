"""A call from the browser's test phone: it is made of the settings as they are when somebody presses the button."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace
from serving_scene import Watched, serving
from websockets.asyncio.client import connect

from torim.live.bridge import Bridge
from torim.storage.access import AccessStore
from torim.web.passwords import hash_password

EMAIL, PASSWORD = "dana@shaked.example", "correct horse battery"


async def logged_in(client: httpx.AsyncClient, watched: Watched, business_id: str = "", email: str = EMAIL) -> None:
    """Begin the session of an owner; of the installation's own business by default."""
    node = watched.server.node
    roles = {business_id or node.archive.business.id: "owner"}
    AccessStore(node.store.database).add_account(email, "Dana", roles, datetime.now(UTC), hash_password(PASSWORD))
    begun = await client.post("/api/v1/session", json={"email": email, "password": PASSWORD})
    assert begun.status_code == 200, begun.text
    client.headers["X-CSRF-Token"] = begun.json()["csrf_token"]


async def change(client: httpx.AsyncClient, **changes: Any) -> None:
    """Save settings of the business."""
    settings = (await client.get("/api/v1/business")).json()["settings"]
    saved = await client.put("/api/v1/business", json=settings | changes, headers={"If-Match": "*"})
    assert saved.status_code == 200, saved.text


async def call(
    client: httpx.AsyncClient, watched: Watched, caller: str | None = None, lies: dict[str, str] | None = None
) -> Bridge:
    """Call as the page does, up to the stream's start, in which ``lies`` replace what the page was told."""
    begun = (await client.post("/api/v1/test-calls", json={"caller": caller})).json()
    sid = begun["call_sid"]
    url = watched.server.web_url.replace("http", "ws", 1) + begun["path"]
    start = {"streamSid": "MZ1", "callSid": sid, "customParameters": begun["parameters"] | (lies or {})}
    async with connect(url) as socket:
        await socket.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": start}))
        calls = watched.server.node.host.calls
        await watched.until(lambda: sid in calls)
        return calls[sid]


def test_recording_that_was_switched_on_just_now_records_the_very_next_call(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as watched, httpx.AsyncClient(base_url=watched.server.web_url) as client:
            await logged_in(client, watched)
            assert (await call(client, watched)).setup.recording is None
            for wanted in (True, False, True):
                await change(client, recording=wanted, greeting_lock=wanted)
                setup = (await call(client, watched)).setup
                assert (setup.recording is not None) == wanted
                assert setup.greeting_lock == wanted

    asyncio.run(asyncio.wait_for(scene(), 100))


def test_a_business_without_a_number_answers_its_own_test_calls(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as watched, httpx.AsyncClient(base_url=watched.server.web_url) as client:
            node = watched.server.node
            clinic = replace(node.archive.business, id="clinic", numbers=())
            node.store.businesses.save(clinic, 0, datetime.now(UTC))
            await logged_in(client, watched, "clinic", "noa@clinic.example")
            answered = (await call(client, watched)).setup.business
            assert answered is not None and answered.id == "clinic"

    asyncio.run(asyncio.wait_for(scene(), 100))


def test_a_page_cannot_say_whom_it_calls_or_who_is_calling(tmp_path: Path) -> None:
    """Else whoever may place test calls could be anybody's customer, of another business too."""

    async def scene() -> None:
        async with serving(tmp_path) as watched, httpx.AsyncClient(base_url=watched.server.web_url) as client:
            node = watched.server.node
            clinic = replace(node.archive.business, id="clinic", numbers=("+97235550177",))
            node.store.businesses.save(clinic, 0, datetime.now(UTC))
            await logged_in(client, watched)
            lies = {"called": "+97235550177", "caller": "+972521111111"}
            for caller, heard in ((None, ""), ("050-123-4567", "+972501234567")):
                setup = (await call(client, watched, caller, lies)).setup
                assert setup.business is not None and setup.business.id == node.archive.business.id
                assert setup.caller == heard

    asyncio.run(asyncio.wait_for(scene(), 100))
