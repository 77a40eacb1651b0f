"""One-time codes by text message: random digits, and the carrier's account that sends them.

It decides whether this installation can send any.
"""

from __future__ import annotations

import secrets

import httpx

from torim.config import Config
from torim.desk.identity import CODE_DIGITS, SendText
from torim.jobs.service import SmsAccount, sms_sender


def make_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def texting(account: SmsAccount | None, http: httpx.Client) -> SendText | None:
    """What sends a text message at once; None where there is no account or no number to send from."""
    sender = sms_sender(account, http)
    if sender is None:
        return None

    def send(number: str, text: str) -> None:
        sender.send(number, text)

    return send


def sms_account(config: Config) -> SmsAccount | None:
    """The account that text messages are sent from, if one is configured."""
    if not (config.twilio_account_sid and config.twilio_auth_token and config.sms_from):
        return None
    return SmsAccount(config.twilio_account_sid, config.twilio_auth_token, config.sms_from, config.twilio_api_url)
