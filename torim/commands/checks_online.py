"""What `torim doctor --online` tries beyond this machine: the engine's session, the public address, the endpoints.

It opens and closes connections and sends nothing that costs money or reaches a caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from torim.commands.checks import Check, Finding, Grade
from torim.config import Config
from torim.engines.openai_endpoint import endpoint

TIMEOUT_S = 10.0
CLOCK_SKEW_MAX_S = 30.0
REFUSED_KEY = (401, 403)


class FirstEvent(msgspec.Struct):
    """As much of a server event as tells a Realtime server from another one."""

    type: str


def engine_session(config: Config) -> Iterator[Finding]:
    if config.engine != "openai":
        return
    where = endpoint(config.model, config.openai_api_key, config.openai_base_url)
    try:
        with connect(where.url, additional_headers=dict(where.headers), open_timeout=TIMEOUT_S) as link:
            first = msgspec.json.decode(link.recv(timeout=TIMEOUT_S), type=FirstEvent).type
    except InvalidStatus as error:
        yield Finding(Grade.FAIL, "session", _refusal(error.response.status_code))
    except (OSError, InvalidHandshake, WebSocketException, msgspec.MsgspecError) as error:
        yield Finding(Grade.FAIL, "session", f"no Realtime session: {error}. Check OPENAI_BASE_URL and the network.")
    else:
        good = first == "session.created"
        words = "the engine opened a session" if good else f"the engine began with {first}, not session.created"
        yield Finding(Grade.OK if good else Grade.FAIL, "session", words)


def _refusal(status: int) -> str:
    if status in REFUSED_KEY:
        return f"the engine refused the key ({status}): check OPENAI_API_KEY and its rights"
    return f"the engine refused the session ({status}): check TORIM_MODEL and OPENAI_BASE_URL"


def public_answer(config: Config) -> Iterator[Finding]:
    if config.public_url is None:
        return
    try:
        answer = httpx.get(f"{config.public_url}/healthz", timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        words = f"{config.public_url} does not answer ({error}): check DNS, certificate, proxy; is Torim running?"
        yield Finding(Grade.FAIL, "reach", words)
        return
    if answer.status_code == httpx.codes.OK:
        yield Finding(Grade.OK, "reach", f"{config.public_url} answers")
    else:
        yield Finding(Grade.FAIL, "reach", f"{config.public_url}/healthz answers {answer.status_code}: see the proxy")
    yield from _skew(answer.headers.get("date"))


def _skew(date: str | None) -> Iterator[Finding]:
    if date is None:
        return
    skew_s = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    if skew_s > CLOCK_SKEW_MAX_S:
        yield Finding(Grade.WARN, "clock", f"{skew_s:.0f} s away from the proxy's clock: set it (NTP)")


def model_endpoints(config: Config) -> Iterator[Finding]:
    wanted = {"TORIM_STT_URL": config.stt_url, "TORIM_LLM_URL": config.llm_url, "TORIM_TTS_URL": config.tts_url}
    for name, url in wanted.items():
        if url is None:
            continue
        try:
            status = httpx.get(url, timeout=TIMEOUT_S).status_code
            yield Finding(Grade.OK, "endpoint", f"{name} answers ({status})")
        except httpx.HTTPError as error:
            yield Finding(Grade.FAIL, "endpoint", f"{name} does not answer: {error}. Is the server running?")


ONLINE_CHECKS: Mapping[str, Check] = {
    "session": engine_session,
    "reach": public_answer,
    "endpoint": model_endpoints,
}
