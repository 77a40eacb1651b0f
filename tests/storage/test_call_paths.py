"""Where the files of calls are: one rule for whoever writes and whoever reads them."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from torim.storage.files import call_files, note_file, notes_dir

DATA = Path("data")


def test_the_folder_is_the_day_of_the_stored_start_in_utc() -> None:
    late_evening = datetime(2026, 1, 5, 23, 59, 59, tzinfo=UTC)
    files = call_files(DATA, "CA1", late_evening)
    assert (files.timeline, files.recording) == (
        Path("data/calls/2026-01-05/CA1.call"),
        Path("data/calls/2026-01-05/CA1.wav"),
    )
    assert call_files(DATA, "CA1", late_evening.astimezone(timezone(timedelta(hours=2)))) == files


def test_a_voice_note_is_found_by_the_id_that_an_appointment_holds() -> None:
    assert note_file(notes_dir(DATA), "CA1-0badcafe") == Path("data/voice_notes/CA1-0badcafe.wav")
