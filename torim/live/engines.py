"""Which engines a call may use, in order, and how each is reached.

It decides the order from the configuration: the engine that was asked for, then the embedded one. How engines
behave is their own business.
"""

from __future__ import annotations

import ssl
from dataclasses import replace
from functools import cache, partial
from importlib import import_module

from torim.config import Config
from torim.core.abilities import EngineCapabilities
from torim.engines.base import SessionConfig
from torim.engines.registry import EnginePlugin, engine
from torim.errors import ConfigError
from torim.live.engine_side import EnginePlan
from torim.live.link import Connect
from torim.live.peer_link import connect_peer
from torim.live.sockets import connect_websocket

FALL_BACK = "embedded"
FALL_BACK_MODULE = "torim.engines.embedded.server"  # imported only when it is reached, were it not for `load`


def plans(config: Config, session: SessionConfig) -> tuple[EnginePlan, ...]:
    """The engines of one call: the configured one, then the embedded one.

    Raises:
        ConfigError: An engine is not installed, or cannot be reached at all.
    """
    return tuple(plan(engine(name), config, session) for name in dict.fromkeys((config.engine, FALL_BACK)))


def load(config: Config) -> None:
    """Import what the engines of a call need, before there are calls: it takes the time of a dozen frames. Blocking."""
    if engine(config.engine).endpoint is not None:
        _tls()
    import_module(FALL_BACK_MODULE)


def plan(plugin: EnginePlugin, config: Config, session: SessionConfig) -> EnginePlan:
    """One engine as a plan for one call."""
    capabilities = _capabilities(plugin, config, session)
    codec = partial(plugin.codec, session, capabilities)
    return EnginePlan(plugin.name, capabilities, codec, _connect(plugin, config))


def _capabilities(plugin: EnginePlugin, config: Config, session: SessionConfig) -> EngineCapabilities:
    """What an engine can do; one that converses gets a typed number whole, not key by key as a menu does."""
    can = plugin.capabilities
    can = replace(can, transcribes=can.transcribes and bool(session.transcription_model))
    if plugin.name == FALL_BACK and config.llm_url:
        return replace(can, single_keys=False)
    return can


def _connect(plugin: EnginePlugin, config: Config) -> Connect:
    if plugin.endpoint is not None:
        where = plugin.endpoint(config.model, config.openai_api_key, config.openai_base_url)
        context = _tls() if where.url.startswith("wss:") else None
        return partial(connect_websocket, where, ssl_context=context)
    if plugin.peer is not None:
        return partial(connect_peer, plugin.peer)
    if plugin.connect is not None:
        return partial(plugin.connect, config)
    raise ConfigError(f"The engine {plugin.name!r} cannot be reached; update its package.", "config.engine_broken")


@cache
def _tls() -> ssl.SSLContext:
    """One context for all calls: reading the authorities takes longer than a frame."""
    return ssl.create_default_context()
