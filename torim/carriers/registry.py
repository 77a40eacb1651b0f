"""Which carriers there are: one line each, and those that other packages bring.

A package brings a carrier by an entry point in the group `torim.carriers` that names its `CarrierPlugin`. The
registry decides nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from torim.carriers import browser, loopback, rehearsal, twilio
from torim.carriers.base import CarrierPlugin
from torim.errors import ConfigError

ENTRY_POINT_GROUP = "torim.carriers"

BUILT_IN: tuple[CarrierPlugin, ...] = (
    twilio.PLUGIN,
    browser.PLUGIN,
    loopback.PLUGIN,
    rehearsal.PLUGIN,
)


def carriers(found: Iterable[EntryPoint] | None = None) -> dict[str, CarrierPlugin]:
    """Every registered carrier by name; ``found`` replaces the installed entry points.

    Raises:
        ConfigError: An installed plugin cannot be loaded, is no `CarrierPlugin`, or takes a name in use.
    """
    plugins = {plugin.name: plugin for plugin in BUILT_IN}
    for point in entry_points(group=ENTRY_POINT_GROUP) if found is None else found:
        plugin = _load(point)
        if plugins.setdefault(plugin.name, plugin) is not plugin:
            raise ConfigError(
                f"Two carriers are called {plugin.name!r}; rename or uninstall {point.value!r}.",
                "config.carrier_twice",
            )
    return plugins


def carrier(name: str) -> CarrierPlugin:
    """The carrier of that name; entry points are read only for a name that is not built in.

    Raises:
        ConfigError: There is none; the message lists those there are.
    """
    for plugin in BUILT_IN:
        if plugin.name == name:
            return plugin
    plugins = carriers()
    if name not in plugins:
        known = ", ".join(sorted(plugins))
        raise ConfigError(f"There is no carrier {name!r}; there are: {known}.", "config.unknown_carrier")
    return plugins[name]


def _load(point: EntryPoint) -> CarrierPlugin:
    try:
        plugin = point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"The carrier plugin {point.name!r} ({point.value}) cannot be loaded ({error}); reinstall it.",
            "config.carrier_broken",
        ) from error
    if not isinstance(plugin, CarrierPlugin):
        raise ConfigError(
            f"The carrier plugin {point.name!r} ({point.value}) is not a CarrierPlugin; point it at one.",
            "config.carrier_broken",
        )
    return plugin
