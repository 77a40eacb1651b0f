"""What each error of a Realtime engine means for a call: the one table of codes, types and close codes.

It classifies and words advice; it never decides what is done about an error. Sources: the OpenAI Realtime
reference and the public reports of clients that met each code.
"""

from __future__ import annotations

import re

from torim.core.events import EngineFault, EngineLost, FaultKind
from torim.engines.openai_wire import ErrorBody

BAD_MESSAGE = "engine.bad_message"

_BY_CODE = {
    # races that were already decided when the engine answered
    "response_cancel_not_active": FaultKind.BENIGN,
    "item_truncate_invalid_item_id": FaultKind.BENIGN,
    "item_truncate_already_shorter": FaultKind.BENIGN,
    "input_audio_buffer_commit_empty": FaultKind.BENIGN,
    "item_delete_invalid_item_id": FaultKind.BENIGN,
    "item_retrieve_invalid_item_id": FaultKind.BENIGN,
    # a response was alive
    "conversation_already_has_active_response": FaultKind.BUSY,
    # transient
    "rate_limit_exceeded": FaultKind.RETRY,
    "server_error": FaultKind.RETRY,
    # the session's 60 minutes are over
    "session_expired": FaultKind.LINK,
    # nothing that this call could do will help
    "insufficient_quota": FaultKind.FATAL,
    "credit_balance_exhausted": FaultKind.FATAL,
    "invalid_api_key": FaultKind.FATAL,
    "account_deactivated": FaultKind.FATAL,
    "billing_hard_limit_reached": FaultKind.FATAL,
}

# Servers that send no code (OpenAI itself, for the first) are known by the words of the message.
_BY_MESSAGE = (
    ("already shorter", "item_truncate_already_shorter"),
    ("cancellation failed", "response_cancel_not_active"),
    ("no active response", "response_cancel_not_active"),
    ("already has an active response", "conversation_already_has_active_response"),
    ("maximum duration", "session_expired"),
)

_CONFIG_CODES = frozenset({"unknown_parameter", "invalid_value", "missing_required_parameter"})
_KEY = re.compile(r"sk-[\w*.-]+")
_FATAL_CLOSE_CODES = frozenset({3000, 3003, 4001, 4003, 4401, 4403})  # registered and customary: not allowed


def fault_of(error: ErrorBody, session_command_id: str) -> EngineFault:
    """Classify one `error` event; ``session_command_id`` is the event id of our session update."""
    code = code_of(error)
    ours = error.event_id == session_command_id or (code in _CONFIG_CODES and (error.param or "").startswith("session"))
    kind = _kind_on_session(kind_of(error)) if ours else kind_of(error)
    return EngineFault(kind, code, safe_message(error), error.event_id)


def safe_message(error: ErrorBody) -> str:
    """The error's message without any key that the server may have quoted in it."""
    return _KEY.sub("sk-...", error.message or "")


def code_of(error: ErrorBody) -> str:
    """The error's code, or the one its message or type stands for; never empty."""
    if error.code not in (None, ""):
        return str(error.code)
    message = (error.message or "").lower()
    for words, code in _BY_MESSAGE:
        if words in message:
            return code
    return error.type or "unknown_error"


def kind_of(error: ErrorBody) -> FaultKind:
    """What the error means, by code, then by type; a fatal type outweighs any code.

    An unknown error is RETRY: if it names a request of ours that request was refused, else it is a warning.
    """
    kinds = [_BY_CODE[name] for name in (code_of(error), error.type or "") if name in _BY_CODE]
    if FaultKind.FATAL in kinds:
        return FaultKind.FATAL
    return kinds[0] if kinds else FaultKind.RETRY


def is_fatal(error: ErrorBody) -> bool:
    """Whether an error that ended a response rules out any further one."""
    return kind_of(error) is FaultKind.FATAL


def bad_message(why: str) -> EngineFault:
    """The fault for a message that is not the protocol's: a warning, since it names no command of ours."""
    return EngineFault(FaultKind.RETRY, BAD_MESSAGE, why)


def classify_close(code: int | None, reason: str = "") -> EngineLost | EngineFault:
    """What the end of the engine's socket means; ``code`` None: the connection broke without a close."""
    fatal = _fatal_code_in(reason)
    if fatal or code in _FATAL_CLOSE_CODES:
        advice = f"The engine closed the link ({code} {reason}): check OPENAI_API_KEY and the account."
        return EngineFault(FaultKind.FATAL, fatal or f"close_{code}", advice)
    return EngineLost(f"closed {code or 1006} {reason}".rstrip())


def classify_refusal(status: int, body: str = "") -> EngineLost | EngineFault:
    """What an HTTP answer other than 101 to the WebSocket handshake means."""
    fatal = _fatal_code_in(body) or ("invalid_api_key" if status in (401, 403) else None)
    if fatal:
        advice = f"The engine refused the session (HTTP {status}): check OPENAI_API_KEY and the account."
        return EngineFault(FaultKind.FATAL, fatal, advice)
    if status in (400, 404):
        advice = f"No Realtime session there (HTTP {status}): check OPENAI_BASE_URL and TORIM_MODEL."
        return EngineFault(FaultKind.CONFIG, "no_such_session", advice)
    return EngineLost(f"handshake refused with HTTP {status}")


def _fatal_code_in(text: str) -> str | None:
    return next((code for code, kind in _BY_CODE.items() if kind is FaultKind.FATAL and code in text), None)


def _kind_on_session(kind: FaultKind) -> FaultKind:
    """A refused session update: fatal stays fatal, the rest means that we are not configured as asked."""
    return kind if kind is FaultKind.FATAL else FaultKind.CONFIG
