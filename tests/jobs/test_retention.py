"""What is too old is removed with its files, and nothing else."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from jobs_scene import NOW, Works, book, business, call, open_store, settings

from torim.desk.messages import MessageRequest
from torim.jobs import retention
from torim.jobs.base import Kind
from torim.storage.files import call_files, note_file, notes_dir
from torim.storage.jobs import JobStatus, NewJob
from torim.storage.records import CallEnd
from torim.storage.store import Store

OLD = timedelta(days=91)


def file(path: Path, at: datetime) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def clean(store: Store, tmp_path: Path, at: datetime) -> Works:
    works = Works(store, settings(tmp_path))
    works.run()
    works.clock.at = at
    works.book.add([retention.daily(at)], at)
    works.run()
    return works


def test_after_ninety_days_words_and_files_go_and_counts_stay(store: Store, tmp_path: Path) -> None:
    call(store)
    made = book(store, name_note="note1")
    started = NOW - timedelta(seconds=65)
    files = call_files(tmp_path, "CA1", started)
    kept = [file(files.recording, NOW), file(files.timeline, NOW), file(note_file(notes_dir(tmp_path), "note1"), NOW)]
    clean(store, tmp_path, NOW + OLD - timedelta(days=2))
    assert all(path.exists() for path in kept) and store.turns("shaked", "CA1")
    works = clean(store, tmp_path, NOW + OLD)
    found = store.call("shaked", "CA1")
    assert found is not None and found.erased_at is not None
    assert (found.summary, found.from_number, store.turns("shaked", "CA1")) == (None, None, [])
    assert found.counts["barge_ins"] == 1 and found.outcome is not None
    assert not any(path.exists() for path in kept)
    stored = store.get("shaked", made.id)
    assert stored is not None and stored.name_note is None and stored.call_transcript is None
    assert not works.jobs(Kind.FOLLOW)  # jobs that are done are forgotten, too


def test_every_business_has_its_own_time(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/torim.db", business(retention_days=7))
    other = business(id="other", retention_days=200, numbers=())
    store.businesses.save(other, 0, NOW)
    call(store)
    clean(store, tmp_path, NOW + timedelta(days=8))
    assert store.turns("shaked", "CA1") == []
    store.close()


def test_open_messages_and_dead_jobs_wait_for_somebody(store: Store, tmp_path: Path) -> None:
    call(store, ended=False)
    for key in ("CA1/t1", "CA1/t2"):
        request = MessageRequest(business_id="shaked", text="Call me", idempotency_key=key, asked_at=NOW, call_id="CA1")
        message = store.leave_message(request)
    store.mark_done("shaked", message.id, NOW)
    works = Works(store, settings(tmp_path))
    works.book.add([NewJob("shaked", "webhook", "w", NOW)], NOW)
    (job,) = [job for job in works.book.claim(NOW, 9) if job.kind == "webhook"]
    works.book.bury(job, NOW, "gone")
    works = clean(store, tmp_path, NOW + OLD)
    assert len(store.messages("shaked")) == 1 and store.messages("shaked")[0].done_at is None
    assert len(works.jobs(status=JobStatus.DEAD)) == 1


def test_files_that_no_row_knows_go_last(store: Store, tmp_path: Path) -> None:
    at = NOW - timedelta(days=95)
    stray = file(call_files(tmp_path, "CAgone", at).timeline, at)
    young = file(call_files(tmp_path, "CAyoung", NOW).timeline, NOW)
    clean(store, tmp_path, NOW)
    assert not stray.exists() and not stray.parent.exists() and young.exists()


def test_it_is_asked_for_every_night_and_again_at_every_start(store: Store, tmp_path: Path) -> None:
    works = clean(store, tmp_path, NOW)
    after = [job for job in works.book.of_business(retention.INSTALLATION) if job.status is JobStatus.WAITING]
    assert [job.run_at for job in after] == [datetime(2026, 11, 23, 1, tzinfo=NOW.tzinfo)]
    works.service.start()
    works.service.stop()
    assert len(works.book.of_business(retention.INSTALLATION)) == 2


def test_doing_it_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    call(store)
    clean(store, tmp_path, NOW + OLD)
    first = store.call("shaked", "CA1")
    clean(store, tmp_path, NOW + OLD + timedelta(days=1))
    assert store.call("shaked", "CA1") == first
    store.write([CallEnd("CAunknown", NOW, first.end_reason, {})])  # type: ignore[union-attr, arg-type]
    assert store.call("shaked", "CAunknown") is None
