"""Live calls over the API: the stream of events as it comes, on a real socket, and orders to a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_scene import NOW, OTHER, SHOP, Office, play

from torim.storage.records import CallStart
from torim.web.api.live import RECHECK_S
from torim.web.live_calls import Command, LiveCall, LiveTurn
from torim.web.news import WATCHERS_MAX
from torim.web.server import web_server

CALL = LiveCall(
    call_id="CA7",
    call_sid="CA7",
    business_id="shop",
    carrier="twilio",
    engine="embedded",
    language="he",
    from_number="+972501234567",
    to_number="+97235550100",
    started_at=NOW,
    duration_ms=0,
    phase="greeting",
    floor="ai",
    paused=False,
    barge_ins=0,
    turns=(),
)
SAID = LiveTurn("ai", 0, 900, "Hello,", "how may I help?", False)
STREAM_WAIT_S = 10.0


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path, businesses=(SHOP, OTHER))
    made.call("CA1")
    return made


class Events:
    """The events of one stream, as they come."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(STREAM_WAIT_S):
            async for line in self._lines:
                if line.startswith("data: "):
                    found: dict[str, Any] = json.loads(line.removeprefix("data: "))
                    return found
        raise AssertionError("the stream ended")

    async def rest(self) -> list[str]:
        async with asyncio.timeout(STREAM_WAIT_S):
            return [line async for line in self._lines if line]


READER = ("calls:read", "appointments:read", "messages:read")


def watch(office: Office, scene: Callable[[Events], Awaitable[None]], *scopes: str) -> None:
    """Run a scene on an open stream of events."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Events]:
        async with (
            web_server(office.app, "127.0.0.1", 0) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
            client.stream("GET", "/api/v1/live/events", headers=office.key(*scopes or READER)) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            yield Events(answer.aiter_lines())

    async def run() -> None:
        async with opened() as events:
            await scene(events)

    asyncio.run(run())
    assert office.deps.news.watchers == 0


def change(office: Office, *calls: LiveCall) -> None:
    office.stage.live = calls
    office.stage.changed.set()


def test_a_call_is_seen_from_its_beginning_to_its_end(office: Office) -> None:
    async def scene(events: Events) -> None:
        assert await events.next() == {"type": "calls", "calls": []}
        change(office, CALL)
        begun = (await events.next())["call"]
        assert (begun["call_id"], begun["floor"], begun["turns"]) == ("CA7", "ai", [])
        change(office, replace(CALL, floor="verifying", turns=(SAID,)))
        spoken = (await events.next())["call"]
        assert spoken["floor"] == "verifying" and spoken["turns"][0]["unheard_text"] == "how may I help?"
        change(office)
        assert await events.next() == {"type": "call_ended", "call_id": "CA7"}

    watch(office, scene)


def test_levels_come_apart_from_the_words_and_stop_with_the_sound(office: Office) -> None:
    spoken = replace(CALL, turns=(SAID,))

    async def scene(events: Events) -> None:
        await events.next()
        change(office, spoken)
        assert (await events.next())["type"] == "call"
        change(office, replace(spoken, duration_ms=400, caller_level=20, ai_level=310))
        level = {"call_id": "CA7", "duration_ms": 400, "caller": 20, "ai": 310}
        assert await events.next() == {"type": "levels", "levels": [level]}  # and no words again
        change(office, replace(spoken, duration_ms=800))
        silent = await events.next()
        assert (silent["levels"][0]["caller"], silent["levels"][0]["ai"]) == (0, 0)
        change(office, replace(spoken, duration_ms=1_200))  # nothing to tell
        change(office)
        assert (await events.next())["type"] == "call_ended"

    watch(office, scene)


def test_what_goes_on_already_comes_first_and_nothing_of_another_business(office: Office) -> None:
    office.stage.live = (CALL, replace(CALL, call_id="CA8", business_id="other"))

    async def scene(events: Events) -> None:
        first = await events.next()
        assert [call["call_id"] for call in first["calls"]] == ["CA7"]

    watch(office, scene)


def test_an_appointment_and_a_message_appear_while_somebody_watches(office: Office) -> None:
    old = office.store.book(office.wish(24))

    async def scene(events: Events) -> None:
        await events.next()
        made = await asyncio.to_thread(office.store.book, office.wish(48))
        shown = await events.next()
        assert shown["type"] == "appointment" and shown["appointment"]["id"] == made.id != old.id
        await asyncio.to_thread(office.fill_message)
        left = await events.next()
        assert left["type"] == "message" and left["message"]["text"] == "Please call back."

    watch(office, scene)


def test_the_stream_shows_nothing_that_its_reader_may_not_read(office: Office) -> None:
    async def scene(events: Events) -> None:
        await events.next()
        await asyncio.to_thread(office.store.book, office.wish(48))
        await asyncio.to_thread(office.fill_message)
        assert (await events.next())["type"] == "message"

    watch(office, scene, "calls:read", "messages:read")


def test_the_stream_ends_at_once_when_the_server_stops(office: Office) -> None:
    async def scene(events: Events) -> None:
        await events.next()
        office.deps.news.close()
        assert await events.next() == {"type": "closed"}
        assert await events.rest() == []

    watch(office, scene)


def test_a_stream_ends_with_the_right_to_read_it(office: Office) -> None:
    async def scene(events: Events) -> None:
        await events.next()
        for key in office.access.keys("shop"):
            office.access.revoke_key("shop", key.id, NOW)
        office.clock.forward(seconds=RECHECK_S)
        change(office, CALL)
        assert await events.rest() == []

    watch(office, scene)


def test_only_so_many_pages_may_watch(office: Office) -> None:
    async def run() -> None:
        news = office.deps.news
        streams = [news.follow("shop") for _ in range(WATCHERS_MAX)]
        for stream in streams:
            await anext(stream)
        async with office.client(office.key("calls:read")) as client:
            refused = await client.get("/api/v1/live/events")
            assert refused.status_code == 429 and refused.json()["code"] == "access.too_many_streams"
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined]
        assert news.watchers == 0

    asyncio.run(run())


def test_orders_reach_the_call_and_only_a_call_of_this_business(office: Office) -> None:
    office.stage.live = (CALL, replace(CALL, call_id="CA8", business_id="other"))
    base = "/api/v1/live/calls"

    async def scene(client: httpx.AsyncClient) -> None:
        assert [call["call_id"] for call in (await client.get(base)).json()["items"]] == ["CA7"]
        assert (await client.put(f"{base}/CA7/pause", json={"paused": True})).status_code == 204
        assert (await client.put(f"{base}/CA7/pause", json={"paused": False})).status_code == 204
        assert (await client.post(f"{base}/CA7/hang-up")).status_code == 204
        assert (await client.post(f"{base}/CA8/hang-up")).status_code == 404
        assert (await client.post(f"{base}/gone/hang-up")).status_code == 404

    play(office, scene, office.key("calls:read", "calls:control"))
    assert office.stage.orders == [("CA7", Command.PAUSE), ("CA7", Command.RESUME), ("CA7", Command.HANG_UP)]


def test_a_call_is_put_through_to_a_number_that_an_owner_names(office: Office) -> None:
    office.stage.live = (CALL, replace(CALL, call_id="B1", carrier="browser"))
    path = "/api/v1/live/calls/CA7/transfer"

    async def scene(client: httpx.AsyncClient) -> None:
        nobody = await client.post(path, json={})
        assert nobody.status_code == 409 and nobody.json()["code"] == "live.no_number"
        assert (await client.post(path, json={"number": "052-111-2222"})).status_code == 204
        browser = await client.post("/api/v1/live/calls/B1/transfer", json={"number": "052-111-2222"})
        assert browser.json()["code"] == "live.cannot_dial"

    async def by_staff(client: httpx.AsyncClient) -> None:
        assert (await client.post(path, json={"number": "052-111-2222"})).status_code == 403

    play(office, scene, office.key("calls:control", "business:write"))
    play(office, by_staff, office.key("calls:control"))
    assert office.stage.orders == [("CA7", Command.TRANSFER)]
    assert office.deps.transfers.of("CA7") == "+972521112222"
    office.deps.transfers.forget("CA7")
    assert office.deps.transfers.of("CA7") is None


@pytest.mark.parametrize("shared", [False, True])
def test_calls_of_other_machines_are_named_where_machines_share_a_database(
    tmp_path: Path, shared: bool, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql_url") if shared else None
    office = Office(tmp_path, businesses=(SHOP, OTHER), url=url)
    office.call("over")
    office.stage.live = (CALL,)
    begun = {"CA7": NOW, "far": NOW - timedelta(minutes=5), "crashed": NOW - timedelta(days=1)}
    for call_id, at in begun.items():
        office.store.start_call(CallStart(call_id, "shop", "twilio", "embedded", at, "+972501234567"))
    office.store.start_call(CallStart("foreign", "other", "twilio", "embedded", NOW))

    async def scene(client: httpx.AsyncClient) -> None:
        found = (await client.get("/api/v1/live/calls")).json()
        assert [call["call_id"] for call in found["items"]] == ["CA7"]
        assert [call["id"] for call in found["elsewhere"]] == (["far"] if shared else [])
        for call_id, refused in {"far": 409 if shared else 404, "crashed": 404, "foreign": 404}.items():
            path = f"/api/v1/live/calls/{call_id}"
            answers = [
                await client.post(f"{path}/hang-up"),
                await client.put(f"{path}/pause", json={"paused": True}),
                await client.post(f"{path}/transfer", json={"number": "052-111-2222"}),
            ]
            assert {answer.status_code for answer in answers} == {refused}, call_id
            code = "live.elsewhere" if refused == 409 else "call.not_found"
            assert {answer.json()["code"] for answer in answers} == {code}

    play(office, scene, office.key("calls:read", "calls:control", "business:write"))
    assert office.stage.orders == []
    office.store.close()


def test_a_browser_call_gets_a_token_and_the_number_it_seems_to_come_from(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        begun = (await client.post("/api/v1/test-calls", json={"caller": "050-123-4567"})).json()
        assert begun["path"] == "/browser/media"
        assert begun["parameters"]["called"] == "+97235550100" and begun["parameters"]["caller"] == "+972501234567"

    play(office, scene, office.key("calls:control", "appointments:read", "appointments:write"))


@pytest.mark.parametrize("also", [(), ("appointments:read",), ("appointments:write",), ("business:write", "privacy")])
def test_whoever_may_not_see_and_change_appointments_calls_as_nobody(office: Office, also: tuple[str, ...]) -> None:
    """A caller hears of the appointments of the number that they call from, and may move and cancel them."""

    async def scene(client: httpx.AsyncClient) -> None:
        refused = await client.post("/api/v1/test-calls", json={"caller": "050-123-4567"})
        assert refused.status_code == 403 and refused.json()["code"] == "access.forbidden"
        withheld = await client.post("/api/v1/test-calls", json={"caller": None})
        assert withheld.status_code == 201 and withheld.json()["parameters"]["caller"] == ""

    play(office, scene, office.key("calls:control", *also))
