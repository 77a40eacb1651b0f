"""Where the settings of a business may have this machine connect to: the public internet, unless the operator says so.

A linked calendar or a webhook is an address that an owner types in; it must not reach what only this machine or its
network can reach. The check is made on the addresses that a name stands for, and the connection goes to just those, at
every redirect anew, so that a name cannot mean one thing when it is checked and another when it is used. What the
operator configures (engines, mail, the carrier) does not come this way.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpx

Address = IPv4Address | IPv6Address
Permits = Callable[[Address], bool]

SETTING = "TORIM_ALLOW_PRIVATE_ADDRESSES"
TRIED_MAX = 3  # addresses of a name, one after another
_NAT64 = IPv6Network("64:ff9b::/96")  # the last 32 bits are an IPv4 address
_KEEP_NONE = httpx.Limits(max_keepalive_connections=0)  # a connection is to an address, and good for one name only


class PrivateAddress(httpx.ConnectError):
    """An address leads to where settings of a business may not lead."""


def public(address: Address) -> bool:
    """Whether an address is of the public internet, in whatever way it is written."""
    inner = _inner(address)
    if inner is not None:
        return public(inner)
    return address.is_global and not address.is_multicast


def anywhere(address: Address) -> bool:
    """Permits every address: the operator said so."""
    return True


def permits(allow_private: bool) -> Permits:
    """Which addresses this installation permits."""
    return anywhere if allow_private else public


class Transport(httpx.HTTPTransport):
    """Connects to permitted addresses only; for `httpx.Client`."""

    def __init__(self, permits: Permits) -> None:
        super().__init__(trust_env=False, limits=_KEEP_NONE)
        self._permits = permits

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Connect to the first address of the name that answers."""
        try:
            found = socket.getaddrinfo(*_peer(request.url), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise _unknown(request, error) from error
        *others, last = _pinned(request, found, self._permits)
        for pinned in others:
            with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return super().handle_request(pinned)
        return super().handle_request(last)


class AsyncTransport(httpx.AsyncHTTPTransport):
    """The same for `httpx.AsyncClient`."""

    def __init__(self, permits: Permits) -> None:
        super().__init__(trust_env=False, limits=_KEEP_NONE)
        self._permits = permits

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Connect to the first address of the name that answers."""
        try:
            look_up = asyncio.get_running_loop().getaddrinfo
            found = await look_up(*_peer(request.url), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise _unknown(request, error) from error
        *others, last = _pinned(request, found, self._permits)
        for pinned in others:
            with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await super().handle_async_request(pinned)
        return await super().handle_async_request(last)


def _peer(url: httpx.URL) -> tuple[str, int]:
    return url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _unknown(request: httpx.Request, error: Exception) -> httpx.ConnectError:
    return httpx.ConnectError(f"the name {request.url.host!r} is not known: {error}", request=request)


def _pinned(request: httpx.Request, found: Sequence[tuple[Any, ...]], permits: Permits) -> list[httpx.Request]:
    """The request to each of the addresses that its name stands for, all of which must be permitted.

    Raises:
        PrivateAddress: One of them is not.
    """
    addresses = list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
    if not all(map(permits, addresses)):
        advice = f"{request.url.host!r} leads into this machine's own network; {SETTING} would permit that."
        raise PrivateAddress(advice, request=request)
    return [_to(request, address) for address in addresses[:TRIED_MAX]]


def _to(request: httpx.Request, address: Address) -> httpx.Request:
    """The same request to an address: its `Host` stays, and so does the name that its certificate must have."""
    extensions = request.extensions | {"sni_hostname": request.url.raw_host.decode("ascii")}
    url = request.url.copy_with(host=str(address))
    return httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=extensions)


def _inner(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
