"""`torim accounts` and `torim caller`: people are let in, a caller's data leaves or goes."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from torim.cli import FAILED, OK, USAGE, main
from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.storage.access import AccessStore
from torim.storage.files import call_files
from torim.storage.records import CallEnd, CallStart
from torim.storage.store import Store
from torim.web.passwords import fits, hash_password, hash_token

STARTED = datetime(2027, 1, 10, 8, tzinfo=UTC)
NUMBER = "+972501234567"
EMAIL = "dana@torim.example"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run one command on a database of its own; gives the exit code and what it said."""
    monkeypatch.setenv("TORIM_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("TORIM_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[int, str]:
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out + said.err

    return command


def opened(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'torim.db'}")


def test_somebody_is_let_in_and_chooses_a_password(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, said = run("accounts", "add", EMAIL, "--name", "Dana")
    assert code == OK
    token = re.search(r"#token=(\S+)", said)
    assert token is not None
    access = AccessStore(opened(tmp_path).database)
    now = datetime.now(UTC)
    account = access.set_password_by_link(hash_token(token[1]), hash_password("a good password"), now)
    assert fits(account.password_hash, "a good password") and set(account.roles.values()) == {"owner"}
    assert run("accounts", "list")[1].startswith(f"{EMAIL}  Dana  owner of ")
    assert run("accounts", "disable", EMAIL)[0] == OK and "(disabled)" in run("accounts", "list")[1]
    assert run("accounts", "enable", EMAIL)[0] == OK and "(active)" in run("accounts", "list")[1]
    assert "/password#token=" in run("accounts", "link", EMAIL)[1]
    assert run("accounts", "link", "nobody@torim.example")[0] == FAILED
    assert run("accounts", "first-run")[0] == FAILED


def test_the_first_account_can_be_made_from_the_command_line(run) -> None:  # type: ignore[no-untyped-def]
    assert "no account yet" in run("accounts", "list")[1]
    code, said = run("accounts", "first-run")
    assert code == OK and re.search(r"http://127\.0\.0\.1:8080/welcome#token=\S{43}$", said.strip())


def test_a_callers_data_is_written_to_a_file_and_removed_when_it_is_confirmed(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("accounts", "add", EMAIL)  # also brings the business into the database
    store = opened(tmp_path)
    (record,) = store.businesses.all()
    store.start_call(CallStart("CA1", record.id, "twilio", "embedded", STARTED, NUMBER))
    store.put_turns("CA1", [Turn(Speaker.CALLER, 0, 900, "Hello", "Hello", item_id="u1")])
    store.finish_call(CallEnd("CA1", STARTED + timedelta(seconds=9), EndReason.CALLER_HUNG_UP))
    recording = call_files(tmp_path, "CA1", STARTED).recording
    recording.parent.mkdir(parents=True)
    recording.write_bytes(b"RIFF")

    out = tmp_path / "dana.zip"
    code, said = run("caller", "export", "050-123-4567", "--out", str(out))
    assert code == OK and "1 calls" in said
    data = json.loads(zipfile.ZipFile(out).read("data.json"))
    assert data["calls"][0]["turns"][0]["text"] == "Hello"

    code, said = run("caller", "erase", NUMBER)
    assert code == OK and "nothing was removed" in said and recording.exists()
    code, said = run("caller", "erase", NUMBER, "--yes")
    assert code == OK and "what was said in 1 calls" in said
    assert not recording.exists() and store.turns(record.id, "CA1") == []
    assert run("caller", "erase", "12", "--yes")[0] == USAGE
    assert run("caller", "--business", "unknown", "erase", NUMBER)[0] == USAGE
