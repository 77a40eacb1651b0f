"""How the text of one setting becomes its value; each parser says in words what it wanted instead.

It knows nothing about which settings exist or how they depend on one another.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit

TRUE = ("true", "1", "yes", "on")
FALSE = ("false", "0", "no", "off")


class BadValue(ValueError):
    """The text is no such value; the message completes the sentence "this setting must be ..."."""


def text(value: str) -> str:
    return value


def path(value: str) -> Path:
    return Path(value).expanduser()


def boolean(value: str) -> bool:
    word = value.lower()
    if word not in TRUE + FALSE:
        raise BadValue("true or false (1/0, yes/no, on/off)")
    return word in TRUE


def code(value: str) -> str:
    """A language as two or three letters, lower case."""
    if not re.fullmatch(r"[A-Za-z]{2,3}", value):
        raise BadValue("a language code such as he or en")
    return value.lower()


def whole(least: int, most: int) -> Callable[[str], int]:
    """Make a parser of whole numbers from ``least`` to ``most``, both included."""

    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise BadValue(f"a whole number from {least} to {most}")
        return number

    return parse


def choice(*words: str) -> Callable[[str], str]:
    """Make a parser that accepts one of the words, in any case."""
    by_lower = {word.lower(): word for word in words}

    def parse(value: str) -> str:
        if value.lower() not in by_lower:
            raise BadValue(" or ".join(words))
        return by_lower[value.lower()]

    return parse


def networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """IP addresses and networks, separated by commas or blanks; an address is a network of one."""
    try:
        return tuple(ipaddress.ip_network(part, strict=False) for part in re.split(r"[,\s]+", value) if part)
    except ValueError as error:
        raise BadValue("IP addresses or networks such as 10.0.0.5, 172.16.0.0/12") from error


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(value: str, schemes: dict[str, bool], wanted: str, query: bool = False) -> str:
    """Check a URL against its schemes (name: allowed beyond loopback) and drop a trailing slash."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadValue(wanted) from error
    if parts.scheme not in schemes or not host or parts.fragment or (parts.query and not query) or "{" in value:
        raise BadValue(wanted)
    if not schemes[parts.scheme] and not is_loopback(host):
        raise BadValue(f"{wanted}; without TLS only on this machine (localhost)")
    return value.rstrip("/")


def open_url(value: str) -> str:
    return _url(value, {"https": True, "http": True}, "a URL such as http://localhost:8000")


def public_url(value: str) -> str:
    """An address that a carrier can call: https, or http on this machine."""
    return _url(value, {"https": True, "http": False}, "an https URL such as https://phone.example.com")


def media_url(value: str) -> str:
    """A public media address, wss or on this machine ws; ``{worker}`` and ``{port}`` stand for each worker's own."""
    wanted = "a wss URL such as wss://phone.example.com or wss://phone.example.com/w{worker}"
    _url(filled(value, worker=1, port=1), {"wss": True, "ws": False}, wanted)
    return value.rstrip("/")


def filled(url: str, worker: int, port: int) -> str:
    """A media address with the placeholders filled in for one worker."""
    return url.replace("{worker}", str(worker)).replace("{port}", str(port))


def mail_server(value: str) -> str:
    """An SMTP server; its user and password may stand in the address."""
    wanted = "an address such as smtp://user:password@mail.example.com:587"
    if urlsplit(value).query not in ("", "tls=optional"):
        raise BadValue(f"{wanted}; the only addition is ?tls=optional, for a password that may travel without TLS")
    return _url(value, {"smtp": True, "smtps": True}, wanted, query=True)


def mail_address(value: str) -> str:
    """An e-mail address, with a name before it or without."""
    address = parseaddr(value)[1]
    local, _, domain = address.rpartition("@")
    if not local or "." not in domain.strip(".") or re.search(r"[\s\r\n]", address):
        raise BadValue("an address such as desk@shaked.example or Shaked Studio <desk@shaked.example>")
    return value


def realtime_url(value: str) -> str:
    schemes = {"https": True, "http": True, "wss": True, "ws": True}
    return _url(value, schemes, "an http(s) or ws(s) URL such as http://localhost:8000/v1", query=True)
