"""Whether calls of a telephone number can reach this installation: the way that the carrier goes, gone from here.

It asks the public address what the carrier would ask, once rightly signed and once wrongly, opens the media stream that
it is given and closes it again, and reads how the numbers are set up at the carrier. No call is placed and nothing is
changed. Every finding has a code that a page can tell in its own language, and advice in English.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from torim.carriers.signature import sign

TIMEOUT_S = 8.0
TWILIO_PORT = 443  # of media streams, whatever their address says
VOICE, STATUS = "/twilio/voice", "/twilio/status"
_SIGNATURE = "X-Twilio-Signature"


class Grade(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"  # calls come in, but perhaps not as meant
    FAIL = "fail"  # no call comes in
    SKIPPED = "skipped"  # it depends on something that failed


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        check: What was looked at: token, address, reach, signed, forged, media, number, console.
        code: What was found, such as ``signed.refused``.
        advice: What is so, or what to do, in English.
        values: What a page puts into its own words.
    """

    check: str
    grade: Grade
    code: str
    advice: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Telephony:
    """What the installation says about its carrier."""

    auth_token: str | None = field(default=None, repr=False)
    account_sid: str | None = None
    public_url: str | None = None
    api_url: str = "https://api.twilio.com"

    @property
    def voice_url(self) -> str | None:
        return None if self.public_url is None else self.public_url.rstrip("/") + VOICE

    @property
    def status_url(self) -> str | None:
        return None if self.public_url is None else self.public_url.rstrip("/") + STATUS


async def examine(telephony: Telephony, numbers: Sequence[str], strays: Sequence[str]) -> list[Finding]:
    """Everything that is right and wrong, in the order in which it is to be mended.

    Args:
        numbers: Those that the business answers, in international form.
        strays: Those of them that lead to another business, or are no numbers.
    """
    found = [_token(telephony), _address(telephony)]
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as http:
        found += [finding async for finding in _way(telephony, http, numbers)]
        found += _numbers(numbers, strays)
        found += await _consoles(telephony, http, numbers)
    return found


# --- what is set ----------------------------------------------------------------------------------------------


def _token(telephony: Telephony) -> Finding:
    if telephony.auth_token:
        return Finding("token", Grade.OK, "token.set", "The account's token is set; unsigned requests are refused.")
    advice = "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and start again; without them every call is refused."
    return Finding("token", Grade.FAIL, "token.missing", advice)


def _address(telephony: Telephony) -> Finding:
    url = telephony.public_url
    if not url:
        advice = "Set TORIM_PUBLIC_URL to the https address of this server, and start again."
        return Finding("address", Grade.FAIL, "address.missing", advice)
    values, parts = {"url": url}, urlsplit(url)
    if parts.scheme != "https":
        advice = f"{url} is not https; media streams need it. Put a proxy with a certificate in front."
        return Finding("address", Grade.FAIL, "address.not_https", advice, values)
    if _is_private(parts.hostname or ""):
        advice = f"{url} is an address of this machine or network; the carrier cannot reach it."
        return Finding("address", Grade.FAIL, "address.private", advice, values)
    if (parts.port or TWILIO_PORT) != TWILIO_PORT:
        advice = f"{url} names a port; the carrier opens media streams on port {TWILIO_PORT} only."
        return Finding("address", Grade.FAIL, "address.port", advice, values)
    return Finding("address", Grade.OK, "address.good", f"{url} is a public https address.", values)


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


# --- the way that a call goes ---------------------------------------------------------------------------------


async def _way(telephony: Telephony, http: httpx.AsyncClient, numbers: Sequence[str]) -> AsyncIterator[Finding]:
    reached = await _reach(telephony, http)
    yield reached
    if reached.grade is not Grade.OK or not telephony.auth_token:
        for check in ("signed", "forged", "media"):
            yield _skipped(check)
        return
    form = _form(telephony, next(iter(numbers), "+97230000000"))
    signed, stream = await _signed(telephony, http, form)
    yield signed
    yield await _forged(telephony, http, form)
    yield _skipped("media") if stream is None else await _media(telephony.auth_token, stream)


async def _reach(telephony: Telephony, http: httpx.AsyncClient) -> Finding:
    if telephony.public_url is None:
        return _skipped("reach")
    url = telephony.public_url.rstrip("/") + "/healthz"
    values = {"url": telephony.public_url}
    try:
        answer = await http.get(url)
    except httpx.HTTPError as error:
        code, advice = _unreached(error)
        return Finding("reach", Grade.FAIL, code, f"{telephony.public_url}: {advice}", values | {"error": str(error)})
    if answer.status_code == httpx.codes.OK and answer.text.strip() == "ok":
        return Finding("reach", Grade.OK, "reach.good", f"{telephony.public_url} answers.", values)
    values |= {"status": str(answer.status_code)}
    advice = f"{url} answers {answer.status_code}, but not with Torim's words: the proxy leads elsewhere."
    return Finding("reach", Grade.FAIL, "reach.stranger", advice, values)


def _unreached(error: httpx.HTTPError) -> tuple[str, str]:
    """Why an address does not answer, by what lies under the error."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    if any(isinstance(each, ssl.SSLError) for each in causes):
        return "reach.certificate", f"its certificate is not accepted ({error}); renew it, with the whole chain."
    if isinstance(error, httpx.TimeoutException):
        return "reach.timeout", f"no answer within {TIMEOUT_S:.0f} s; check the firewall and the port forwarding."
    if any(isinstance(each, socket.gaierror) for each in causes):
        return "reach.name", f"the name is not found ({error}); check the DNS entry."
    return "reach.refused", f"no connection ({error}); is the proxy running, and does it lead to Torim's web port?"


def _form(telephony: Telephony, called: str) -> dict[str, str]:
    """A call that nobody makes: its stream is closed before it begins."""
    account = telephony.account_sid or "AC" + "0" * 32
    names = {"From": "+97230000000", "To": called, "Direction": "inbound", "CallStatus": "ringing"}
    return {"AccountSid": account, "CallSid": f"CAcheck{secrets.token_hex(12)}", "ApiVersion": "2010-04-01"} | names


async def _signed(telephony: Telephony, http: httpx.AsyncClient, form: dict[str, str]) -> tuple[Finding, str | None]:
    """What the webhook says to a signed request, and the stream that it names."""
    url = telephony.voice_url or ""
    try:
        answer = await http.post(url, data=form, headers=_signature(telephony.auth_token, url, form))
    except httpx.HTTPError as error:
        advice = f"{url} did not answer ({error})."
        return Finding("signed", Grade.FAIL, "signed.silent", advice, {"url": url, "error": str(error)}), None
    values = {"url": url, "status": str(answer.status_code)}
    if answer.status_code == httpx.codes.FORBIDDEN:
        advice = f"{url} refused a rightly signed request: the proxy changes the address or the path."
        return Finding("signed", Grade.FAIL, "signed.refused", advice, values), None
    if answer.status_code != httpx.codes.OK:
        advice = f"{url} answered {answer.status_code}: the proxy does not pass POST requests on."
        return Finding("signed", Grade.FAIL, "signed.status", advice, values), None
    return _twiml(answer.text, values)


def _twiml(document: str, values: Mapping[str, str]) -> tuple[Finding, str | None]:
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError:
        advice = f"{values['url']} answered, but not with TwiML: the proxy answers by itself."
        return Finding("signed", Grade.FAIL, "signed.not_twiml", advice, values), None
    stream = root.find("Connect/Stream")
    if stream is None:
        advice = "The webhook is right, but all lines are busy just now; calls are sent away. Try again."
        return Finding("signed", Grade.WARN, "signed.busy", advice, values), None
    advice = f"{values['url']} connects a signed call to a media stream."
    return Finding("signed", Grade.OK, "signed.good", advice, values), stream.get("url", "")


async def _forged(telephony: Telephony, http: httpx.AsyncClient, form: dict[str, str]) -> Finding:
    """Whoever is not the carrier must be refused."""
    url = telephony.voice_url or ""
    try:
        answer = await http.post(url, data=form, headers=_signature("not the token", url, form))
    except httpx.HTTPError as error:
        return Finding("forged", Grade.WARN, "forged.silent", f"{url} did not answer ({error}).", {"url": url})
    values = {"url": url, "status": str(answer.status_code)}
    if answer.status_code == httpx.codes.FORBIDDEN:
        return Finding("forged", Grade.OK, "forged.refused", "A wrongly signed request is refused.", values)
    advice = f"A wrongly signed request was answered with {answer.status_code} instead of 403: is this Torim?"
    return Finding("forged", Grade.FAIL, "forged.accepted", advice, values)


async def _media(auth_token: str, url: str) -> Finding:
    """Whether the stream opens; it is closed before anything is said in it."""
    values = {"url": url}
    try:
        headers = _signature(auth_token, url, {})
        async with connect(url, additional_headers=headers, proxy=None, open_timeout=TIMEOUT_S, compression=None):
            pass
    except InvalidStatus as error:
        return _not_upgraded(error.response.status_code, values)
    except (OSError, WebSocketException, TimeoutError) as error:
        advice = f"The media stream {url} did not open ({error}); check TORIM_MEDIA_URL and the firewall."
        return Finding("media", Grade.FAIL, "media.unreached", advice, values | {"error": str(error)})
    if not url.startswith("wss://"):
        advice = f"{url} opens but is not wss; make TORIM_PUBLIC_URL https, or TORIM_MEDIA_URL wss."
        return Finding("media", Grade.FAIL, "media.not_wss", advice, values)
    return Finding("media", Grade.OK, "media.good", f"The media stream {url} opens.", values)


def _not_upgraded(status: int, values: Mapping[str, str]) -> Finding:
    values = {**values, "status": str(status)}
    if status == httpx.codes.FORBIDDEN:
        advice = f"{values['url']} refused a rightly signed stream: the proxy changes the address."
        return Finding("media", Grade.FAIL, "media.refused", advice, values)
    if status == httpx.codes.SERVICE_UNAVAILABLE:
        return Finding("media", Grade.WARN, "media.busy", "All lines are busy just now; try again.", values)
    advice = f"{values['url']} answered {status}: the proxy does not pass WebSockets on (Upgrade and Connection)."
    return Finding("media", Grade.FAIL, "media.no_upgrade", advice, values)


# --- the numbers ----------------------------------------------------------------------------------------------


def _numbers(numbers: Sequence[str], strays: Sequence[str]) -> list[Finding]:
    if strays:
        values = {"numbers": ", ".join(strays)}
        advice = f"These numbers do not lead to this business: {values['numbers']}. Write them as +97235550100."
        return [Finding("number", Grade.FAIL, "number.stray", advice, values)]
    if not numbers:
        advice = "No number is set here: calls go to the business of the installation's file. Add the number."
        return [Finding("number", Grade.WARN, "number.none", advice)]
    values = {"numbers": ", ".join(numbers)}
    return [Finding("number", Grade.OK, "number.known", f"Calls to {values['numbers']} are of this business.", values)]


async def _consoles(telephony: Telephony, http: httpx.AsyncClient, numbers: Sequence[str]) -> list[Finding]:
    """How the numbers are set up at the carrier."""
    if not (telephony.account_sid and telephony.auth_token and telephony.public_url and numbers):
        return [_skipped("console")]
    looks = (_console(telephony, http, number) for number in numbers)
    return list(await asyncio.gather(*looks))


async def _console(telephony: Telephony, http: httpx.AsyncClient, number: str) -> Finding:
    values = {"number": number, "wanted": telephony.voice_url or ""}
    try:
        answer = await http.get(
            f"{telephony.api_url}/2010-04-01/Accounts/{telephony.account_sid}/IncomingPhoneNumbers.json",
            params={"PhoneNumber": number},
            auth=(telephony.account_sid or "", telephony.auth_token or ""),
        )
        answer.raise_for_status()
        listed = [item for item in answer.json()["incoming_phone_numbers"] if item.get("phone_number") == number]
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
            advice = "Twilio does not accept the account; check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
            return Finding("console", Grade.FAIL, "console.account", advice, values)
        return Finding("console", Grade.WARN, "console.silent", f"Twilio answered {status}; try again.", values)
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Finding("console", Grade.WARN, "console.silent", f"Twilio did not say ({error}).", values)
    if not listed:
        advice = f"{number} is not a number of this Twilio account. A forwarded number need not be."
        return Finding("console", Grade.WARN, "console.unknown", advice, values)
    return _as_set_up(listed[0], telephony, values)


def _as_set_up(item: Mapping[str, Any], telephony: Telephony, values: dict[str, str]) -> Finding:
    number, wanted, given = values["number"], values["wanted"], str(item.get("voice_url") or "")
    if item.get("trunk_sid") or item.get("voice_application_sid"):
        advice = f"{number} goes to a trunk or an application at Twilio; choose Webhook under A call comes in."
        return Finding("console", Grade.FAIL, "console.elsewhere", advice, values)
    if given.rstrip("/") != wanted:
        advice = f"{number} calls {given or 'nothing'} at Twilio; set A call comes in to {wanted}."
        return Finding("console", Grade.FAIL, "console.address", advice, values | {"given": given or "-"})
    if str(item.get("voice_method", "POST")).upper() != "POST":
        advice = f"{number} asks by GET at Twilio; choose HTTP POST under A call comes in."
        return Finding("console", Grade.FAIL, "console.method", advice, values)
    if str(item.get("status_callback") or "") != telephony.status_url:
        advice = f"{number} reports no ends of calls; set Call status changes to {telephony.status_url}."
        return Finding("console", Grade.WARN, "console.status", advice, values | {"wanted": telephony.status_url or ""})
    return Finding("console", Grade.OK, "console.good", f"{number} calls {wanted} at Twilio.", values)


# --- parts ----------------------------------------------------------------------------------------------------


def _skipped(check: str) -> Finding:
    return Finding(check, Grade.SKIPPED, "skipped", "Not looked at: something before it is to be mended first.")


def _signature(token: str | None, url: str, form: Mapping[str, str]) -> dict[str, str]:
    return {_SIGNATURE: sign(token or "", url, form.items())}
