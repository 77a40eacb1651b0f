"""What the web side needs from the rest of Torim, as ports; `live` and `storage` implement them.

Nothing here does anything. A test may pass plain objects of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry

from torim.core.events import EndReason
from torim.web.transfers import Transfers

if TYPE_CHECKING:
    from torim.web.api.deps import ApiDeps

Message = str | bytes


class WebConfig(Protocol):
    """The settings that the web side reads; `torim.config.Config` has them."""

    @property
    def public_url(self) -> str | None: ...
    @property
    def media_url(self) -> str | None: ...
    @property
    def twilio_auth_token(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class MediaTarget:
    """Where the media of one call goes: a ws(s) URL the carrier can reach, and the worker behind it."""

    url: str
    worker: int


class Dispatcher(Protocol):
    """Chooses the worker of a new call: this is where calls are admitted or not."""

    def choose(self, call_sid: str) -> MediaTarget | None:
        """The target for a new call; None while all workers are full, lagging or draining."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether new calls are welcome, and the reason if not."""

    ready: bool
    detail: str = "ready"


class Health(Protocol):
    """Says whether this process takes new calls; false from the moment it drains."""

    def readiness(self) -> Readiness: ...


class CallEnds(Protocol):
    """Knows why calls ended."""

    async def end_reason(self, call_sid: str) -> EndReason | None:
        """Why the call ended; None if it is unknown here.

        The carrier asks within milliseconds of the stream's end, so an implementation waits for a call that
        is just being finished; the web side waits ``WebDeps.end_wait_s`` at most.
        """

    def came_back(self, call_sid: str) -> None:
        """A caller is taken back from a transfer: why their last stream ended says nothing about the next one."""


class MediaLink(Protocol):
    """The open connection of one media stream; sending never waits."""

    def send(self, message: Message) -> None: ...
    def close(self, code: int = 1000) -> None: ...
    def unsent_bytes(self) -> int: ...


class MediaSession(Protocol):
    """One call's side of a media stream."""

    def on_message(self, message: Message) -> None:
        """One whole message of the carrier."""

    def on_closed(self, reason: str) -> None:
        """The connection is gone; called once, last."""


class MediaHandler(Protocol):
    """The media worker inside the web process: for tunnels with one port, and for the browser."""

    @property
    def worker(self) -> int:
        """Its number, as named in stream tokens."""

    def open(self, carrier: str, link: MediaLink) -> MediaSession:
        """Begin one stream of the named carrier; raises `CarrierError` to refuse it."""


def nobody(called: str) -> str | None:
    """Where callers are put through to nobody."""
    return None


@dataclass(frozen=True, slots=True)
class WebDeps:
    """Everything the web application is built from.

    Args:
        token_secret: Shared with the media workers; at least 16 random bytes.
        language: The business's opening language, for what is said outside of calls.
        media: None where media comes in on ports of its own only.
        trusted_peers: Addresses of proxies on other machines whose forwarding headers count.
        api: What the API is built from; None where there is none, as in some tests.
        assets: Directory of the built client, if it is not the package's own.
        transfers: To whom somebody who watches a call sent it.
        transfer_number: The person to whom callers of a called number are put through, if there is one; may block.
        end_wait_s: How long `/twilio/after` waits for a call's end; the caller hears silence meanwhile.
    """

    config: WebConfig
    dispatcher: Dispatcher
    health: Health
    call_ends: CallEnds
    registry: CollectorRegistry
    token_secret: bytes = field(repr=False)
    language: str
    media: MediaHandler | None = None
    trusted_peers: tuple[IPv4Network | IPv6Network, ...] = ()
    api: ApiDeps | None = None
    assets: Path | None = None
    transfer_number: Callable[[str], str | None] = nobody
    transfers: Transfers = field(default_factory=Transfers)
    end_wait_s: float = 2.0
