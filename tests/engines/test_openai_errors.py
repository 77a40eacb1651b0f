"""The error table of the Realtime protocol: what each complaint of an engine means for a call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from torim.core.events import EngineFault, EngineLost, FaultKind
from torim.engines.base import SessionConfig
from torim.engines.openai_errors import classify_close, classify_refusal
from torim.engines.openai_realtime import OpenAIRealtimeCodec


def fault(**error: Any) -> EngineFault:
    message = json.dumps({"type": "error", "event_id": "e1", "error": error})
    [event] = OpenAIRealtimeCodec(SessionConfig("m", "")).decode(message)
    assert isinstance(event, EngineFault)
    return event


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("response_cancel_not_active", FaultKind.BENIGN),
        ("item_truncate_invalid_item_id", FaultKind.BENIGN),
        ("input_audio_buffer_commit_empty", FaultKind.BENIGN),
        ("item_delete_invalid_item_id", FaultKind.BENIGN),
        ("item_retrieve_invalid_item_id", FaultKind.BENIGN),
        ("conversation_already_has_active_response", FaultKind.BUSY),
        ("rate_limit_exceeded", FaultKind.RETRY),
        ("server_error", FaultKind.RETRY),
        ("session_expired", FaultKind.LINK),
        ("insufficient_quota", FaultKind.FATAL),
        ("credit_balance_exhausted", FaultKind.FATAL),
        ("invalid_api_key", FaultKind.FATAL),
        ("account_deactivated", FaultKind.FATAL),
        ("billing_hard_limit_reached", FaultKind.FATAL),
    ],
)
def test_each_code_has_its_class_and_names_the_command(code: str, kind: FaultKind) -> None:
    seen = fault(type="invalid_request_error", code=code, message="m", event_id="c9")
    assert seen == EngineFault(kind, code, "m", "c9")


@pytest.mark.parametrize(
    ("message", "code", "kind"),
    [
        (
            "Audio content of 900ms is already shorter than 1200ms",
            "item_truncate_already_shorter",
            FaultKind.BENIGN,
        ),
        ("Cancellation failed: no active response found", "response_cancel_not_active", FaultKind.BENIGN),
        (
            "Conversation already has an active response in progress: R1.",
            "conversation_already_has_active_response",
            FaultKind.BUSY,
        ),
        ("Your session hit the maximum duration of 60 minutes.", "session_expired", FaultKind.LINK),
    ],
)
def test_an_error_without_a_code_is_known_by_its_words(message: str, code: str, kind: FaultKind) -> None:
    seen = fault(type="invalid_request_error", code=None, message=message)
    assert (seen.kind, seen.code) == (kind, code)


def test_the_type_counts_where_the_code_says_nothing() -> None:
    assert fault(type="server_error", code=None, message="oops").kind is FaultKind.RETRY
    assert fault(type="insufficient_quota", code="some_new_code").kind is FaultKind.FATAL


def test_an_unknown_error_never_ends_the_call() -> None:
    assert fault(type="invalid_request_error", code="brand_new", event_id="c1").kind is FaultKind.RETRY
    assert fault().code == "unknown_error"


def test_a_refused_session_field_is_known_without_an_event_id() -> None:
    seen = fault(type="invalid_request_error", code="unknown_parameter", param="session.audio.input.x")
    assert seen.kind is FaultKind.CONFIG


def test_a_wrong_key_stays_fatal_on_the_session_update_and_is_not_logged() -> None:
    seen = fault(code="invalid_api_key", message="Incorrect API key: sk-proj-abc_DEF.", event_id="torim_session")
    assert seen.kind is FaultKind.FATAL
    assert "abc" not in seen.message


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1008, None])
def test_a_closed_link_is_lost(code: int | None) -> None:
    assert isinstance(classify_close(code, "bye"), EngineLost)


def test_a_link_closed_for_the_key_is_fatal() -> None:
    for event in (classify_close(3000, "invalid_request_error.invalid_api_key"), classify_close(4001)):
        assert isinstance(event, EngineFault)
        assert event.kind is FaultKind.FATAL


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, "", FaultKind.FATAL),
        (403, "", FaultKind.FATAL),
        (429, '{"error":{"code":"insufficient_quota"}}', FaultKind.FATAL),
        (404, "", FaultKind.CONFIG),
        (429, "", None),
        (503, "", None),
    ],
)
def test_a_refused_handshake(status: int, body: str, kind: FaultKind | None) -> None:
    event = classify_refusal(status, body)
    assert isinstance(event, EngineLost) if kind is None else getattr(event, "kind", None) is kind
