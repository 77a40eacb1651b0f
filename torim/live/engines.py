"""Which engines a call may use, in order, and how each is reached.

It decides the order from the configuration: the engine that was asked for, then the embedded one. How engines
behave is their own business.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache, partial

from torim.config import Config
from torim.core.abilities import EngineCapabilities
from torim.engines.base import SessionConfig
from torim.engines.openai_endpoint import endpoint
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.live.engine_side import EnginePlan
from torim.live.link import Connect, Link, OnClosed, OnMessage
from torim.live.sockets import connect_websocket

MakePlan = Callable[[Config, SessionConfig], EnginePlan]


def plans(config: Config, session: SessionConfig) -> tuple[EnginePlan, ...]:
    """The engines of one call: the configured one, then the embedded one."""
    names = dict.fromkeys((config.engine, "embedded"))
    return tuple(_MAKERS[name](config, session) for name in names)


def _plan(name: str, session: SessionConfig, connect: Connect, capabilities: EngineCapabilities) -> EnginePlan:
    return EnginePlan(name, capabilities, partial(OpenAIRealtimeCodec, session, capabilities), connect)


def _openai(config: Config, session: SessionConfig) -> EnginePlan:
    where = endpoint(config.model, config.openai_api_key, config.openai_base_url)
    context = _tls() if where.url.startswith("wss:") else None
    return _plan("openai", session, partial(connect_websocket, where, ssl_context=context), EngineCapabilities())


@cache
def _tls() -> ssl.SSLContext:
    """One context for all calls: reading the authorities takes longer than a frame."""
    return ssl.create_default_context()


def _scripted(config: Config, session: SessionConfig) -> EnginePlan:
    return _plan("scripted", session, _connect_scripted, EngineCapabilities())


async def _connect_scripted(on_message: OnMessage, on_closed: OnClosed) -> Link:
    from torim.engines.peer_server import connect_peer
    from torim.engines.scripted_receptionist import receptionist

    return await connect_peer(receptionist(), on_message, on_closed)


def _embedded(config: Config, session: SessionConfig) -> EnginePlan:
    from torim.engines.embedded.server import CAPABILITIES, connect

    return _plan("embedded", session, partial(connect, config), CAPABILITIES)


_MAKERS: dict[str, MakePlan] = {"openai": _openai, "scripted": _scripted, "embedded": _embedded}
