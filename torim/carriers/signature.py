"""Twilio's request signature: base64(HMAC-SHA1(auth token, URL + sorted POST parameters)).

Pure arithmetic. Decides whether a signature fits an address; never which address was called (`trust.py`).
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, urlsplit

Params = Iterable[tuple[str, str]]
_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


def sign(auth_token: str, url: str, params: Params = ()) -> str:
    """The value of `X-Twilio-Signature` for a request to exactly this URL with these form parameters."""
    signed = url + "".join(name + value for name, value in sorted(set(params)))
    return b64encode(hmac.digest(auth_token.encode(), signed.encode("utf-8", "surrogatepass"), "sha1")).decode()


def webhook_signed(auth_token: str, signature: str, url: str, params: Params) -> bool:
    """Whether a webhook's signature fits its URL, with or without port: Twilio is not consistent there."""
    given = tuple(params)
    return _any_fits(auth_token, signature, _port_forms(url), given)


def handshake_signed(auth_token: str, signature: str, url: str) -> bool:
    """Whether a WebSocket handshake's signature fits its wss URL, with or without port and trailing slash."""
    forms = (form for slashed in _slash_forms(url) for form in _port_forms(slashed))
    return _any_fits(auth_token, signature, forms, ())


def _any_fits(auth_token: str, signature: str, urls: Iterable[str], params: Params) -> bool:
    if not auth_token or not signature:
        return False
    given = signature.encode("utf-8", "surrogatepass")
    # Every form is computed, so that the time taken tells nothing about which one fitted.
    fits = [hmac.compare_digest(sign(auth_token, url, params).encode(), given) for url in urls]
    return any(fits)


def _slash_forms(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return parts._replace(path=path).geturl(), parts._replace(path=path + "/").geturl()


def _port_forms(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    yield url
    if _port(parts) is not None:
        yield parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl()
    elif parts.scheme in _DEFAULT_PORTS:
        yield parts._replace(netloc=f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}").geturl()


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None
