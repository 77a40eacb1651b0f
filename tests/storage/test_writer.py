"""The writer thread: in order, in batches, through every outage, never in the caller's way."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import pytest
from storage_scene import TEN, call_start, request, turn

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.errors import StorageError
from torim.storage import writer as module
from torim.storage.records import CallEnd, Record, TimelineLine, TurnsSoFar
from torim.storage.store import Store
from torim.storage.writer import Report, Trouble, Writer

NEVER_S, SOON_S = 3600.0, 20.0


class Recorder:
    """A sink that keeps batches, and can be told to refuse."""

    def __init__(self) -> None:
        self.batches: list[list[Record]] = []
        self.refusal: StorageError | None = None
        self.refused = threading.Event()

    def write(self, records: Sequence[Record]) -> None:
        if self.refusal is not None:
            self.refused.set()
            raise self.refusal
        self.batches.append(list(records))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def reports() -> list[Report]:
    return []


@pytest.fixture
def writing(recorder: Recorder, reports: list[Report]) -> Iterator[Writer]:
    thread = Writer(recorder, reports.append, flush_every_s=NEVER_S)
    yield thread
    recorder.refusal = None
    thread.close()


def lines(recorder: Recorder) -> list[str]:
    return [record.line for batch in recorder.batches for record in batch if isinstance(record, TimelineLine)]


def test_a_whole_call_goes_to_the_database(store: Store) -> None:
    writer = Writer(store)
    writer.start_call(call_start())
    writer.put_line("CA1", 20, "20 caller voice_sure")
    said = [turn("שלום"), turn("hello there", 900, Speaker.AI)]
    writer.put_turns("CA1", said)
    assert writer.flush(SOON_S)
    store.book(request())
    end = CallEnd("CA1", TEN, EndReason.GOODBYE, {"barge_ins": 2}, "Booked.", "0:00 Caller: שלום")
    writer.finish_call(end)
    assert writer.close() == 0
    stored = store.call("salon", "CA1")
    assert stored is not None
    assert (stored.carrier, stored.from_number, stored.end_reason) == ("twilio", "+972501234567", EndReason.GOODBYE)
    assert (stored.counts, stored.summary) == ({"barge_ins": 2}, "Booked.")
    assert store.turns("salon", "CA1") == said
    assert store.timeline("salon", "CA1") == [TimelineLine("CA1", 20, "20 caller voice_sure")]
    (made,) = store.appointments("salon")
    assert (made.call_summary, made.call_transcript) == ("Booked.", "0:00 Caller: שלום")
    assert store.call("clinic", "CA1") is None
    assert store.turns("clinic", "CA1") == store.timeline("clinic", "CA1") == []


def test_a_booking_may_come_before_its_calls_first_record(store: Store) -> None:
    store.book(request())
    store.start_call(call_start())
    (stored,) = store.calls("salon")
    assert (stored.call_id, stored.carrier) == ("CA1", "twilio")


def test_order_is_kept_and_batches_are_bounded(writing: Writer, recorder: Recorder) -> None:
    for n in range(1050):
        writing.put_line("CA1", n, str(n))
    assert writing.flush(SOON_S)
    assert lines(recorder) == [str(n) for n in range(1050)]
    assert max(map(len, recorder.batches)) == module.BATCH_RECORDS


def test_records_are_written_without_being_asked() -> None:
    written = threading.Event()

    class Telling(Recorder):
        def write(self, records: Sequence[Record]) -> None:
            written.set()

    thread = Writer(Telling(), flush_every_s=0.01)
    thread.put_line("CA1", 0, "a")
    assert written.wait(SOON_S)
    thread.close()


def test_only_what_is_new_of_a_transcript_is_written(writing: Writer, recorder: Recorder) -> None:
    first, second, third = turn("a"), turn("b", 1000), turn("c", 2000)
    writing.put_turns("CA1", [first])
    writing.put_turns("CA1", [first, second])  # replaces the line before it in the same batch
    writing.flush(SOON_S)
    writing.put_turns("CA1", [first, second, third])
    writing.flush(SOON_S)
    writing.put_turns("CA1", [first, second, third])  # nothing new
    writing.flush(SOON_S)
    corrected = replace(second, text="B", heard_text="B")
    writing.put_turns("CA1", [first, corrected])
    writing.flush(SOON_S)
    assert [batch for batch in recorder.batches if batch] == [
        [TurnsSoFar("CA1", (first, second), 0)],
        [TurnsSoFar("CA1", (third,), 2)],
        [TurnsSoFar("CA1", (corrected,), 1)],
    ]


@pytest.mark.parametrize(
    "states",
    [
        [["a"], ["a", "b"], ["a", "b", "c"]],
        [["a", "b", "c"], ["a"]],
        [["a", "b"], ["x", "b"], []],
        [["a"], [], ["b", "c"]],
    ],
)
def test_the_database_follows_the_transcript(store: Store, states: list[list[str]]) -> None:
    writer = Writer(store, flush_every_s=NEVER_S)
    writer.start_call(call_start())
    for state in states:
        turns: list[Turn] = [turn(text, 1000 * n) for n, text in enumerate(state)]
        writer.put_turns("CA1", turns)
        assert writer.flush(SOON_S)
        assert store.turns("salon", "CA1") == turns
    writer.close()


def test_an_outage_is_reported_once_and_nothing_is_lost(
    writing: Writer, recorder: Recorder, reports: list[Report]
) -> None:
    recorder.refusal = StorageError("full", code="storage.full")
    for n in range(250):
        writing.put_line("CA1", n, str(n))
    assert not writing.flush(0.0)
    assert recorder.refused.wait(SOON_S)
    recorder.refusal = None
    assert writing.flush(SOON_S)
    assert lines(recorder) == [str(n) for n in range(250)]
    assert [report.trouble for report in reports] == [Trouble.RETRYING, Trouble.RECOVERED]
    assert reports[0].error is not None
    assert reports[0].error.code == "storage.full"


def test_one_bad_record_does_not_stop_the_others(store: Store, reports: list[Report]) -> None:
    writer = Writer(store, reports.append, flush_every_s=NEVER_S)
    writer.start_call(call_start())
    writer.put_line("nobody", 0, "no such call")
    writer.put_line("CA1", 2**70, "far too late")
    writer.put_line("CA1", 1, "\ud800")
    writer.put_line("CA1", 2, "good")
    assert writer.close() == 0
    assert [line.line for line in store.timeline("salon", "CA1")] == ["good"]
    codes = [report.error.code for report in reports if report.error]
    assert codes == ["storage.constraint", "storage.bad_record", "storage.bad_record"]
    assert {report.trouble for report in reports} == {Trouble.DROPPED}


def test_close_gives_up_in_time_and_says_how_much_was_lost(recorder: Recorder, reports: list[Report]) -> None:
    recorder.refusal = StorageError("full", code="storage.full")
    thread = Writer(recorder, reports.append, flush_every_s=NEVER_S)
    for n in range(150):
        thread.put_line("CA1", n, str(n))
    assert thread.close(timeout_s=0.05) == 150
    assert (reports[-1].trouble, reports[-1].records) == (Trouble.DROPPED, 150)
    thread.put_line("CA1", 0, "too late")
    assert reports[-1] == Report(Trouble.DROPPED, 1)


def test_a_locked_database_holds_nobody_up_and_is_written_later(url: str, pragma: Callable[[str], None]) -> None:
    pragma("busy_timeout = 20")
    store = Store(url)
    store.upgrade()
    reports: list[Report] = []
    told = threading.Event()

    def report(news: Report) -> None:
        reports.append(news)
        told.set()

    writer = Writer(store, report, flush_every_s=NEVER_S)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writer.start_call(call_start())
        assert not writer.flush(0.0)
        assert told.wait(SOON_S)
        other.execute("ROLLBACK")
    assert writer.flush(SOON_S)
    assert store.call("salon", "CA1") is not None
    assert [news.trouble for news in reports] == [Trouble.RETRYING, Trouble.RECOVERED]
    writer.close()
    store.close()


def test_a_flood_is_refused_line_by_line(
    recorder: Recorder, reports: list[Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKLOG_RECORDS", 10)
    thread = Writer(recorder, reports.append, flush_every_s=NEVER_S)
    for n in range(15):
        thread.put_line("CA1", n, str(n))
    thread.put_turns("CA1", [turn("kept")])
    assert thread.close() == 0
    assert len(lines(recorder)) == 10
    assert any(isinstance(record, TurnsSoFar) for batch in recorder.batches for record in batch)
    assert reports == [Report(Trouble.DROPPED, 5)]
