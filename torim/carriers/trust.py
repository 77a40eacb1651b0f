"""Who may call: Twilio, shown by its signature, or this very machine while no auth token is set.

Decides from what a request says and where it came from, under which public address it was made and whether to
believe it. Pure: one rule for the web port and for the media port. Messages name addresses, never a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NoReturn
from urllib.parse import urlsplit

from torim.carriers.signature import Params, handshake_signed, webhook_signed
from torim.errors import CarrierError

SIGNATURE_HEADER = "x-twilio-signature"
_FORWARDING_HEADERS = frozenset({"forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip"})
_WS_SCHEMES = {"https": "wss", "http": "ws", "wss": "wss", "ws": "ws"}
_HTTP_SCHEMES = {"https": "https", "http": "http", "wss": "https", "ws": "http"}


@dataclass(frozen=True, slots=True)
class Approach:
    """One request as it arrived, before anything in it is believed."""

    peer: str  # IP address of the other end of the socket; empty if unknown
    scheme: str  # of our own socket: http, https, ws or wss
    target: str  # path and query, as on the request line
    headers: Mapping[str, str]  # by lower-case name


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """The rule of who may call, for one configuration.

    Args:
        auth_token: Twilio's; None or empty: only this machine may call.
        public_url: Address that Twilio calls; it wins over anything a request says about itself.
        trusted_peers: Proxies whose `X-Forwarded-*` headers count, besides those on this machine.
    """

    auth_token: str | None
    public_url: str | None = None
    trusted_peers: tuple[IPv4Network | IPv6Network, ...] = ()

    def check_webhook(self, approach: Approach, params: Params) -> None:
        """Accept a form post of Twilio's; raises `CarrierError` with advice if it must be refused."""
        if not self.auth_token:
            self.check_local(approach)
            return
        url = self.called_url(approach)
        signature = _signature(approach)
        if not webhook_signed(self.auth_token, signature, url, params):
            _refuse_signature(signature, url)

    def check_handshake(self, approach: Approach, named_urls: Iterable[str] = ()) -> None:
        """Accept a WebSocket handshake of Twilio's; raises `CarrierError` with advice if it must be refused.

        Args:
            named_urls: Addresses of this socket that were given out in TwiML, where they differ from the
                web port's.
        """
        if not self.auth_token:
            self.check_local(approach)
            return
        url = _with_scheme(self.called_url(approach), _WS_SCHEMES)
        signature = _signature(approach)
        fits = [handshake_signed(self.auth_token, signature, form) for form in (url, *named_urls)]
        if not any(fits):
            _refuse_signature(signature, url)

    def check_local(self, approach: Approach) -> None:
        """Accept a request that comes from this machine itself; raises `CarrierError` with advice if not."""
        host = approach.headers.get("host", "")
        if not (_is_loopback(approach.peer) and _is_loopback(_hostname(host))):
            _refuse(
                "not_local",
                "Only this machine may call while TWILIO_AUTH_TOKEN is not set; set it to accept Twilio.",
            )
        if any(name in _FORWARDING_HEADERS or name.startswith("x-forwarded") for name in approach.headers):
            _refuse("not_local", "A forwarded request needs a signature: set TWILIO_AUTH_TOKEN to accept Twilio.")
        self.check_origin(approach)

    def check_origin(self, approach: Approach) -> None:
        """Refuse what a page of another site makes a browser send; raises `CarrierError` with advice."""
        origin = approach.headers.get("origin")
        if origin is not None and _netloc(origin) != approach.headers.get("host", ""):
            _refuse("origin", "A page of another site sent this request; open Torim's own address instead.")

    def called_url(self, approach: Approach) -> str:
        """The http(s) URL that the other side called, as far as it can be known."""
        if self.public_url:
            return _with_scheme(self.public_url.rstrip("/"), _HTTP_SCHEMES) + approach.target
        scheme, host = approach.scheme, approach.headers.get("host", "")
        if self._trusts(approach.peer):
            scheme = _first(approach.headers.get("x-forwarded-proto", "")) or scheme
            host = _first(approach.headers.get("x-forwarded-host", "")) or host
        return f"{_HTTP_SCHEMES.get(scheme, 'https')}://{host}{approach.target}"

    def client_of(self, peer: str, forwarded_for: str) -> str:
        """The address that a request came from: the last one in `X-Forwarded-For` that no believed proxy has."""
        for address in (peer, *(part.strip() for part in reversed(forwarded_for.split(",")))):
            if address and not self._trusts(address):
                return address
        return peer

    def _trusts(self, peer: str) -> bool:
        """Whether what this peer says about the original request is believed."""
        address = _address(peer)
        return address is not None and (address.is_loopback or any(address in known for known in self.trusted_peers))


def _signature(approach: Approach) -> str:
    return approach.headers.get(SIGNATURE_HEADER, "")


def _refuse_signature(signature: str, url: str) -> NoReturn:
    address = url.partition("?")[0]
    if not signature:
        _refuse("unsigned", f"The request to {address} has no X-Twilio-Signature; only Twilio may call here.")
    _refuse(
        "signature",
        f"The signature does not fit {address}. If Twilio calls another address, set TORIM_PUBLIC_URL to it; "
        "otherwise check TWILIO_AUTH_TOKEN.",
    )


def _refuse(code: str, advice: str) -> NoReturn:
    raise CarrierError(advice, f"carrier.{code}")


def _with_scheme(url: str, schemes: Mapping[str, str]) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{schemes.get(scheme, scheme)}{mark}{rest}"


def _first(listed: str) -> str:
    return listed.partition(",")[0].strip()


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a text is, an IPv4 one inside IPv6 as what it is; None if it is none."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
