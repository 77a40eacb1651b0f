"""How a log line looks: one line per note, for people or for machines, with secrets masked.

Every line of the process goes through here, those of libraries that use the standard `logging` too. It never
decides what is worth logging: the core chooses the reason and the level, the bridge hands the note over.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from torim.core.actions import Note

MASK = "***"
# Fields whose value is never shown, whoever logs them and whatever the value.
SENSITIVE_WORDS = ("token", "secret", "password", "authorization", "api_key", "signature")
# What begins a line, in this order; everything else follows as key=value.
_LINE_KEYS = ("at", "level", "call", "tag", "event", "logger")
# Chatty at INFO about what our own lines say better.
_QUIET_LIBRARIES = ("httpx", "httpcore", "websockets", "uvicorn.access", "alembic")


def configure(
    level: str = "INFO", style: str = "console", secrets: Iterable[str] = (), stream: TextIO | None = None
) -> None:
    """Set up logging for this process.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        style: ``console`` or ``json``.
        secrets: Values to mask wherever they appear in a line.
        stream: Where lines go; standard error by default.
    """
    mask = _masker(secrets)
    render = _as_json if style == "json" else _as_console
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    _configure_stdlib(level, shared, lambda _, __, event: mask(render(event)), stream or sys.stderr)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def call_log(call_id: str) -> FilteringBoundLogger:
    """The logger of one call: every line carries its id."""
    log: FilteringBoundLogger = structlog.get_logger("torim.call").bind(call=call_id)
    return log


def write_note(log: FilteringBoundLogger, note: Note) -> None:
    """Log a note of the core as one line: tag, sentence, and the numbers behind it."""
    reason = note.reason
    log.log(int(note.level), reason.sentence, tag=reason.tag, reason=reason.name, **_plain(note.evidence))


def _configure_stdlib(
    level: str, shared: list[Any], render: Callable[[WrappedLogger, str, EventDict], str], stream: TextIO
) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _hide_sensitive,
            structlog.processors.format_exc_info,
            render,
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _plain(evidence: Mapping[str, object]) -> dict[str, object]:
    """Evidence under names that a line does not use already, with enum members as their words."""
    return {
        f"{key}_" if key in (*_LINE_KEYS, "reason") else key: value.value if isinstance(value, Enum) else value
        for key, value in evidence.items()
    }


def _as_json(event: EventDict) -> str:
    first = {key: event[key] for key in _LINE_KEYS if key in event}
    return json.dumps({**first, **event}, ensure_ascii=False, default=str)


def _as_console(event: EventDict) -> str:
    """``12:34:56.789 INFO  CA1 [TAG] sentence key=value ...``, then a traceback if there is one."""
    fields = [
        f"{key}={_value(value)}"
        for key, value in event.items()
        if key not in (*_LINE_KEYS, "reason", "exception") and value is not None
    ]
    head = [event["at"][11:23], f"{str(event['level']).upper():<7}", event.get("call"), event.get("tag")]
    line = " ".join(str(part) for part in (*head, event["event"], *fields) if part)
    return f"{line}\n{event['exception']}" if "exception" in event else line


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.3g}"
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(c in text for c in ' "=\n\r\t') else text


def _hide_sensitive(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        # A number is a counter (input_tokens), never a secret.
        if isinstance(value, str) and any(word in key.lower() for word in SENSITIVE_WORDS):
            event[key] = MASK
    return event


def _masker(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that masks each secret, as it is and as JSON would write it."""
    forms = {form for secret in secrets if secret for form in (secret, json.dumps(secret)[1:-1])}
    longest_first = sorted(forms, key=len, reverse=True)

    def mask(line: str) -> str:
        for form in longest_first:
            line = line.replace(form, MASK)
        return line

    return mask
