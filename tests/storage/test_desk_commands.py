"""`torim db` and `torim appointments`, as an owner types them."""

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from storage_scene import at, call_start, request, turn

from torim.cli import main
from torim.core.events import EndReason
from torim.storage.records import CallEnd
from torim.storage.schema import HEAD
from torim.storage.store import Store

Run = Callable[..., list[str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty directory and return the lines that it printed."""
    monkeypatch.chdir(tmp_path)
    for name in ("TORIM_CONFIG", "TORIM_DATA_DIR", "TORIM_DATABASE_URL", "TORIM_BUSINESS_FILE"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str, code: int = 0) -> list[str]:
        assert main(arguments) == code
        printed = capsys.readouterr()
        return (printed.out + printed.err).splitlines()

    return command


def book_some(url: str) -> None:
    store = Store(url)
    store.upgrade()
    store.start_call(call_start("CA1", "shaked"))
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    times = {"starts_at": tomorrow, "ends_at": tomorrow + timedelta(minutes=30)}
    store.book(request(business_id="shaked", contact_name="דנה לוי", contact_phone="+972501234567", **times))
    past = at(-30 * 24 * 60 * 30)
    store.book(request("CA2", business_id="shaked", name_note="n1", service_id="gone", **past))
    store.finish_call(CallEnd("CA1", tomorrow, EndReason.GOODBYE, {}, "נקבע תור.", "0:00 מתקשר: שלום"))
    store.put_turns("CA2", [turn("never finished")])
    store.close()


def test_upgrade_creates_the_database_in_the_data_directory(run: Run, tmp_path: Path) -> None:
    assert run("db", "upgrade") == [f"The database is at revision {HEAD}."]
    assert (tmp_path / "data" / "torim.db").exists()


def test_backup_copies_it(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade")
    (line,) = run("db", "backup", "copy.db")
    assert line.startswith("Wrote copy.db (")
    assert (tmp_path / "copy.db").exists()


def test_backup_of_nothing_is_advice(run: Run) -> None:
    (line,) = run("db", "backup", "copy.db", code=1)
    assert "There is no database at data/torim.db yet" in line


def test_an_empty_book_says_so(run: Run) -> None:
    assert run("appointments") == ["No appointments. `--all` also shows those that are over."]


def test_the_table_shows_what_comes(run: Run, tmp_path: Path) -> None:
    book_some(f"sqlite:///{tmp_path}/data/torim.db")
    heading, row = run("appointments")
    assert heading.split() == ["WHEN", "SERVICE", "NAME", "PHONE", "STATUS", "ID"]
    assert "\u2068תספורת\u2069" in row
    assert "\u2068דנה לוי\u2069" in row
    assert "+972501234567" in row
    isolates = str.maketrans("", "", "\u2068\u2069")
    assert row.translate(isolates).index("+972") == heading.index("PHONE")


def test_all_shows_the_past_and_services_that_are_gone(run: Run, tmp_path: Path) -> None:
    book_some(f"sqlite:///{tmp_path}/data/torim.db")
    _, past, _ = run("appointments", "--all")
    assert "gone" in past
    assert "voice note n1" in past


def test_transcripts_are_shown_even_of_calls_that_never_ended(run: Run, tmp_path: Path) -> None:
    book_some(f"sqlite:///{tmp_path}/data/torim.db")
    printed = "\n".join(run("appointments", "--all", "--transcript"))
    assert "\u2068נקבע תור.\u2069" in printed
    assert "\u20680:00 מתקשר: שלום\u2069" in printed
    assert "never finished" in printed


def test_json_is_for_programs(run: Run, tmp_path: Path) -> None:
    book_some(f"sqlite:///{tmp_path}/data/torim.db")
    (row,) = json.loads("\n".join(run("appointments", "--json")))
    assert row["contact_name"] == "דנה לוי"
    assert row["service"] == "תספורת"
    assert row["call_transcript"] == "0:00 מתקשר: שלום"
    assert row["starts_at"].endswith("+00:00")


def test_a_terminal_without_hebrew_does_not_break_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book_some(f"sqlite:///{tmp_path}/data/torim.db")
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="ascii"))
    assert main(["appointments"]) == 0
    sys.stdout.flush()
    assert b"+972501234567" in printed.getvalue()
