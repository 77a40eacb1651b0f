"""Text messages through the carrier: the port, and Twilio's REST API.

It decides which refusals are final. A message that may have gone out already, because the process died before it
could note so, is looked for at the carrier first: it is paid for and disturbs somebody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx

from torim.jobs.base import DeliveryError
from torim.jobs.webhooks import wait_asked_for

TIMEOUT_S = 15.0
API_URL = "https://api.twilio.com"
_SERVICE = re.compile(r"MG[0-9a-f]{32}")
# Twilio's error codes that say that the number or the text will never do.
FINAL_CODES = frozenset({21211, 21212, 21214, 21408, 21601, 21604, 21610, 21612, 21614, 21617, 30003, 30005, 30006})


class SmsSender(Protocol):
    """Sends text messages; may block."""

    def send(self, to: str, body: str) -> str:
        """Send a message; gives the carrier's id of it.

        Raises:
            DeliveryError: Not sent.
        """

    def find(self, to: str, body: str, since: datetime) -> str | None:
        """The carrier's id of such a message sent since then, if there is one.

        Raises:
            DeliveryError: The carrier does not say.
        """


@dataclass(frozen=True, slots=True)
class TwilioSms:
    """Twilio's Messages resource; ``sender`` is a number of the account or the id of a messaging service."""

    client: httpx.Client
    account_sid: str
    auth_token: str
    sender: str
    api_url: str = API_URL

    def send(self, to: str, body: str) -> str:
        """Send a message; gives its SID."""
        origin = "MessagingServiceSid" if _SERVICE.fullmatch(self.sender) else "From"
        return str(self._ask("POST", data={"To": to, "Body": body, origin: self.sender})["sid"])

    def find(self, to: str, body: str, since: datetime) -> str | None:
        """The SID of such a message, if Twilio has one."""
        answer = self._ask("GET", params={"To": to, "DateSent>": f"{since:%Y-%m-%d}", "PageSize": "50"})
        for message in answer.get("messages", ()):
            failed = message.get("status") in ("failed", "undelivered", "canceled")
            if message.get("body") == body and not failed and _created(message) >= since.timestamp():
                return str(message["sid"])
        return None

    def _ask(self, method: str, **content: dict[str, str]) -> dict:  # type: ignore[type-arg]
        url = f"{self.api_url}/2010-04-01/Accounts/{self.account_sid}/Messages.json"
        try:
            answer = self.client.request(
                method,
                url,
                auth=(self.account_sid, self.auth_token),
                timeout=TIMEOUT_S,
                **content,  # type: ignore[arg-type]
            )
            said = answer.json()
        except httpx.HTTPError as error:
            raise DeliveryError(f"{self.api_url} cannot be reached ({error}).", "sms.unreachable") from error
        except ValueError as error:
            raise DeliveryError(f"{self.api_url} gave no JSON ({error}).", "sms.answer") from error
        if answer.is_error or not isinstance(said, dict):
            raise _refusal(answer, said if isinstance(said, dict) else {})
        return said


def _created(message: dict[str, str]) -> float:
    try:
        return parsedate_to_datetime(message.get("date_created", "")).timestamp() + 1  # whole seconds
    except ValueError:
        return 0.0


def _refusal(answer: httpx.Response, said: dict[str, object]) -> DeliveryError:
    code = said.get("code")
    if answer.status_code in (401, 403):
        advice = "Twilio does not accept the account: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
        return DeliveryError(advice, "sms.account")
    advice = f"Twilio refused the text message ({code or answer.status_code}): {said.get('message', '')}"
    return DeliveryError(advice, "sms.refused", final=code in FINAL_CODES, after_s=wait_asked_for(answer))
