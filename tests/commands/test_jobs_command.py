"""Jobs that were given up are seen by the operator, and can be tried again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from torim import cli
from torim.desk.business import load_business
from torim.storage.jobs import JobBook, JobStatus, NewJob
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobBook:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORIM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TORIM_PORT", "0")
    monkeypatch.setenv("TORIM_MEDIA_PORT", "0")
    store = Store(f"sqlite:///{tmp_path}/torim.db")
    store.upgrade()
    store.businesses.adopt(load_business(), NOW)
    made = JobBook(store.database)
    made.add([NewJob("shaked", "webhook", "w1", NOW), NewJob("shaked", "email", "e1", NOW)], NOW)
    return made


def given_up(book: JobBook) -> str:
    job = next(job for job in book.claim(NOW, 5) if job.kind == "webhook")
    assert book.bury(job, NOW, "https://example.com answered 410: gone")
    return job.id


def test_the_doctor_warns_of_jobs_that_were_given_up(book: JobBook, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor"])
    assert "2 waiting, none given up" in capsys.readouterr().out
    given_up(book)
    cli.main(["doctor"])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if " jobs " in line]
    assert line.startswith("warn") and "1 were given up" in line


def test_they_are_listed_with_the_reason_and_tried_again(book: JobBook, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["jobs"]) == cli.OK
    assert capsys.readouterr().out == "No job was given up.\n"
    job_id = given_up(book)
    assert cli.main(["jobs"]) == cli.OK
    shown = capsys.readouterr().out
    assert job_id in shown and "answered 410: gone" in shown and shown.count("\n") == 1
    assert cli.main(["jobs", "--retry", job_id]) == cli.OK
    assert cli.main(["jobs", "--retry", job_id]) == cli.FAILED
    assert "jobs.not_dead" in capsys.readouterr().err
    assert JobStatus.DEAD not in book.counts()
    assert cli.main(["jobs", "--all"]) == cli.OK
    assert capsys.readouterr().out.count("\n") == 2
