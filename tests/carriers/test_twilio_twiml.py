"""TwiML: well-formed whatever is in it, and a voice for every sentence."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from torim.carriers import twilio
from torim.core.events import EndReason


def test_the_answer_connects_the_stream_and_then_asks_what_follows() -> None:
    root = ElementTree.fromstring(twilio.answer("wss://torim.example/media/1", {"token": "abc"}))
    assert [item.tag for item in root] == ["Connect", "Redirect"]
    stream = root.find("Connect/Stream")
    assert stream is not None and stream.get("url") == "wss://torim.example/media/1"
    assert [(item.tag, item.get("name"), item.get("value")) for item in stream] == [("Parameter", "token", "abc")]
    redirect = root.find("Redirect")
    assert redirect is not None and (redirect.get("method"), redirect.text) == ("POST", "/twilio/after")


def test_nothing_in_an_answer_can_break_out_of_its_place() -> None:
    nasty = "\"><Hangup/>&'\n תור"
    document = twilio.answer(f"wss://a/{nasty}", {nasty: nasty}, f"/after?a=1&b={nasty}")
    root = ElementTree.fromstring(document)
    assert [item.tag for item in root] == ["Connect", "Redirect"]
    parameter = root.find("Connect/Stream/Parameter")
    assert parameter is not None and parameter.get("value") == nasty and parameter.get("name") == nasty


@pytest.mark.parametrize(("language", "spoken"), [("he", "he-IL"), ("en", "en-US"), ("fr", "en-US")])
def test_a_sentence_is_said_in_a_language_that_its_voice_knows(language: str, spoken: str) -> None:
    for document in (twilio.busy(language), twilio.apology(language)):
        root = ElementTree.fromstring(document)
        assert [item.tag for item in root] == ["Say", "Hangup"]
        assert root[0].get("language") == spoken and (root[0].text or "").strip()
        hebrew_voice = (root[0].get("voice") or "").startswith("Google.he-IL")
        assert hebrew_voice == (spoken == "he-IL")


def test_an_apology_follows_only_what_the_caller_was_not_told() -> None:
    apologised = {reason for reason in EndReason if "<Say" in twilio.after(reason, "en")}
    assert apologised == {EndReason.ENGINE_FAILED, EndReason.LINE_LOST, EndReason.INTERNAL_ERROR}
    assert "<Say" in twilio.after(None, "en")
