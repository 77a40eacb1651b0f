"""The registry: built-in carriers, carriers of other packages, and advice when one is broken."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from torim.carriers import loopback
from torim.carriers.base import CarrierPlugin
from torim.carriers.registry import ENTRY_POINT_GROUP, carrier, carriers
from torim.core.abilities import CarrierCapabilities
from torim.errors import ConfigError

THEIRS = CarrierPlugin("theirs", CarrierCapabilities(can_clear=False), loopback.LoopbackCodec)


def point(value: str) -> EntryPoint:
    return EntryPoint("theirs", value, ENTRY_POINT_GROUP)


def test_the_built_in_carriers_are_found_by_name() -> None:
    assert {"twilio", "browser", "loopback"} <= set(carriers())
    assert carrier("twilio").name == "twilio"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="browser, loopback, rehearsal, twilio"):
        carrier("tin-can")


def test_another_package_brings_a_carrier() -> None:
    found = carriers([point(f"{__name__}:THEIRS")])
    assert found["theirs"] is THEIRS and "twilio" in found


@pytest.mark.parametrize("value", ["no.such.module:PLUGIN", f"{__name__}:NOTHING", f"{__name__}:point"])
def test_a_broken_plugin_is_reported_with_its_name(value: str) -> None:
    with pytest.raises(ConfigError, match="theirs"):
        carriers([point(value)])


def test_a_plugin_cannot_take_a_name_in_use() -> None:
    with pytest.raises(ConfigError, match="Two carriers"):
        carriers([point(f"{__name__}:THEIRS"), EntryPoint("more", f"{__name__}:OTHER", ENTRY_POINT_GROUP)])


OTHER = CarrierPlugin("theirs", CarrierCapabilities(), loopback.LoopbackCodec)
