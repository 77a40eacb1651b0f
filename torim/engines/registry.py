"""Which speech engines there are: one line each, and those that other packages bring.

A package brings an engine by an entry point in the group `torim.engines` that names its `EnginePlugin`. Every
engine speaks the same protocol, so a plugin says what the engine can do and how it is reached, no more. What
an engine needs is imported when it is first reached.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from torim.core.abilities import EngineCapabilities
from torim.engines.base import Endpoint, EngineCodec, SessionConfig
from torim.engines.openai_endpoint import endpoint
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.engines.peer import RealtimePeer
from torim.errors import ConfigError

ENTRY_POINT_GROUP = "torim.engines"


@dataclass(frozen=True, slots=True)
class EnginePlugin:
    """One engine. Exactly one of ``endpoint``, ``peer`` and ``connect`` says how it is reached."""

    name: str
    capabilities: EngineCapabilities = field(default_factory=EngineCapabilities)
    codec: Callable[[SessionConfig, EngineCapabilities], EngineCodec] = OpenAIRealtimeCodec
    endpoint: Callable[[str, str | None, str | None], Endpoint] | None = None  # model, key, base URL: a socket
    peer: Callable[[], RealtimePeer] | None = None  # a new pure peer in this process
    connect: Callable[..., Awaitable[Any]] | None = None  # (config, on_message, on_closed): an edge of its own


def _scripted_peer() -> RealtimePeer:
    from torim.engines.scripted_receptionist import receptionist

    return receptionist()


def _embedded_link(config: Any, on_message: Any, on_closed: Any) -> Awaitable[Any]:
    from torim.engines.embedded.server import connect

    link: Awaitable[Any] = connect(config, on_message, on_closed)
    return link


BUILT_IN: tuple[EnginePlugin, ...] = (
    EnginePlugin("openai", endpoint=endpoint),
    EnginePlugin("embedded", EngineCapabilities(single_keys=True, times_words=True), connect=_embedded_link),
    EnginePlugin("scripted", EngineCapabilities(times_words=True), peer=_scripted_peer),
)


def engines(found: Iterable[EntryPoint] | None = None) -> dict[str, EnginePlugin]:
    """Every registered engine by name; ``found`` replaces the installed entry points.

    Raises:
        ConfigError: An installed plugin cannot be loaded, is no `EnginePlugin`, or takes a name in use.
    """
    plugins = {plugin.name: plugin for plugin in BUILT_IN}
    for point in entry_points(group=ENTRY_POINT_GROUP) if found is None else found:
        plugin = _load(point)
        if plugins.setdefault(plugin.name, plugin) is not plugin:
            raise ConfigError(
                f"Two engines are called {plugin.name!r}; rename or uninstall {point.value!r}.",
                "config.engine_twice",
            )
    return plugins


def engine(name: str) -> EnginePlugin:
    """The engine of that name; entry points are read only for a name that is not built in.

    Raises:
        ConfigError: There is none; the message lists those there are.
    """
    for plugin in BUILT_IN:
        if plugin.name == name:
            return plugin
    plugins = engines()
    if name not in plugins:
        known = ", ".join(sorted(plugins))
        raise ConfigError(f"There is no engine {name!r}; there are: {known}.", "config.unknown_engine")
    return plugins[name]


def _load(point: EntryPoint) -> EnginePlugin:
    try:
        plugin = point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"The engine plugin {point.name!r} ({point.value}) cannot be loaded ({error}); reinstall it.",
            "config.engine_broken",
        ) from error
    if not isinstance(plugin, EnginePlugin):
        raise ConfigError(
            f"The engine plugin {point.name!r} ({point.value}) is not an EnginePlugin; point it at one.",
            "config.engine_broken",
        )
    return plugin
