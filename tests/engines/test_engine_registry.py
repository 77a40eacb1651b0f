"""The list of engines: three of our own, and whatever other packages bring."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from torim.core.abilities import EngineCapabilities
from torim.engines.embedded.session import MAX_SESSION_MS
from torim.engines.registry import ENTRY_POINT_GROUP, EnginePlugin, engine, engines
from torim.errors import ConfigError

GUEST = EnginePlugin("guest", EngineCapabilities(truncates=False))
IMPOSTOR = EnginePlugin("openai")
NOT_A_PLUGIN = "openai"
HERE = __name__


def point(name: str) -> list[EntryPoint]:
    return [EntryPoint(name.lower(), f"{HERE}:{name}", ENTRY_POINT_GROUP)]


def test_our_own_engines() -> None:
    assert set(engines(())) == {"openai", "embedded", "scripted"}


@pytest.mark.parametrize("plugin", engines(()).values(), ids=lambda plugin: plugin.name)
def test_every_engine_is_reached_in_exactly_one_way(plugin: EnginePlugin) -> None:
    ways = (plugin.endpoint, plugin.peer, plugin.connect)
    assert sum(way is not None for way in ways) == 1


def test_a_guest_is_listed() -> None:
    assert engines(point("GUEST"))["guest"] is GUEST


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("IMPOSTOR", "config.engine_twice"),
        ("NOT_A_PLUGIN", "config.engine_broken"),
        ("MISSING", "config.engine_broken"),
    ],
)
def test_a_broken_guest_is_named(name: str, code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        engines(point(name))
    assert caught.value.code == code


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="embedded, openai, scripted"):
        engine("parrot")


def test_the_embedded_engine_is_described_once_and_as_it_is() -> None:
    """The registry holds the one description; what an engine says of itself by its constants must agree."""
    able = engine("embedded").capabilities
    assert able.max_session_ms == MAX_SESSION_MS
    assert able.single_keys and able.times_words
