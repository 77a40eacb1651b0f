"""Media streams on the web port, with a real WebSocket client."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from twilio.request_validator import RequestValidator
from web_scene import AUTH_TOKEN, SECRET, Calls, Settings, World, dependencies, play, with_token
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from torim.live import tokens


def address(client: httpx.AsyncClient, path: str) -> str:
    return str(client.base_url.copy_with(scheme="ws", path=path))


async def refused(url: str, **how: object) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(url, proxy=None, **how):  # type: ignore[arg-type]
            pass
    response = caught.value.response
    return response.status_code, (response.body or b"").decode()


def test_messages_travel_whole_and_in_order_and_the_end_is_told_once() -> None:
    calls = Calls()

    async def scene(client: httpx.AsyncClient) -> None:
        async with connect(address(client, "/twilio/media"), proxy=None) as stream:
            for number in range(50):
                await stream.send(f"frame {number}")
            await stream.send(b"\x00\xff")
            echoed = [await stream.recv() for _ in range(51)]
        (call,) = calls.sessions
        await call.over.wait()
        assert echoed == [f"frame {number}" for number in range(50)] + [b"\x00\xff"]
        assert call.carrier == "twilio" and call.messages == echoed
        assert call.closed == ["1000 closed"] and call.link.unsent_bytes() == 0

    play(dependencies(World(), media=calls), scene)


def test_the_call_can_close_the_stream() -> None:
    calls = Calls()

    async def scene(client: httpx.AsyncClient) -> None:
        async with connect(address(client, "/twilio/media"), proxy=None) as stream:
            await stream.send("last words")
            await stream.send("close")
            assert [message async for message in stream] == ["last words"]
            assert stream.close_code == 1000
        await calls.sessions[0].over.wait()
        assert len(calls.sessions[0].closed) == 1

    play(dependencies(World(), media=calls), scene)


def test_a_line_that_drops_without_a_word_ends_the_call() -> None:
    calls = Calls()

    async def scene(client: httpx.AsyncClient) -> None:
        stream = await connect(address(client, "/twilio/media"), proxy=None)
        await stream.send("hello")
        await stream.recv()
        stream.transport.abort()
        async with asyncio.timeout(5):
            await calls.sessions[0].over.wait()
        calls.sessions[0].link.send("into the void")
        assert len(calls.sessions[0].closed) == 1

    play(dependencies(World(), media=calls), scene)


def test_a_handshake_of_twilio_must_be_signed_for_the_public_wss_address() -> None:
    calls = Calls()
    sign = RequestValidator(AUTH_TOKEN).compute_signature

    async def scene(client: httpx.AsyncClient) -> None:
        url = address(client, "/twilio/media")
        status, advice = await refused(url)
        assert status == 403 and "X-Twilio-Signature" in advice
        wrong = {"X-Twilio-Signature": sign("wss://other.example/twilio/media", {})}
        assert (await refused(url, additional_headers=wrong))[0] == 403
        for signed_url in ("wss://torim.example/twilio/media", "wss://torim.example/twilio/media/"):
            good = {"x-twilio-signature": sign(signed_url, {})}
            async with connect(url, proxy=None, additional_headers=good) as stream:
                await stream.send("a")
                assert await stream.recv() == "a"
        assert len(calls.sessions) == 2

    settings = with_token(Settings(public_url="https://torim.example"))
    play(dependencies(World(), settings, media=calls), scene)


def test_a_full_worker_refuses_a_stream_before_it_is_open() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        status, advice = await refused(address(client, "/twilio/media"))
        assert status == 503 and "busy" in advice

    play(dependencies(World(), media=Calls(full=True)), scene)


def test_a_message_too_large_for_a_carrier_closes_the_stream() -> None:
    calls = Calls()

    async def scene(client: httpx.AsyncClient) -> None:
        async with connect(address(client, "/twilio/media"), proxy=None) as stream:
            await stream.send("x" * 70_000)
            with pytest.raises(ConnectionClosedError):
                await stream.recv()
        await calls.sessions[0].over.wait()
        assert calls.sessions[0].messages == []

    play(dependencies(World(), media=calls), scene)


def test_without_a_media_handler_there_is_no_stream_on_the_web_port() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert (await refused(address(client, "/twilio/media")))[0] == 403
        assert (await client.post("/browser/call")).status_code == 404

    play(dependencies(World()), scene)


def test_a_page_on_this_machine_gets_a_token_and_calls() -> None:
    calls = Calls()

    async def scene(client: httpx.AsyncClient) -> None:
        own = {"Origin": str(client.base_url).rstrip("/")}
        begun = (await client.post("/browser/call", headers=own)).json()
        token = begun["parameters"]["token"]
        used = tokens.verify(SECRET, token, begun["call_sid"], calls.worker, 0)
        assert used.call_sid.startswith("browser-")
        async with connect(address(client, begun["path"]), proxy=None, origin=own["Origin"]) as stream:  # type: ignore[arg-type]
            await stream.send("a")
            assert await stream.recv() == "a"
        assert calls.sessions[0].carrier == "browser"

    play(dependencies(World(), media=calls), scene)


def test_a_page_of_another_site_gets_neither_token_nor_stream() -> None:
    calls = Calls()

    async def scene(client: httpx.AsyncClient) -> None:
        evil = "https://evil.example"
        assert (await client.post("/browser/call", headers={"Origin": evil})).status_code == 403
        status, _ = await refused(address(client, "/browser/media"), origin=evil)
        assert status == 403 and calls.sessions == []

    play(dependencies(World(), media=calls), scene)


def test_a_token_is_handed_to_no_one_from_outside() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        headers = {"X-Forwarded-For": "203.0.113.9"}
        assert (await client.post("/browser/call", headers=headers)).status_code == 403

    play(dependencies(World(), with_token(), media=Calls()), scene)
