"""Where a Realtime session is opened: OpenAI, Azure or any compatible server, from a base URL.

It only builds the URL and the headers; secrets go into headers alone, never into a URL or a message.
"""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from torim.engines.base import Endpoint
from torim.errors import ConfigError

OPENAI_BASE_URL = "https://api.openai.com/v1"
_SOCKET_SCHEME = {"https": "wss", "http": "ws", "wss": "wss", "ws": "ws"}
_AZURE_DOMAINS = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


def endpoint(model: str, api_key: str | None = None, base_url: str | None = None) -> Endpoint:
    """The endpoint of a session with ``model``; an http(s) base URL becomes ws(s) and ends in `/realtime`.

    On an Azure host ``model`` is the deployment's name and the key travels as `api-key`.
    Raises `ConfigError` (code ``config.engine_url``) if the base URL cannot be used.
    """
    parts = _checked(base_url or OPENAI_BASE_URL)
    azure = (parts.hostname or "").endswith(_AZURE_DOMAINS)
    query = dict(parse_qsl(parts.query)) | {"model": model}
    url = urlunsplit((_SOCKET_SCHEME[parts.scheme], parts.netloc, _path(parts.path, azure), urlencode(query), ""))
    return Endpoint(url, _headers(api_key, azure))


def _checked(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url.strip())
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise _unusable("is not a URL") from error
    if parts.scheme not in _SOCKET_SCHEME or not parts.hostname:
        raise _unusable("must start with https://, http://, wss:// or ws:// and name a host")
    if parts.username or parts.password:
        raise _unusable("must not hold a user name or password; put the key into OPENAI_API_KEY")
    return parts


def _unusable(why: str) -> ConfigError:
    return ConfigError(f"OPENAI_BASE_URL {why}.", "config.engine_url")


def _path(path: str, azure: bool) -> str:
    path = path.rstrip("/")
    if path.endswith("/realtime"):
        return path
    if azure and "/openai/v1" not in path:
        path = "/openai/v1"  # a resource's bare address, or one of the retired preview API
    return f"{path or '/v1'}/realtime"


def _headers(api_key: str | None, azure: bool) -> dict[str, str]:
    if not api_key:
        return {}
    return {"api-key": api_key} if azure else {"Authorization": f"Bearer {api_key}"}
