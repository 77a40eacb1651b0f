"""What is filed of a call: words that were heard, and facts."""

from typing import Any

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.report import readable_transcript

TURNS = [
    Turn(Speaker.AI, 0, 2_000, "Hello, how can I help?", "Hello, how can I help?"),
    Turn(Speaker.CALLER, 2_500, 4_000, "A haircut\non Tuesday", "A haircut\non Tuesday"),
    Turn(Speaker.AI, 5_000, 7_000, "I can offer Tuesday at nine", "I can offer", "Tuesday at nine", interrupted=True),
    Turn(Speaker.CALLER, 7_100, 8_000, "", ""),
    Turn(Speaker.AI, 9_000, 9_000, "Never mind", "", "Never mind"),
    Turn(Speaker.CALLER, 65_000, 66_000, "ביי", "ביי"),
]


def test_f38_the_transcript_holds_what_was_heard_and_nothing_else() -> None:
    assert readable_transcript(TURNS, "en").splitlines() == [
        "0:00 Receptionist: Hello, how can I help?",
        "0:02 Caller: A haircut on Tuesday",
        "0:05 Receptionist: I can offer —",
        "0:07 Caller: (not transcribed)",
        "1:05 Caller: ביי",
    ]


def test_a_hebrew_transcript_has_hebrew_speakers() -> None:
    assert readable_transcript(TURNS[-1:], "he") == "1:05 מתקשר: ביי"


def test_the_report_of_a_call_that_booked(desk: Any) -> None:
    desk.ask("book_appointment", {"slot_id": "20261124T0830Z", "service_id": "haircut"})
    report = desk.receptionist.report("CA1", TURNS, 2, EndReason.GOODBYE, "en")
    assert report.summary == "Booked haircut for Tuesday 24.11.2026, 10:30; 2 barge-ins; ended: goodbye was said."
    assert report.transcript == readable_transcript(TURNS, "en")
    hebrew = desk.receptionist.report("CA1", TURNS, 1, EndReason.CALLER_HUNG_UP, "he").summary
    assert hebrew == (
        "נקבע תור: תספורת, יום שלישי 24.11.2026 בשעה 10:30; התפרצות אחת לדברי הפקידה; סיום השיחה: המתקשר ניתק."
    )


def test_the_report_of_a_call_that_did_not(desk: Any) -> None:
    summary = desk.receptionist.report("CA1", [], 0, EndReason.CALLER_SILENT, "en").summary
    assert summary == "No appointment was made; ended: the caller was silent."


def test_every_end_has_words_in_every_language(desk: Any) -> None:
    for language in ("he", "en"):
        for reason in EndReason:
            assert desk.receptionist.report("CA1", [], 3, reason, language).summary
