"""The pages behind the desk: what was given up, calendars elsewhere, spoken messages, and a summary written again."""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from installation import Installation, Person
from playwright.sync_api import Browser, expect

from torim.core.events import EndReason
from torim.desk.messages import MessageRequest
from torim.storage.files import note_file, notes_dir
from torim.storage.jobs import JobBook, NewJob
from torim.storage.records import CallEnd, CallStart
from torim.storage.store import Store

pytestmark = pytest.mark.timeout(400)
CALL, NOTE = "CAdesk", "CAdesk-0a1b2c3d"
NOTE_S = 5


@contextlib.contextmanager
def opened(shop: Installation) -> Iterator[Store]:
    store = Store(f"sqlite:///{shop.folder / 'torim.db'}")
    try:
        yield store
    finally:
        store.close()


def give_up(shop: Installation, kind: str, subject: str, payload: dict[str, Any], why: str) -> None:
    """A job that is due in a week, so that nobody but this scene ever takes it, and that has failed for good."""
    now, key = datetime.now(UTC), f"{kind}-{subject}"
    with opened(shop) as store:
        book = JobBook(store.database)
        book.add([NewJob("shaked", kind, key, now + timedelta(days=7), subject, payload)], now)
        taken = book.begin(next(job.id for job in book.of_business("shaked") if job.key == key))
        assert taken is not None and book.bury(taken, now, why)


@pytest.fixture(scope="module")
def called(shop: Installation) -> str:
    """A call that is over, in which a message was spoken."""
    began = datetime.now(UTC) - timedelta(minutes=3)
    file = note_file(notes_dir(shop.folder), NOTE)
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as note:
        note.setnchannels(1)
        note.setsampwidth(2)
        note.setframerate(8000)
        note.writeframes(bytes(2 * 8000 * NOTE_S))
    over = CallEnd(CALL, began + timedelta(minutes=1), EndReason.CALLER_HUNG_UP, {"duration_ms": 60_000})
    text = f"הודעה קולית [{NOTE}]"
    with opened(shop) as store:
        store.start_call(CallStart(CALL, "shaked", "twilio", "embedded", began, "+972522223344"))
        store.finish_call(over)
        store.leave_message(
            MessageRequest(business_id="shaked", text=text, idempotency_key="note", asked_at=began, call_id=CALL)
        )
    return CALL


def test_what_was_given_up_is_seen_on_the_first_page_and_tried_again(owner: Person, shop: Installation) -> None:
    give_up(shop, "webhook", CALL, {"event": "call.ended"}, "hooks.example.com answered 500")
    give_up(shop, "sms", "a1", {"notice": "booked", "to": "customer"}, "Twilio refused the text message (21211)")
    page = owner.open("/")
    page.get_by_role("link", name="שני דברים לא יצאו לפועל").click()
    rows = page.get_by_role("list", name="סיכומים והודעות יוצאות").get_by_role("listitem")
    expect(rows).to_have_count(2)
    text = rows.filter(has_text="SMS ללקוח על קביעת תור")
    expect(text).to_contain_text("כדאי לבדוק את המספר ואת החשבון ב-Twilio")
    expect(text).to_contain_text("Twilio refused the text message (21211)")
    expect(text.get_by_role("link", name="לתור")).to_have_attribute("href", "/calendar?appointment=a1")
    expect(rows.filter(has_text="עדכון לתוכנה אחרת").get_by_role("link", name="לשיחה")).to_be_visible()
    text.get_by_role("button", name="ניסיון נוסף").click()
    expect(page.get_by_text("מנסים שוב.").first).to_be_visible()
    expect(rows).to_have_count(1)
    assert [job["kind"] for job in owner.api("GET", "/jobs?status=dead")["items"]] == ["webhook"]


def test_staff_see_what_was_given_up_and_change_their_password(browser: Browser, shop: Installation) -> None:
    shop.add_person("noa@shaked.example", {"shaked": "staff"}, name="Noa")
    give_up(shop, "email", "m1", {"notice": "message", "to": "owner"}, "mail.example.com does not accept the password")
    person = Person(browser, shop)
    person.log_in("noa@shaked.example")
    page = person.open("/settings/work")
    row = page.get_by_role("listitem").filter(has_text="דואר אלקטרוני לבעלי העסק")
    expect(row).to_contain_text("בעלי העסק יכולים לנסות שוב.")
    expect(row).not_to_contain_text("mail.example.com")
    page.get_by_role("radiogroup").get_by_text("בוצע").click()
    expect(row).to_have_count(0)
    page.get_by_role("link", name="החשבון שלי").click()
    expect(page.get_by_label("הסיסמה הנוכחית")).to_be_enabled()
    assert person.complaints == [] and person.foreign == []
    person.close()


def test_a_spoken_message_is_heard_and_a_summary_is_written_again(owner: Person, called: str) -> None:
    page = owner.open("/messages")
    message = page.get_by_role("article")
    expect(message).to_contain_text("הודעה קולית")
    expect(message).not_to_contain_text(NOTE)
    listen = message.get_by_role("button", name="האזנה להודעה")
    listen.click()
    expect(listen).to_have_attribute("aria-pressed", "true")
    expect(listen).to_have_attribute("aria-pressed", "false")  # it was heard to its end

    message.get_by_role("link", name="לשיחה").click()
    expect(page.get_by_text("הודעות שהושארו בשיחה")).to_be_visible()
    page.get_by_role("button", name="כתיבה מחדש").click()
    expect(page.get_by_text("הסיכום נכתב מחדש")).to_be_visible()
    assert owner.api("GET", f"/calls/{called}")["summary"]
    expect(page.get_by_text(owner.api("GET", f"/calls/{called}")["summary"])).to_be_visible()


def test_a_calendar_elsewhere_is_linked_and_its_page_says_that_it_is_not_read(owner: Person) -> None:
    before = owner.api("GET", "/business")["settings"]
    staff = [{"id": "dana", "name": {"he": "דנה", "en": "Dana"}}]
    owner.api("PUT", "/business", before | {"staff": staff})
    page = owner.open("/business/calendars")
    page.get_by_label("היומן של דנה").fill("https://localhost/dana.ics")
    page.get_by_role("button", name="שמירה").click()
    expect(page.get_by_text("ההגדרות נשמרו").first).to_be_visible()
    state = page.locator("[data-reading]")
    expect(state).to_have_count(1)
    expect(page.locator("[data-reading='lost']")).to_contain_text("לא מוצעים כאן תורים", timeout=90_000)
    assert owner.api("GET", "/business")["settings"]["staff"][0]["calendar"] == "https://localhost/dana.ics"
    owner.api("PUT", "/business", before)


def test_days_off_and_a_transfer_on_closed_days_are_stored(owner: Person) -> None:
    before = owner.api("GET", "/business")["settings"]
    owner.api("PUT", "/business", before | {"staff": [{"id": "dana", "name": {"he": "דנה", "en": "Dana"}}]})
    page = owner.open("/business/staff")
    page.get_by_role("button", name="הוספת היעדרות").click()
    page.get_by_label("סיבה (עברית)").fill("חופשה")
    page.get_by_label("תורים במקביל").fill("2")
    page.get_by_role("button", name="שמירה").click()
    expect(page.get_by_text("ההגדרות נשמרו").first).to_be_visible()
    page.goto("/settings/calls")
    page.get_by_role("switch", name="גם בימים סגורים").click()
    page.get_by_role("button", name="שמירה").click()
    expect(page.get_by_text("ההגדרות נשמרו").first).to_be_visible()
    stored = owner.api("GET", "/business")["settings"]
    (dana,) = stored["staff"]
    assert (dana["capacity"], dana["closed_days"][0]["name"]) == (2, {"he": "חופשה"})
    assert stored["transfer"]["on_closed_days"] is True
    owner.api("PUT", "/business", before)


def test_an_appointment_is_confirmed_and_shabbat_comes_in_by_the_town(owner: Person) -> None:
    before = owner.api("GET", "/business")["settings"]
    slot = owner.api("GET", "/slots?service_id=haircut&days=10")["items"][-1]
    wish = {"service_id": "haircut", "starts_at": slot["starts_at"], "contact_name": "שרה אברהם"}
    made = owner.api("POST", "/appointments", wish)
    page = owner.open(f"/calendar?view=agenda&appointment={made['id']}")
    page.get_by_role("button", name="סימון כמאושר").click()
    expect(page.get_by_role("dialog").get_by_text("אושר", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="סימון כמאושר")).to_have_count(0)
    assert owner.api("GET", f"/appointments/{made['id']}")["confirmed_at"]

    page.goto("/business/closed")
    page.get_by_role("combobox", name="זמני כניסת שבת וחג לפי").click()
    page.get_by_role("option", name="חיפה").click()
    expect(page.get_by_label("הדלקת נרות לפני השקיעה (דקות)")).to_have_value("30")
    page.get_by_role("button", name="שמירה").click()
    expect(page.get_by_text("ההגדרות נשמרו").first).to_be_visible()
    stored = owner.api("GET", "/business")["settings"]["holidays"]
    assert (round(stored["latitude"]), stored["candle_lighting_min"]) == (33, 30)
    owner.api("PUT", "/business", before)
