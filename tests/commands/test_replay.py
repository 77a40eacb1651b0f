"""Replaying a timeline: the same decisions pass, other decisions are shown and fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from torim import cli

GREETING = """\
# barge_in_enabled: true
# greeting_lock: false
     0  carrier started
   300  engine  ready
   700  engine  created R1 key=r1
   720  engine  audio R1 3000ms item=I1
   750  engine  audio_done R1 item=I1
"""
CUT_IN = "  1500  caller  voice_sure audio_ms=1500\n"


def replay(tmp_path: Path, text: str, *options: str) -> int:
    file = tmp_path / "one.call"
    file.write_text(text, encoding="utf-8")
    return cli.main(["replay", str(file), *options])


def record(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> str:
    """The timeline as Torim itself would have written it: what happened and what it did."""
    assert replay(tmp_path, text, "--events") == cli.OK
    head = "".join(line + "\n" for line in text.splitlines() if line.startswith("#"))
    return head + capsys.readouterr().out


def test_events_alone_show_what_this_code_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(tmp_path, GREETING + CUT_IN) == cli.OK
    shown = capsys.readouterr().out
    assert "1500  torim   cancel R1" in shown
    assert "voice_sure" not in shown


def test_the_same_decisions_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = record(tmp_path, capsys, GREETING + CUT_IN)
    assert replay(tmp_path, written) == cli.OK
    assert "The same" in capsys.readouterr().out


def test_another_decision_is_shown_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = record(tmp_path, capsys, GREETING + CUT_IN)
    assert replay(tmp_path, written.replace("torim   cancel R1", "torim   cancel R7")) == cli.FAILED
    shown = capsys.readouterr().out
    assert "-cancel R7" in shown
    assert "+cancel R1" in shown


def test_the_head_says_what_was_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forbidden = GREETING.replace("barge_in_enabled: true", "barge_in_enabled: false")
    assert replay(tmp_path, forbidden + CUT_IN) == cli.OK
    shown = capsys.readouterr().out
    assert "BLOCKED" in shown
    assert "cancel R1" not in shown


@pytest.mark.parametrize(
    ("text", "code"), [("what is this", cli.FAILED), ("# greeting_lock: perhaps\n", cli.USAGE), ("", cli.OK)]
)
def test_a_file_of_another_kind_is_refused_with_advice(tmp_path: Path, text: str, code: int) -> None:
    assert replay(tmp_path, text) == code


def test_a_missing_file_is_a_usage_mistake(tmp_path: Path) -> None:
    assert cli.main(["replay", str(tmp_path / "none.call")]) == cli.USAGE
