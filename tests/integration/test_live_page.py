"""From an empty directory to a steered call: the link on the console, a login, a call in a worker's process."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from test_workers import END_S, READY_S, free_port, until, until_ready

from torim.lab.caller import Caller, Dialing

LINK = re.compile(rb"http://127\.0\.0\.1:\d+/welcome#token=(\S+)")


@asynccontextmanager
async def torim_serve(tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    """Run the server as an operator does; its address, and the token of the link that it printed."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TORIM_", "OPENAI", "TWILIO"))}
    env |= {
        "TORIM_DATA_DIR": str(tmp_path / "data"),
        "TORIM_PORT": str(port),
        "TORIM_MEDIA_PORT": "0",
        "TORIM_ENGINE": "scripted",
        "TORIM_LANGUAGE": "en",
        "TORIM_WORKERS": "2",
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "torim", "serve", cwd=tmp_path, env=env, stdout=pipe
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(READY_S):
            while (found := LINK.search(line := await process.stdout.readline())) is None:
                assert line, "the server ended before it printed its link"
        await until_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", found[1].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_a_call_of_a_worker_is_seen_paused_and_ended_from_the_live_page(tmp_path: Path) -> None:
    async def scene() -> None:
        async with torim_serve(tmp_path) as (url, token), httpx.AsyncClient(base_url=url, trust_env=False) as client:
            owner = {"email": "me@torim.example", "name": "Me", "password": "a good password", "token": token}
            made = await client.post("/api/v1/links/first-account", json=owner)
            assert made.status_code == 201, made.text
            client.headers["X-CSRF-Token"] = made.json()["csrf_token"]

            caller = Caller(Dialing(url))
            await caller.dial()

            async def live() -> list[dict[str, Any]]:
                items: list[dict[str, Any]] = (await client.get("/api/v1/live/calls")).json()["items"]
                return [call for call in items if call["turns"]]

            (call,) = await until(live, "the call with its greeting")
            assert call["engine"] == "scripted" and call["turns"][0]["speaker"] == "ai"
            path = f"/api/v1/live/calls/{call['call_id']}"
            assert (await client.put(f"{path}/pause", json={"paused": True})).status_code == 204

            async def paused() -> bool:
                return [call["paused"] for call in await live()] == [True]

            await until(paused, "the page tells of the pause")
            assert (await client.post(f"{path}/hang-up")).status_code == 204
            record = await asyncio.wait_for(caller.finished(), END_S)
            assert record.ended_by == "server"

            async def ended() -> dict[str, Any] | None:
                stored = (await client.get(f"/api/v1/calls/{call['call_id']}")).json()
                return stored if stored.get("end_reason") else None

            stored = await until(ended, "the end of the call in the list")
            assert stored["end_reason"] == "operator" and stored["turns"][0]["heard_text"]

            async def noted() -> bool:
                return "pause" in (await client.get(f"/api/v1/calls/{call['call_id']}/timeline.call")).text

            await until(noted, "the pause in the timeline")

    asyncio.run(asyncio.wait_for(scene(), 110))
