"""`torim serve` as an operator runs it: workers in processes of their own, drained by signals."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from torim.core.events import EndReason
from torim.desk.business import load_business
from torim.lab.caller import Caller, Dialing
from torim.storage.access import AccessStore, ApiKey
from torim.storage.store import Store
from torim.web.passwords import hash_token, new_token

READY_S = 90
END_S = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def torim_serve(tmp_path: Path, **settings: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run the server as a process; the address of its web port once it is ready."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TORIM_", "OPENAI", "TWILIO"))}
    env |= {
        "TORIM_DATA_DIR": str(tmp_path / "data"),
        "TORIM_PORT": str(port),
        "TORIM_MEDIA_PORT": "0",
        "TORIM_ENGINE": "scripted",
        "TORIM_LANGUAGE": "en",
        "TORIM_WORKERS": "2",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "torim", "serve", cwd=tmp_path, env=env, stderr=subprocess.PIPE
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await until_ready(url)
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_ready(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(READY_S * 10):
            try:
                if (await http.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("not ready in time")


async def until(seen: Callable[[], Awaitable[Any]], what: str, timeout_s: float = END_S) -> Any:
    """Ask again and again until there is an answer."""
    give_up = time.monotonic() + timeout_s
    while not (found := await seen()):
        assert time.monotonic() < give_up, f"not seen in {timeout_s} s: {what}"
        await asyncio.sleep(0.1)
    return found


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=END_S) as http:
        return await http.get(url)


async def answers(url: str, status: int) -> bool:
    return (await get(url)).status_code == status


async def one_call_on(url: str, *workers: str) -> bool:
    """Whether each of these workers has one call, by the metrics."""
    metrics = (await get(f"{url}/metrics")).text
    return all(f'torim_calls_live{{worker="{worker}"}} 1.0' in metrics for worker in workers)


async def one_call_each(url: str) -> None:
    await until(partial(one_call_on, url, "1", "2"), "a call in each of two workers")


def test_calls_spread_over_workers_and_a_shutdown_lets_them_end(tmp_path: Path) -> None:
    """The first signal drains, the second says goodbye; the callers hear it, and the server ends well."""

    async def scene() -> None:
        async with torim_serve(tmp_path) as (process, url):
            callers = [Caller(Dialing(url)) for _ in range(2)]
            for caller in callers:
                await caller.dial()
            await one_call_each(url)
            on_the_live_page = await live_calls(url, tmp_path)
            assert set(on_the_live_page) == {caller.record.call_sid for caller in callers}
            process.send_signal(signal.SIGTERM)
            await until(partial(answers, f"{url}/readyz", 503), "it takes no more calls")
            assert process.returncode is None and not callers[0].over
            process.send_signal(signal.SIGTERM)
            records = [await caller.finished() for caller in callers]
            assert all(record.ended_by == "server" for record in records)
            assert [verb.name for record in records for verb in record.after] == ["Hangup", "Hangup"]
            assert await asyncio.wait_for(process.wait(), END_S) == 0

    asyncio.run(asyncio.wait_for(scene(), 110))


async def live_calls(url: str, tmp_path: Path) -> list[str]:
    """The ids of the calls that the live page of the web process shows."""
    with contextlib.closing(Store(f"sqlite:///{tmp_path}/data/torim.db")) as store:
        secret, business = new_token("torim_"), load_business().id
        key = ApiKey("key1", business, "test", ("calls:read",), None, datetime.now(UTC), None, None, None)
        AccessStore(store.database).add_key(key, hash_token(secret))
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {secret}"}) as http:
        return [call["call_id"] for call in (await http.get(f"{url}/api/v1/live/calls")).json()["items"]]


def two_free_ports() -> int:
    """The first of two neighbours."""
    while True:
        first = free_port()
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", first + 1)):
            return first


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.write_eof()


@asynccontextmanager
async def proxy(media_port: int) -> AsyncIterator[int]:
    """A proxy that sorts by path: `/w1/...` is passed as it is, of `/w2/...` the prefix is taken off."""
    routes = {b"/w1/": (media_port, b"/w1/"), b"/w2/": (media_port + 1, b"/")}

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        prefix = head.split(b" ")[1][:4]
        port, passed = routes[prefix]
        there, back = await asyncio.open_connection("127.0.0.1", port)
        back.write(head.replace(b" " + prefix, b" " + passed, 1))
        await asyncio.gather(_pipe(reader, back), _pipe(there, writer))
        for end in (back, writer):
            end.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def test_a_proxy_on_one_port_tells_the_workers_apart_by_path(tmp_path: Path) -> None:
    """Twilio opens streams on one port only; its signature covers the address that it was given."""

    async def scene() -> None:
        first = two_free_ports()
        async with proxy(first) as port:
            settings = {
                "TORIM_MEDIA_PORT": str(first),
                "TORIM_MEDIA_URL": f"ws://127.0.0.1:{port}/w{{worker}}",
                "TWILIO_AUTH_TOKEN": "not-a-real-token",
            }
            async with torim_serve(tmp_path, **settings) as (process, url):
                callers = [Caller(Dialing(url, auth_token="not-a-real-token")) for _ in range(2)]
                for caller in callers:
                    await caller.dial()
                await one_call_each(url)
                for caller in callers:
                    await caller.hang_up()
                process.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(process.wait(), END_S) == 0

    asyncio.run(asyncio.wait_for(scene(), 110))


def test_a_port_in_use_stops_the_start_with_advice(tmp_path: Path) -> None:
    async def scene() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "torim",
                "serve",
                cwd=tmp_path,
                env={"TORIM_PORT": str(free_port()), "TORIM_MEDIA_PORT": port, "PATH": os.environ["PATH"]},
                stderr=subprocess.PIPE,
            )
            _, said = await asyncio.wait_for(process.communicate(), 100)
            assert process.returncode == 1
            assert b"TORIM_MEDIA_PORT" in said

    asyncio.run(scene())


def worker_pids(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    named = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    return [pid for pid, command in named.items() if "spawn_main" in command]


async def has_said(tmp_path: Path, call_id: str) -> bool:
    with contextlib.closing(Store(f"sqlite:///{tmp_path / 'data' / 'torim.db'}")) as store:
        return bool(store.turns(load_business().id, call_id))


async def has_ended(tmp_path: Path, call_id: str) -> bool:
    with contextlib.closing(Store(f"sqlite:///{tmp_path / 'data' / 'torim.db'}")) as store:
        call = store.call(load_business().id, call_id)
        return call is not None and call.end_reason is not None


def check_what_is_left(tmp_path: Path, call_id: str) -> None:
    """The call has an end, and what was said until a second before its worker died."""
    store, business = Store(f"sqlite:///{tmp_path / 'data' / 'torim.db'}"), load_business().id
    call = store.call(business, call_id)
    assert call is not None and call.end_reason is EndReason.INTERNAL_ERROR
    assert store.turns(business, call_id)
    store.close()


def test_a_worker_that_dies_costs_its_calls_an_apology_and_is_replaced(tmp_path: Path) -> None:
    async def scene() -> None:
        async with torim_serve(tmp_path, TORIM_WORKERS="1") as (process, url):
            caller = Caller(Dialing(url))
            await caller.dial()
            await until(partial(has_said, tmp_path, caller.record.call_sid), "something that was said, written")
            (worker,) = worker_pids(process.pid)
            os.kill(worker, signal.SIGKILL)
            record = await caller.finished()
            assert [verb.name for verb in record.after] == ["Say", "Hangup"]
            await until(partial(has_ended, tmp_path, record.call_sid), "the end of the call")
            check_what_is_left(tmp_path, record.call_sid)
            await until_ready(url)
            assert worker_pids(process.pid) != [worker]
            again = Caller(Dialing(url))
            await again.dial()
            await asyncio.sleep(0.5)
            await again.hang_up()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), END_S) == 0

    asyncio.run(asyncio.wait_for(scene(), 110))
