"""Who may call, and under which address a request is judged."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from torim.carriers.signature import sign
from torim.carriers.trust import Approach, Doorkeeper
from torim.errors import CarrierError

TOKEN = "an auth token"
FORM = [("CallSid", "CA1")]


def approach(peer: str = "127.0.0.1", scheme: str = "http", target: str = "/twilio/voice", **headers: str) -> Approach:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Approach(peer, scheme, target, {"host": "127.0.0.1:8080", **given})


def refused(check: object, *args: object) -> str:
    with pytest.raises(CarrierError) as caught:
        check(*args)  # type: ignore[operator]
    return caught.value.code


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.8.8.8"])
@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "localhost:8080", "[::1]:8080"])
def test_this_machine_may_call_without_a_token(peer: str, host: str) -> None:
    Doorkeeper(None).check_webhook(approach(peer, host=host), FORM)
    Doorkeeper("").check_handshake(approach(peer, "ws", host=host))


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("10.0.0.5", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("127.0.0.1", "torim.example"),
        ("127.0.0.1", "localhost.evil.example"),
        ("127.0.0.1", ""),
        ("127.0.0.1", "[::1"),
        ("::ffff:10.0.0.5", "localhost"),
    ],
)
def test_nobody_else_may_call_without_a_token(peer: str, host: str) -> None:
    assert refused(Doorkeeper(None).check_webhook, approach(peer, host=host), FORM) == "carrier.not_local"
    assert refused(Doorkeeper(None).check_handshake, approach(peer, "ws", host=host)) == "carrier.not_local"


@pytest.mark.parametrize("header", ["x_forwarded_for", "x_forwarded_host", "forwarded", "via", "x_real_ip"])
def test_a_forwarded_request_is_not_this_machines_own(header: str) -> None:
    assert refused(Doorkeeper(None).check_webhook, approach(**{header: "x"}), FORM) == "carrier.not_local"


def test_a_tokens_owner_needs_a_signature_even_on_this_machine() -> None:
    assert refused(Doorkeeper(TOKEN).check_webhook, approach(), FORM) == "carrier.unsigned"
    signature = sign(TOKEN, "http://127.0.0.1:8080/twilio/voice", FORM)
    Doorkeeper(TOKEN).check_webhook(approach(x_twilio_signature=signature), FORM)


def test_the_public_url_wins_and_may_have_a_path() -> None:
    keeper = Doorkeeper(TOKEN, "https://torim.example/phone/")
    url = "https://torim.example/phone/twilio/voice"
    hints = {"x_forwarded_host": "other.example", "x_forwarded_proto": "http"}
    keeper.check_webhook(approach(x_twilio_signature=sign(TOKEN, url, FORM), **hints), FORM)
    stream = approach(
        "10.0.0.9", "ws", "/twilio/media", x_twilio_signature=sign(TOKEN, "wss://torim.example/phone/twilio/media")
    )
    keeper.check_handshake(stream)


def test_forwarding_headers_count_from_a_trusted_proxy_only() -> None:
    hints = {"x_forwarded_host": "torim.example, inner", "x_forwarded_proto": "https,http"}
    signature = sign(TOKEN, "https://torim.example/twilio/voice", FORM)
    trusting = Doorkeeper(TOKEN, trusted_peers=(ip_network("10.0.0.5"), ip_network("172.16.0.0/12")))
    for peer in ("127.0.0.1", "10.0.0.5", "::ffff:10.0.0.5", "172.18.0.1"):
        trusting.check_webhook(approach(peer, x_twilio_signature=signature, **hints), FORM)
    for peer in ("10.0.0.6", "172.32.0.1", "", "unix"):
        stranger = approach(peer, x_twilio_signature=signature, **hints)
        assert refused(trusting.check_webhook, stranger, FORM) == "carrier.signature"


def test_a_media_port_may_have_an_address_of_its_own() -> None:
    keeper = Doorkeeper(TOKEN, "https://torim.example")
    given = "wss://media.torim.example/worker/3"
    stream = approach("10.0.0.9", "ws", "/", x_twilio_signature=sign(TOKEN, given + "/"))
    keeper.check_handshake(stream, [given])
    assert refused(keeper.check_handshake, stream) == "carrier.signature"


def test_a_refusal_names_the_address_but_no_secret_and_no_query() -> None:
    keeper = Doorkeeper(TOKEN, "https://torim.example")
    stranger = approach(target="/twilio/voice?key=hidden", x_twilio_signature="bad-signature")
    with pytest.raises(CarrierError) as caught:
        keeper.check_webhook(stranger, FORM)
    advice = str(caught.value)
    assert "https://torim.example/twilio/voice" in advice and "TORIM_PUBLIC_URL" in advice
    assert not any(hidden in advice for hidden in (TOKEN, "hidden", "bad-signature"))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9", "http://[", ""])
def test_a_page_of_another_site_cannot_make_a_browser_call(origin: str) -> None:
    assert refused(Doorkeeper(None).check_origin, approach(origin=origin)) == "carrier.origin"
    Doorkeeper(None).check_origin(approach(origin="http://127.0.0.1:8080"))
