"""What a receiver of webhooks can rely on."""

import pytest

from torim.jobs.base import DeliveryError
from torim.jobs.webhooks import TOLERANCE_S, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
AT = 1614265330


def headers(secret: str = SECRET, webhook_id: str = "msg_p5jXN8AQM9LWM0D4loKWxJek", at: int = AT) -> dict[str, str]:
    return {
        "Webhook-Id": webhook_id,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": sign(secret, webhook_id, at, BODY),
    }


def test_the_signature_is_that_of_the_standard() -> None:
    """The example that the libraries of Standard Webhooks are tested with."""
    assert headers()["Webhook-Signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_genuine_request_gives_its_id() -> None:
    assert verify(SECRET, headers(), BODY, AT + 3) == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    both = headers() | {"Webhook-Signature": "v1,bm90 " + headers()["Webhook-Signature"]}
    assert verify(SECRET, both, BODY, AT)  # while a secret is being replaced there are two


@pytest.mark.parametrize(
    ("given", "body", "now"),
    [
        (headers(secret="another"), BODY, AT),
        (headers(), BODY + b" ", AT),
        (headers() | {"Webhook-Id": "msg_other"}, BODY, AT),
        (headers() | {"Webhook-Timestamp": str(AT + 1)}, BODY, AT),
        ({}, BODY, AT),
    ],
)
def test_anything_else_is_refused(given: dict[str, str], body: bytes, now: int) -> None:
    with pytest.raises(DeliveryError):
        verify(SECRET, given, body, now)


@pytest.mark.parametrize("age_s", [TOLERANCE_S + 1, -TOLERANCE_S - 1])
def test_a_recorded_request_is_refused_later(age_s: int) -> None:
    with pytest.raises(DeliveryError, match="recording"):
        verify(SECRET, headers(), BODY, AT + age_s)
