"""Twilio's HTTP side as the synthetic caller plays it: signed form posts out, TwiML in.

Decides how a request is signed and what an answer asks for. It does no input or output. It is written from
the carrier's documentation and shares no code with the server that checks the signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin
from xml.etree import ElementTree

from torim.errors import CarrierError


@dataclass(frozen=True, slots=True)
class Verb:
    """One TwiML verb: its name, attributes and text."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """What `<Connect><Stream>` asks for."""

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed TwiML document."""

    verbs: tuple[Verb, ...]
    stream: Stream | None
    redirect_url: str | None  # absolute


def sign(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """The value of `X-Twilio-Signature` for a form post to a URL."""
    signed = url + "".join(name + parameters[name] for name in sorted(parameters))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def signature_headers(auth_token: str | None, url: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request that Twilio would send; none without an account's token."""
    if auth_token is None:
        return {}
    return {"X-Twilio-Signature": sign(auth_token, url, parameters)}


def parse_twiml(document: str, base_url: str) -> Answer:
    """Read a TwiML document; raises `CarrierError` if it is not one."""
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise CarrierError(f"The webhook did not answer with TwiML: {error}.", "carrier.twiml") from error
    if root.tag != "Response":
        raise CarrierError(f"TwiML begins with <Response>, not <{root.tag}>.", "carrier.twiml")
    verbs = tuple(Verb(item.tag, dict(item.attrib), (item.text or "").strip()) for item in root)
    redirect = next((verb.text for verb in verbs if verb.name == "Redirect"), None)
    return Answer(verbs, _stream(root), urljoin(base_url, redirect) if redirect else None)


def _stream(root: ElementTree.Element) -> Stream | None:
    element = root.find("Connect/Stream")
    if element is None:
        return None
    pairs = ((item.get("name"), item.get("value")) for item in element.findall("Parameter"))
    return Stream(element.get("url", ""), {name: value or "" for name, value in pairs if name})
