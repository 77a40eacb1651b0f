"""Log lines: one line per decision, readable by people and by machines, without a secret in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from torim.core.actions import Note
from torim.core.events import Verdict
from torim.core.reasons import Level, Reason
from torim.live import logs

BLOCKED = Note(Reason.BLOCKED, Level.INFO, {"greeting_lock": True, "barge_in_enabled": False, "response": "R2"})


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(style: str, *notes: Note, level: str = "INFO") -> list[str]:
    out = io.StringIO()
    logs.configure(level, style, stream=out)
    log = logs.call_log("CA1")
    for note in notes:
        logs.write_note(log, note)
    return out.getvalue().splitlines()


def test_a_note_is_one_line_with_tag_sentence_numbers_and_call_id() -> None:
    (line,) = lines("console", BLOCKED)
    _, level, call, rest = line.split(maxsplit=3)
    assert (level, call) == ("INFO", "CA1")
    assert rest == "[BARGE-IN] BLOCKED greeting_lock=true barge_in_enabled=false response=R2"


def test_a_machine_reads_the_same() -> None:
    (line,) = lines("json", BLOCKED)
    record = json.loads(line)
    assert record.pop("at").endswith("Z")
    assert record == {
        "level": "info",
        "call": "CA1",
        "tag": "[BARGE-IN]",
        "event": "BLOCKED",
        "reason": "BLOCKED",
        "greeting_lock": True,
        "barge_in_enabled": False,
        "response": "R2",
    }


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_can_be_written_both_ways(reason: Reason) -> None:
    (line,) = lines("console", Note(reason, Level.INFO))
    assert line.endswith(f"{reason.tag} {reason.sentence}")
    assert json.loads(lines("json", Note(reason, Level.INFO))[0])["reason"] == reason.name


def test_the_level_decides_what_is_written() -> None:
    debug = Note(Reason.STALE_MARK, Level.DEBUG)
    assert lines("console", debug) == []
    assert len(lines("console", debug, level="DEBUG")) == 1


def test_evidence_may_use_any_name_and_value() -> None:
    numbers = {"event": 1, "call": "x y", "level": 0.12345, "at": "", "verdict": Verdict.ECHO}
    (line,) = lines("console", Note(Reason.RESUMED, Level.INFO, numbers))
    assert line.endswith('event_=1 call_="x y" level_=0.123 at_="" verdict=echo')


def test_a_secret_is_masked_wherever_it_stands() -> None:
    out = io.StringIO()
    logs.configure("INFO", "json", ['hun"ter2', "sk-1"], out)
    logging.getLogger("somewhere").warning("refused: %s", 'key hun"ter2')
    logs.call_log("CA1").info("connecting", url="wss://x/?k=sk-1")
    try:
        raise ValueError("bad key sk-1")
    except ValueError:
        logs.call_log("CA1").exception("failed")
    assert "ter2" not in out.getvalue()
    assert "sk-1" not in out.getvalue()
    assert out.getvalue().count(logs.MASK) == 4


def test_a_field_that_names_a_secret_is_masked_unless_it_counts() -> None:
    out = io.StringIO()
    logs.configure("INFO", "console", stream=out)
    logs.call_log("CA1").info("done", stream_token="abc", input_tokens=12)
    logging.getLogger("somewhere").info("foreign", extra={"api_key": "abc"})
    assert "abc" not in out.getvalue()
    assert "input_tokens=12" in out.getvalue()


def test_lines_of_libraries_look_like_ours() -> None:
    out = io.StringIO()
    logs.configure("INFO", "console", stream=out)
    logging.getLogger("some.library").warning("bound to %s", 8080)
    logging.getLogger("httpx").info("HTTP Request: GET ...")
    assert out.getvalue().splitlines()[0].endswith("WARNING bound to 8080")
    assert "HTTP Request" not in out.getvalue()
