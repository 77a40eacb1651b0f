"""What an operator and a load balancer ask: alive, ready, numbers; and how the server itself behaves."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from prometheus_client import Counter
from web_scene import World, dependencies, play, served

from torim.errors import ConfigError
from torim.web.app import build_app
from torim.web.ports import Readiness
from torim.web.server import serve_web, web_server


def test_a_draining_process_is_alive_but_not_ready() -> None:
    world = World()

    async def scene(client: httpx.AsyncClient) -> None:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        world.ready = Readiness(False, "draining: 3 calls left")
        ready = await client.get("/readyz")
        assert ready.status_code == 503 and "3 calls left" in ready.text
        assert (await client.get("/healthz")).status_code == 200

    play(dependencies(world), scene)


def test_metrics_show_whatever_is_in_the_registry() -> None:
    deps = dependencies(World())
    Counter("torim_calls", "Calls taken.", registry=deps.registry).inc(5)

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert "torim_calls_total 5.0" in answer.text

    play(deps, scene)


def test_answers_do_not_name_the_server_software() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert "server" not in (await client.get("/healthz")).headers

    play(dependencies(World()), scene)


def test_a_taken_port_is_reported_with_advice() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="TORIM_PORT"):
            await serve_web(build_app(dependencies(World())), "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(ConfigError, match="TORIM_HOST"):
            await serve_web(build_app(dependencies(World())), "no.such.host.invalid", 0)

    asyncio.run(run())


def test_serving_ends_when_its_task_is_cancelled() -> None:
    async def run() -> None:
        task = asyncio.create_task(serve_web(build_app(dependencies(World())), "127.0.0.1", 0))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        kind = b"Content-Type: application/x-www-form-urlencoded"
        writer.write(b"POST /twilio/voice HTTP/1.1\r\nHost: localhost\r\n" + kind)
        writer.write(b"\r\nContent-Length: 100\r\n\r\nCallSid=")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await client.get("/healthz")).status_code == 200

    play(dependencies(World()), scene)
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


def test_a_stopped_server_frees_its_port() -> None:
    async def run() -> None:
        app = build_app(dependencies(World()))
        async with web_server(app, "127.0.0.1", 0) as port:
            pass
        async with web_server(app, "127.0.0.1", port) as again:
            assert again == port

    asyncio.run(run())


def test_a_scene_that_fails_is_not_hidden_by_the_server() -> None:
    async def run() -> None:
        async with served(dependencies(World())):
            raise KeyError("the scene's own")

    with pytest.raises(KeyError):
        asyncio.run(run())


def test_a_token_secret_that_is_too_short_stops_the_start() -> None:
    deps = dependencies(World())
    object.__setattr__(deps, "token_secret", b"short")
    with pytest.raises(ConfigError):
        build_app(deps)
