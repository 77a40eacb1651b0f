"""The way of a telephone call, gone from the public address on: against a real server, and against wrong ones."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from torim.config import Config
from torim.live.serve import Server, running
from torim.web.server import web_server
from torim.web.telephone_check import Finding, Telephony, examine

TOKEN, SID, NUMBER = "0123456789abcdef", "AC" + "1" * 32, "+97235550100"


def codes(found: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.code for finding in found}


def look(telephony: Telephony, numbers: tuple[str, ...] = (NUMBER,), strays: tuple[str, ...] = ()) -> dict[str, str]:
    return codes(asyncio.run(examine(telephony, numbers, strays)))


@asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[tuple[Server, str]]:
    """A real server with a carrier's token, called at the address that it believes to be its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    given = {"engine": "scripted", "host": "127.0.0.1", "port": port, "media_port": 0, "data_dir": folder}
    given |= {"database_url": f"sqlite:///{folder / 'torim.db'}", "twilio_auth_token": TOKEN, "public_url": url}
    async with running(Config(**{**given, **settings})) as server:
        yield server, url


@asynccontextmanager
async def pretending(answers: Mapping[str, Callable[[Request], Response]]) -> AsyncIterator[str]:
    """Another server at the public address."""

    def route(path: str, answer: Callable[[Request], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            return answer(request)

        return Route(path, endpoint, methods=["GET", "POST"])

    app = Starlette(routes=[route(path, answer) for path, answer in answers.items()])
    async with web_server(app, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


def told(scene: Callable[[], Awaitable[list[Finding]]]) -> dict[str, str]:
    async def run() -> list[Finding]:
        return await scene()

    return codes(asyncio.run(asyncio.wait_for(run(), 100)))


def test_an_installation_that_names_nothing_is_told_where_to_begin() -> None:
    found = look(Telephony(), ())
    assert (found["token"], found["address"], found["number"]) == ("token.missing", "address.missing", "number.none")
    assert {found[check] for check in ("reach", "signed", "forged", "media", "console")} == {"skipped"}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://torim.invalid", "address.not_https"),
        ("https://192.168.1.5", "address.private"),
        ("https://localhost", "address.private"),
        ("https://torim.invalid:8443", "address.port"),
        ("https://torim.invalid", "address.good"),
    ],
)
def test_an_address_that_no_carrier_can_call_is_known_by_sight(url: str, code: str) -> None:
    assert look(Telephony(None, None, url), ())["address"] == code


def test_a_name_that_nobody_knows_is_told_as_such() -> None:
    assert look(Telephony(TOKEN, SID, "https://torim.invalid"))["reach"] in ("reach.name", "reach.timeout")


def test_a_real_server_is_called_signed_and_wrongly_signed_and_its_stream_opens(tmp_path: Path) -> None:
    async def scene() -> list[Finding]:
        async with serving(tmp_path) as (server, url):
            found = await examine(Telephony(TOKEN, None, url), (NUMBER,), ())
            assert server.calls == {}
            return found

    found = told(scene)
    assert found["token"] == "token.set"
    assert found["address"] == "address.not_https"  # on this machine there is no certificate
    assert found["reach"] == "reach.good"
    assert found["signed"] == "signed.good"
    assert found["forged"] == "forged.refused"
    assert found["media"] == "media.not_wss"  # it opened
    assert found["number"] == "number.known"


def test_another_token_or_address_is_refused_by_a_real_server(tmp_path: Path) -> None:
    async def scene() -> list[Finding]:
        async with serving(tmp_path, public_url="http://another.invalid") as (_, url):
            return await examine(Telephony(TOKEN, None, url), (NUMBER,), ())

    found = told(scene)
    assert (found["reach"], found["signed"], found["media"]) == ("reach.good", "signed.refused", "skipped")


def test_a_proxy_that_does_not_speak_for_torim_is_found_out() -> None:
    async def stranger() -> list[Finding]:
        async with pretending({"/healthz": lambda _: PlainTextResponse("welcome to nginx")}) as url:
            return await examine(Telephony(TOKEN, SID, url), (), ())

    async def open_to_all() -> list[Finding]:
        async with await asyncio.start_server(no_upgrade, "127.0.0.1", 0) as proxy:
            stream = f"ws://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/twilio/media"
            twiml = f'<Response><Connect><Stream url="{stream}"/></Connect></Response>'
            answers = {
                "/healthz": lambda _: PlainTextResponse("ok\n"),
                "/twilio/voice": lambda _: PlainTextResponse(twiml),
            }
            async with pretending(answers) as url:
                return await examine(Telephony(TOKEN, SID, url), (), ())

    async def no_upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    assert told(stranger)["reach"] == "reach.stranger"
    found = told(open_to_all)
    assert (found["forged"], found["media"]) == ("forged.accepted", "media.no_upgrade")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ({"voice_url": "{public}/twilio/voice", "status_callback": "{public}/twilio/status"}, "console.good"),
        ({"voice_url": "{public}/twilio/voice"}, "console.status"),
        ({"voice_url": "{public}/twilio/voice", "voice_method": "GET"}, "console.method"),
        ({"voice_url": "https://demo.twilio.invalid/welcome"}, "console.address"),
        ({"voice_url": "{public}/twilio/voice", "trunk_sid": "TK1"}, "console.elsewhere"),
        (None, "console.unknown"),
    ],
)
def test_how_the_number_is_set_up_at_the_carrier_is_read(number: dict[str, str] | None, code: str) -> None:
    public = "http://127.0.0.1:9"
    asked: list[str] = []

    def listed(request: Request) -> Response:
        asked.append(request.query_params["PhoneNumber"])
        given = {name: text.format(public=public) for name, text in (number or {}).items()}
        items = [] if number is None else [{"phone_number": NUMBER, "voice_method": "POST", **given}]
        return JSONResponse({"incoming_phone_numbers": items})

    async def scene() -> list[Finding]:
        path = f"/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json"
        async with pretending({path: listed}) as api:
            return await examine(Telephony(TOKEN, SID, public, api), (NUMBER,), ())

    found = told(scene)
    assert found["console"] == code
    assert found["reach"] == "reach.refused"
    assert asked == [NUMBER]


def test_an_account_that_is_refused_is_told_as_such() -> None:
    async def scene() -> list[Finding]:
        path = f"/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json"
        async with pretending({path: lambda _: JSONResponse({"code": 20003}, 401)}) as api:
            return await examine(Telephony(TOKEN, SID, "http://127.0.0.1:9", api), (NUMBER,), (NUMBER,))

    found = told(scene)
    assert (found["console"], found["number"]) == ("console.account", "number.stray")
