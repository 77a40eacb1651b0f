"""One-time stream tokens: for one call, one worker, one minute, one use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torim.errors import CarrierError
from torim.live.tokens import TTL_S, StreamToken, UsedTokens, issue, verify

SECRET = b"sixteen bytes at least"
NOW_S = 1_900_000_000


def made(nonce: str = "n1", now_s: int = NOW_S) -> str:
    return issue(SECRET, "CA1", 3, now_s, nonce)


def refused(token: str, call_sid: str = "CA1", worker: int = 3, now_s: int = NOW_S, secret: bytes = SECRET) -> str:
    with pytest.raises(CarrierError) as caught:
        verify(secret, token, call_sid, worker, now_s)
    assert token not in str(caught.value) or not token
    return caught.value.code


def test_a_token_is_good_for_its_call_and_worker_until_it_expires() -> None:
    for now_s in (NOW_S, NOW_S + TTL_S):
        assert verify(SECRET, made(), "CA1", 3, now_s) == StreamToken("CA1", 3, NOW_S + TTL_S, "n1")
    assert refused(made(), now_s=NOW_S + TTL_S + 1) == "carrier.token_expired"
    assert refused(made(), call_sid="CA2") == "carrier.token_misplaced"
    assert refused(made(), worker=4) == "carrier.token_misplaced"
    assert refused(made(), secret=b"another secret of that length") == "carrier.token_invalid"


def test_a_token_fits_a_stream_parameter_and_a_url() -> None:
    longest = issue(SECRET, "x" * 128, 99_999, NOW_S, "n" * 32)
    assert len(longest) < 500 and longest.replace("-", "").replace("_", "").rstrip("=").isalnum()
    assert verify(SECRET, longest, "x" * 128, 99_999, NOW_S).nonce == "n" * 32


@pytest.mark.parametrize("token", ["", "x", "AAAA", "תור", "\ud800", "=" * 400, "A" * 5000, "AAAA" * 30])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token) == "carrier.token_invalid"


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_token_with_any_byte_changed_is_refused(place: int, change: int) -> None:
    token = bytearray(made().encode())
    token[place % len(token)] ^= change
    with pytest.raises(CarrierError):
        verify(SECRET, token.decode("latin-1"), "CA1", 3, NOW_S)


@pytest.mark.parametrize("nonce", ["n", "n1", "n12"])
def test_a_token_has_one_spelling(nonce: str) -> None:
    """Base64 has bits that say nothing at its end, and decoders skip what is no Base64."""
    token = made(nonce)
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bare = token.rstrip("=")
    others = [bare[:-1] + digit + "=" * (len(token) - len(bare)) for digit in digits if digit != bare[-1]]
    assert {refused(other) for other in (*others, "\n" + token, token[:9] + "." + token[9:])} == {
        "carrier.token_invalid"
    }


def test_a_token_opens_one_stream_only() -> None:
    used = UsedTokens()
    token = verify(SECRET, made(), "CA1", 3, NOW_S)
    used.spend(token, NOW_S)
    with pytest.raises(CarrierError, match="used before"):
        used.spend(token, NOW_S + TTL_S)
    used.spend(verify(SECRET, made("n2"), "CA1", 3, NOW_S), NOW_S)


def test_used_tokens_are_forgotten_once_they_could_not_pass_anyway() -> None:
    used = UsedTokens()
    for second in range(1_000):
        now_s = NOW_S + second
        used.spend(verify(SECRET, made(f"n{second}", now_s), "CA1", 3, now_s), now_s)
    assert len(used) == TTL_S + 1
