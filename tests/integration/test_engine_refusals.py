"""How a remote engine refuses or leaves, over real sockets: what the call makes of it, and that it never loops."""

from __future__ import annotations

import asyncio
import http
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from serving_scene import config, serving
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from torim.core.actions import ConnectEngine, EndStream, FallBackEngine, PlayAudio
from torim.core.events import EndReason, EngineFault, EngineLost, EngineReady, FaultKind
from torim.desk.business import load_business
from torim.engines.base import SessionConfig
from torim.errors import EngineError
from torim.lab.caller import Caller, Dialing
from torim.live import engines
from torim.live.engine_side import EnginePlan
from torim.live.link import Link, OnClosed, OnMessage

KEY = "sk-not-a-real-key"


class Refusing:
    """A Realtime server that answers every handshake with an HTTP status, or closes every session."""

    def __init__(self, status: int | None = None, body: str = "", close: tuple[int, str] | None = None) -> None:
        self.status, self.body, self.close = status, body, close
        self.asked = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        async with serve(self._session, "127.0.0.1", 0, process_request=self._handshake, compression=None) as server:
            yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/v1"

    def _handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        self.asked += 1
        return None if self.status is None else socket.respond(http.HTTPStatus(self.status), self.body)

    async def _session(self, socket: ServerConnection) -> None:
        if self.close is not None:
            await socket.close(*self.close)


def play(tmp_path: Path, server: Refusing) -> tuple[list[EngineFault], list[EngineLost], int]:
    """A call to it, until the embedded engine speaks: faults, losses, and how often it was connected again."""

    async def scene() -> tuple[list[EngineFault], list[EngineLost], int]:
        async with server.serving() as base_url:
            remote = {"engine": "openai", "openai_api_key": KEY, "openai_base_url": base_url}
            async with serving(tmp_path, **remote) as watched:
                caller = Caller(Dialing(watched.server.web_url))
                await caller.dial()
                await watched.until(lambda: len(watched.happened(PlayAudio)) > 5)
                await caller.hang_up()
                assert len(watched.happened(FallBackEngine)) == 1
                assert len(watched.happened(EngineReady)) == 1
                again = len(watched.happened(ConnectEngine))
                return watched.happened(EngineFault), watched.happened(EngineLost), again

    return asyncio.run(asyncio.wait_for(scene(), 100))


QUOTA = '{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"Check your plan."}}'


@pytest.mark.parametrize(
    ("server", "kind", "code"),
    [
        (Refusing(401, '{"error":{"code":"invalid_api_key"}}'), FaultKind.FATAL, "invalid_api_key"),
        (Refusing(403), FaultKind.FATAL, "invalid_api_key"),
        (Refusing(429, QUOTA), FaultKind.FATAL, "insufficient_quota"),
        (Refusing(400, '{"error":{"code":"model_not_found"}}'), FaultKind.CONFIG, "no_such_session"),
        (Refusing(404, "Not here."), FaultKind.CONFIG, "no_such_session"),
        (Refusing(close=(3000, "invalid_request_error.invalid_api_key")), FaultKind.FATAL, "invalid_api_key"),
        (Refusing(close=(4001, "unauthorised")), FaultKind.FATAL, "close_4001"),
        (Refusing(close=(1008, "insufficient_quota")), FaultKind.FATAL, "insufficient_quota"),
    ],
)
def test_what_will_be_refused_again_is_given_up_at_once(
    tmp_path: Path, server: Refusing, kind: FaultKind, code: str
) -> None:
    faults, losses, again = play(tmp_path, server)
    assert [(fault.kind, fault.code) for fault in faults] == [(kind, code)]
    assert (losses, again, server.asked) == ([], 0, 1)
    assert KEY not in faults[0].message


@pytest.mark.parametrize("server", [Refusing(503), Refusing(429), Refusing(close=(1011, "internal error"))])
def test_what_may_pass_is_tried_again_and_then_given_up(tmp_path: Path, server: Refusing) -> None:
    faults, losses, again = play(tmp_path, server)
    assert faults == []
    assert (len(losses), again, server.asked) == (4, 3, 4)


@pytest.mark.parametrize("language", ["en", "he"])
def test_when_the_fall_back_fails_too_the_caller_hears_an_apology(tmp_path: Path, language: str) -> None:
    """A wrong key, and no voice on this machine: the stream ends at once, and what follows it speaks."""

    async def voiceless(on_message: OnMessage, on_closed: OnClosed) -> Link:
        raise EngineError("There is no voice: install espeak-ng.", "engine.no_voice")

    async def scene() -> None:
        async with Refusing(401).serving() as base_url:
            remote = {"engine": "openai", "openai_api_key": KEY, "openai_base_url": base_url, "language": language}

            def plans(session: SessionConfig) -> tuple[EnginePlan, ...]:
                asked, embedded = engines.plans(config(tmp_path, **remote), session)
                return asked, replace(embedded, connect=voiceless)

            async with serving(tmp_path, plans, **remote) as watched:
                caller = Caller(Dialing(watched.server.web_url))
                await caller.dial()
                record = await caller.finished()
                assert [verb.name for verb in record.after] == ["Say", "Hangup"]
                assert record.after[0].attributes["language"] == {"en": "en-US", "he": "he-IL"}[language]
                assert watched.happened(EndStream) == [EndStream(EndReason.ENGINE_FAILED)]
                assert not watched.happened(PlayAudio)
                await watched.server.settled()
                stored = watched.server.store.call(load_business().id, record.call_sid)
                assert stored.end_reason is EndReason.ENGINE_FAILED

    asyncio.run(asyncio.wait_for(scene(), 100))
