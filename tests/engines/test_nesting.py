"""Client events nested beyond measure: an error event from every server of ours, and the session goes on."""

from __future__ import annotations

import json

import pytest

from torim.audio.vad import SileroVad
from torim.engines.embedded.session import Session, SessionOptions
from torim.engines.peer import RealtimePeer
from torim.engines.protocol_faults import NESTING_MAX
from torim.engines.scripted import ScriptedPeer

UPDATE = (
    '{"type":"session.update","event_id":"c1","session":{"type":"realtime",'
    '"tools":[{"type":"function","name":"x","parameters":{"deep":%s}}]}}'
)
LEVELS_OF_UPDATE = 5  # around what is put into it


def embedded() -> RealtimePeer:
    return Session(SessionOptions(model="m", prefix="p", opened_at_s=0), SileroVad())


def nested(levels: int, opening: str, closing: str) -> str:
    return UPDATE % (opening * levels + "1" + closing * levels)


def receive(peer: RealtimePeer, message: str | bytes) -> dict[str, object]:
    (event,) = (json.loads(text) for text in peer.receive(message, 10))
    return event


@pytest.mark.parametrize("make", [embedded, ScriptedPeer])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
@pytest.mark.parametrize("levels", [NESTING_MAX, 950, 991, 995, 1000, 50_000])
def test_it_is_refused_and_the_session_goes_on(make: type, opening: str, closing: str, levels: int) -> None:
    peer = make()
    peer.open(0)
    for message in (nested(levels, opening, closing), nested(levels, opening, closing).encode()):
        fault = receive(peer, message)["error"]
        assert fault["code"] == "invalid_json"
    assert receive(peer, nested(NESTING_MAX - LEVELS_OF_UPDATE - 1, opening, closing))["type"] == "session.updated"


def test_the_event_is_named_where_it_can_be_read() -> None:
    peer = ScriptedPeer()
    peer.open(0)
    assert receive(peer, nested(200, "[", "]"))["error"]["event_id"] == "c1"
