"""The picture of a call: complete, well-formed, safe for any text."""

from xml.etree import ElementTree

from staged_call import Staged, voice

from torim.core import events as ev
from torim.lab.measure import measure
from torim.lab.picture import draw
from torim.lab.record import CallRecord


def staged() -> CallRecord:
    stage = Staged()
    stage.respond(1, 500, voice(1, 5000), "Welcome to <Shaked> & co.", played_ms=2500)
    stage.say(2500, "שלום, אפשר לקבוע תור?", stage="during the first response")
    stage.clear(2560)
    stage.cut(2660, 1, 2060)
    stage.done(2700, 1, ev.ResponseStatus.CANCELLED)
    stage.respond(2, 4000, voice(2, 9000), "Of course.")
    stage.done(4300, 2)
    stage.server(15000, ev.KeyPressed("2"), ev.ToolFinished("t", '{"ok": true, "appointment_id": "a1"}'))
    return stage.end(19000)


def test_a_picture_is_well_formed_and_shows_what_happened() -> None:
    record = staged()
    svg = draw(record, measure(record))
    ElementTree.fromstring(svg)
    for word in ("cut", "clear", "truncate 2060 ms", "response.done (cancelled)", "key 2", "★ booked"):
        assert word in svg
    assert "שלום" in svg
    assert "&lt;Shaked&gt; &amp; co." in svg


def test_it_follows_light_and_dark() -> None:
    assert "prefers-color-scheme: dark" in draw(staged(), [])


def test_an_empty_call_has_a_picture_too() -> None:
    ElementTree.fromstring(draw(CallRecord("CA0"), []))
