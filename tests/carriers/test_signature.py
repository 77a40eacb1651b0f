"""Twilio's signature, checked against the official package."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from torim.carriers.signature import handshake_signed, sign, webhook_signed

TOKEN = "2b2d4f5a6b7c8d9e0f1a2b3c4d5e6f70"
URL = "https://torim.example/twilio/voice?site=north"
FORM = {"CallSid": "CA1", "From": "+972501234567", "To": "+97231234567", "Empty": "", "City": "תל אביב"}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(text, text, max_size=6))
def test_we_sign_as_the_official_package_signs(form: dict[str, str]) -> None:
    official = RequestValidator(TOKEN).compute_signature(URL, form)
    assert sign(TOKEN, URL, form.items()) == official
    assert webhook_signed(TOKEN, official, URL, list(form.items()))


@pytest.mark.parametrize("called", ["https://torim.example/a", "https://torim.example:443/a", "http://10.0.0.5:80/a"])
def test_the_default_port_may_be_written_or_not(called: str) -> None:
    bare = called.replace(":443", "").replace(":80", "")
    for signed_url in (bare, called):
        official = RequestValidator(TOKEN).compute_signature(signed_url, FORM)
        assert webhook_signed(TOKEN, official, called, FORM.items())
        assert webhook_signed(TOKEN, official, bare, FORM.items()) or ":80" in called


@pytest.mark.parametrize("url", [URL, "https://torim.example:8443/twilio/voice", "http://[::1]:8080/twilio/voice"])
def test_the_official_package_accepts_what_we_sign(url: str) -> None:
    assert RequestValidator(TOKEN).validate(url, FORM, sign(TOKEN, url, FORM.items()))


def test_a_field_given_twice_is_signed_as_the_official_package_signs_it() -> None:
    class Fields(dict[str, list[str]]):
        def getall(self, name: str) -> list[str]:
            return self[name]

    pairs = [("A", "2"), ("A", "1"), ("A", "2"), ("B", "3")]
    official = RequestValidator(TOKEN).compute_signature(URL, Fields(A=["2", "1", "2"], B=["3"]))
    assert sign(TOKEN, URL, pairs) == official


@pytest.mark.parametrize(
    ("token", "signature", "url", "form"),
    [
        (TOKEN, "", URL, FORM),
        (TOKEN, "not base64", URL, FORM),
        (TOKEN, "\u05ea\ud800", URL, FORM),
        (TOKEN, sign("another token", URL, FORM.items()), URL, FORM),
        (TOKEN, sign(TOKEN, URL, FORM.items()), URL + "&more", FORM),
        (TOKEN, sign(TOKEN, URL, FORM.items()), URL, {**FORM, "From": "+15550000000"}),
        (TOKEN, sign(TOKEN, URL, FORM.items()), URL, {**FORM, "Extra": "1"}),
        ("", sign("", URL, FORM.items()), URL, FORM),
        (TOKEN, "x", "https://torim.example:port/", FORM),
    ],
)
def test_what_does_not_fit_is_refused(token: str, signature: str, url: str, form: dict[str, str]) -> None:
    assert not webhook_signed(token, signature, url, form.items())


@pytest.mark.parametrize("called", ["wss://torim.example/media/3", "wss://torim.example/media/3/"])
@pytest.mark.parametrize(
    "signed_url",
    [
        "wss://torim.example/media/3",
        "wss://torim.example/media/3/",
        "wss://torim.example:443/media/3",
        "wss://torim.example:443/media/3/",
    ],
)
def test_a_handshake_is_accepted_in_every_form_its_address_is_written(called: str, signed_url: str) -> None:
    official = RequestValidator(TOKEN).compute_signature(signed_url, {})
    assert handshake_signed(TOKEN, official, called)


def test_a_handshake_for_another_address_is_refused() -> None:
    for other in ("wss://torim.example/media/4", "ws://torim.example/media/3", "wss://evil.example/media/3"):
        assert not handshake_signed(TOKEN, sign(TOKEN, other), "wss://torim.example/media/3")
