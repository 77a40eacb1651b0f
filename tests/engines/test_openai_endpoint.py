"""Base URLs become the address of a Realtime session, and keys stay in headers."""

from __future__ import annotations

import pytest

from torim.engines.openai_endpoint import endpoint
from torim.errors import ConfigError


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        (None, "wss://api.openai.com/v1/realtime?model=m"),
        ("https://api.openai.com/v1/", "wss://api.openai.com/v1/realtime?model=m"),
        ("http://localhost:8000/v1", "ws://localhost:8000/v1/realtime?model=m"),
        ("ws://localhost:8000", "ws://localhost:8000/v1/realtime?model=m"),
        ("wss://host/v1/realtime?region=eu", "wss://host/v1/realtime?region=eu&model=m"),
        ("https://r.openai.azure.com", "wss://r.openai.azure.com/openai/v1/realtime?model=m"),
        ("https://r.openai.azure.com/openai/v1/", "wss://r.openai.azure.com/openai/v1/realtime?model=m"),
        ("https://r.openai.azure.com/openai/", "wss://r.openai.azure.com/openai/v1/realtime?model=m"),
    ],
)
def test_any_base_url(base_url: str | None, url: str) -> None:
    assert endpoint("m", "key", base_url).url == url


def test_the_model_is_escaped() -> None:
    assert endpoint("a b&c").url.endswith("?model=a+b%26c")


def test_the_key_travels_in_a_header_and_is_never_shown() -> None:
    openai = endpoint("m", "sk-secret")
    azure = endpoint("m", "sk-secret", "https://r.openai.azure.com")
    assert openai.headers == {"Authorization": "Bearer sk-secret"}
    assert azure.headers == {"api-key": "sk-secret"}
    assert "secret" not in repr(openai) + repr(azure)


def test_a_local_server_needs_no_key() -> None:
    assert endpoint("m", None, "http://127.0.0.1:9").headers == {}


@pytest.mark.parametrize(
    "url", ["ftp://x/v1", "localhost", "https://", "https://u:p@h/v1", "http://h:99999", "http://[::1"]
)
def test_an_impossible_base_url_gives_advice_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL") as caught:
        endpoint("m", None, url)
    assert caught.value.code == "config.engine_url"
    assert "u:p" not in str(caught.value)
