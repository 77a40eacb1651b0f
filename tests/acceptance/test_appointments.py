"""A caller books, moves and cancels over the telephone; what is stored afterwards is exactly what happened.

By keys on the embedded engine, and by function calls on the scripted double, which plays a model that books, is cut
off while it confirms, and calls the tool once more.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from telephone_scene import BUSINESS, Called, Model, Move, Office, call, lines, office, say_it

from torim.desk import english
from torim.desk.book import Appointment
from torim.desk.slots import starts_at
from torim.engines.script import calls_tool, says

pytestmark = pytest.mark.timeout(300)

GREETING = "Hello, you've reached Shaked Hair Studio. This is the automated receptionist. How can I help you?"
GOODBYE = "Thank you for calling Shaked Hair Studio. Goodbye!"


def when(made: Appointment) -> str:
    return english.when(made.starts_at.astimezone(BUSINESS.zone))


def booking() -> tuple[Model, dict[str, Any]]:
    """A model that finds a time, books it, is asked again while it confirms, and books it once more."""
    chosen: dict[str, Any] = {}

    def offer(output: Any) -> Any:
        chosen.update(slot_id=output["slots"][0]["id"], as_wished=output["as_wished"])
        return says(f"{output['spoken']} Shall I book it?")

    def book(output: Any) -> Any:
        arguments = {"slot_id": chosen["slot_id"], "service_id": "haircut", "name": "Dana"}
        return calls_tool("book_appointment", arguments)

    moves: tuple[Move, ...] = (
        call("find_slots", service_id="haircut", wish="A haircut on Tuesday at half past ten please."),
        offer,
        book,
        say_it(" We look forward to seeing you, and please remember to come five minutes early.", audio_ms=12_000),
        book,
        say_it(),
        call("end_call"),
    )
    return Model(*moves), chosen


def moving() -> Model:
    known: dict[str, str] = {}

    def find(output: Any) -> Any:
        (found,) = output["appointments"]
        known["appointment_id"] = found["id"]
        wish = {"service_id": found["service_id"], "wish": "to Thursday afternoon"}
        return calls_tool("find_slots", wish)

    def offer(output: Any) -> Any:
        known["slot_id"] = output["slots"][0]["id"]
        return says(f"{output['spoken']} Shall I take the first?")

    return Model(
        call("list_appointments"),
        find,
        offer,
        lambda output: calls_tool("reschedule_appointment", known),
        say_it(),
    )


def cancelling() -> Model:
    def cancel(output: Any) -> Any:
        found = output["appointments"]
        return calls_tool("cancel_appointment", {"appointment_id": found[0]["id"]}) if found else says(output["spoken"])

    return Model(call("list_appointments"), cancel, say_it())


def test_by_function_calls(tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path, "scripted") as desk:
            model, chosen = booking()
            booked = await desk.call("book_by_voice", model)
            assert booked.failures == []
            (made,) = desk.appointments()  # the tool ran twice
            assert (made.status, made.service_id, made.contact_name) == ("booked", "haircut", "Dana")
            assert (made.contact_phone, made.call_id) == ("+972501234567", booked.call_id)
            assert made.starts_at == starts_at(chosen["slot_id"])
            local = made.starts_at.astimezone(BUSINESS.zone)
            assert not chosen["as_wished"] or (local.weekday(), local.hour, local.minute) == (1, 10, 30)
            check_words(booked.transcript, made)
            assert made.call_transcript == booked.transcript
            assert made.call_summary == booked.summary
            assert "haircut" in booked.summary
            told = await read_back(desk, booked, made)
            assert (made.contact_name, told["outcome"], told["end_reason"]) == ("Dana", "booked", "goodbye")
            assert told["barge_in_count"] == 1 and told["stop_ms_max"] <= 150

            moved = await desk.call("move_by_voice", moving())
            assert moved.failures == []
            (later,) = desk.appointments()
            assert (later.id, later.contact_name, later.status) == (made.id, "Dana", "booked")
            assert later.starts_at != made.starts_at
            assert later.starts_at.astimezone(BUSINESS.zone).hour >= 12
            assert lines(moved.transcript)[-1] == (
                f"Receptionist: Your appointment has been moved: haircut, {when(later)}."
            )

            stranger = await desk.call("cancel_of_somebody_else", cancelling())
            assert lines(stranger.transcript)[-1] == ("Receptionist: I can't find an appointment under your number.")
            assert [found.status for found in desk.appointments()] == ["booked"]

            cancelled = await desk.call("cancel_by_voice", cancelling())
            assert lines(cancelled.transcript)[-1] == (
                f"Receptionist: Your appointment has been cancelled: haircut, {when(later)}."
            )
            assert [found.status for found in desk.appointments()] == ["cancelled"]

    asyncio.run(scene())


async def read_back(desk: Office, booked: Called, made: Appointment) -> dict[str, Any]:
    """The owner reads the same over the API: the appointment, what was heard of each turn, and the summary."""
    async with desk.api() as client:
        (listed,) = (await client.get("/api/v1/appointments")).json()["items"]
        told: dict[str, Any] = (await client.get(f"/api/v1/calls/{booked.call_id}")).json()
    assert (listed["id"], listed["contact_name"], listed["call_id"]) == (made.id, made.contact_name, booked.call_id)
    assert datetime.fromisoformat(listed["starts_at"]) == made.starts_at
    assert (listed["call_summary"], listed["call_transcript"]) == (booked.summary, booked.transcript)
    assert (told["outcome"], told["summary"]) == ("booked", booked.summary)
    assert [(turn["speaker"], turn["heard_text"], turn["unheard_text"]) for turn in told["turns"]] == [
        (turn.speaker.value, turn.heard_text, turn.unheard_text) for turn in booked.turns
    ]
    assert [appointment["id"] for appointment in told["appointments"]] == [made.id]
    return told


def check_words(transcript: str, made: Appointment) -> None:
    """Word by word what was said and heard; the confirmation only as far as the caller let it come."""
    confirmed = f"Your appointment is booked: haircut, {when(made)}."
    said = lines(transcript)
    assert said[0] == f"Receptionist: {GREETING}"
    assert said[1] == "Caller: A haircut on Tuesday at half past ten please."
    assert said[2].startswith("Receptionist: I") and said[2].endswith("Shall I book it?")
    assert said[3] == "Caller: Yes please for Dana."
    heard = said[4].removeprefix("Receptionist: ").removesuffix(" \u2014")
    assert said[4].endswith(" \u2014") and heard and confirmed.startswith(heard)
    assert said[5] == "Caller: Sorry what time was that again?"
    assert said[6:] == [f"Receptionist: {confirmed}", "Caller: Thank you goodbye.", f"Receptionist: {GOODBYE}"]


def test_by_keys(tmp_path: Path) -> None:
    async def scene() -> None:
        async with office(tmp_path, "embedded") as desk:
            booked = await desk.call("book_by_keys")
            assert booked.failures == []
            (made,) = desk.appointments()
            assert (made.status, made.service_id, made.call_id) == ("booked", "haircut", booked.call_id)
            assert (made.contact_phone, bool(made.name_note)) == ("+972501234567", True)
            done = f"Receptionist: Your appointment is booked: haircut, {when(made)}."
            assert lines(booked.transcript)[-1].startswith(done)
            assert [line for line in lines(booked.transcript) if "[dtmf]" in line] == [
                f"Caller: [dtmf] {key}" for key in "1121#"
            ]
            assert made.call_transcript == booked.transcript
            assert "haircut" in str(booked.summary)
            await read_back(desk, booked, made)

            moved = await desk.call("move_by_keys")
            assert moved.failures == []
            (later,) = desk.appointments()
            assert (later.id, later.status, later.name_note) == (made.id, "booked", made.name_note)
            assert later.starts_at != made.starts_at
            done = f"Receptionist: Your appointment has been moved: haircut, {when(later)}."
            assert lines(moved.transcript)[-1].startswith(done)

            cancelled = await desk.call("cancel_by_keys")
            assert cancelled.failures == []
            done = f"Receptionist: Your appointment has been cancelled: haircut, {when(later)}."
            assert lines(cancelled.transcript)[-1].startswith(done)
            assert [found.status for found in desk.appointments()] == ["cancelled"]

    asyncio.run(scene())
