"""What a Realtime server says is wrong with a client event: type, code, parameter and sentence.

It words refusals and decides nothing about what is valid. Source of the codes: the OpenAI Realtime
reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

NESTING_MAX = 100  # levels; far less than what can be read but not be written again inside an event of ours


class ProtocolFault(Exception):
    """What an `error` event says: type, code, message, parameter, and the client event that caused it."""

    def __init__(
        self,
        code: str | None,
        message: str,
        param: str | None = None,
        kind: str = "invalid_request_error",
        event_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param
        self.kind, self.event_id = kind, event_id

    def wire(self, event_id: str | None) -> dict[str, Any]:
        """The `error` object of the event; ``event_id`` names the client event being answered."""
        return {
            "type": self.kind,
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "event_id": self.event_id or event_id,
        }


_AT = re.compile(r"^(?P<what>.*?)(?: - at (?:the key in )?`\$?\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"(?:unknown|required) field `(?P<field>[^`]+)`")
_BOUND = re.compile(r"Expected `(?P<kind>int|float)` (?P<side>>=|<=) (?P<bound>\S+)")


def explain(text: str, event: Any) -> ProtocolFault:
    """Turn a validation message into the fault that a Realtime server answers with."""
    match = _AT.match(text)
    what, path = (match["what"], match["path"] or "") if match else (text, "")
    named = _NAMED.search(what)
    param = ".".join(part for part in (path, named["field"] if named else "") if part)
    fault = _fault(what, param, _value_at(event, path))
    fault.event_id = _event_id(event)
    return fault


def _fault(what: str, param: str, value: Any) -> ProtocolFault:
    if "unknown field" in what:
        return ProtocolFault("unknown_parameter", f"Unknown parameter: '{param}'.", param)
    if "missing required field" in what:
        return ProtocolFault("missing_required_parameter", f"Missing required parameter: '{param}'.", param)
    if bound := _BOUND.search(what):
        return _out_of_bounds(bound, param, value)
    if what.startswith("Invalid"):
        return ProtocolFault("invalid_value", f"Invalid value: {value!r} for '{param}'.", param)
    if "got `" in what:
        return ProtocolFault("invalid_type", f"Invalid type for '{param}': {what.lower()}.", param)
    return ProtocolFault("invalid_value", f"Invalid value for '{param}': {what.lower()}.", param)


def _out_of_bounds(bound: re.Match[str], param: str, value: Any) -> ProtocolFault:
    kind = {"int": "integer", "float": "decimal"}[bound["kind"]]
    below = bound["side"] == ">="
    side, limit = ("below_min", "below minimum") if below else ("above_max", "above maximum")
    return ProtocolFault(
        f"{kind}_{side}_value",
        f"Invalid '{param}': {kind} {limit} value. "
        f"Expected a value {bound['side']} {bound['bound']}, but got {value} instead.",
        param,
    )


def _value_at(event: Any, path: str) -> Any:
    for name in re.findall(r"[^.\[\]]+", path):
        if isinstance(event, dict):
            event = event.get(name)
        elif isinstance(event, list) and name.isdigit():
            event = event[int(name)]
    return event


def _event_id(event: Any) -> str | None:
    named = event.get("event_id") if isinstance(event, dict) else None
    return named if isinstance(named, str) else None


def check_nesting(message: str | bytes) -> None:
    """Refuse what could be read but, inside an event of ours, not be written again."""
    opened = message.count("{") + message.count("[") if isinstance(message, str) else _opened(message)
    if opened <= NESTING_MAX:
        return
    event = msgspec.json.decode(message)
    level = [event]
    for _ in range(NESTING_MAX):
        level = [part for value in level for part in _parts(value)]
        if not level:
            return
    text = f"The message is nested deeper than {NESTING_MAX} levels."
    raise ProtocolFault("invalid_json", text, event_id=_event_id(event))


def _opened(message: bytes) -> int:
    return message.count(b"{") + message.count(b"[")


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
