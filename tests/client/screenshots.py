"""Pictures of every page, in both languages, both themes and on a telephone's width: `make screenshots`.

A server of its own is furnished with a business that has staff, appointments, messages and synthetic calls.
With `--docs` the handful that the README shows is written, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from conftest import MICROPHONE, QUIET
from installation import OWNER, Installation, Person
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tools import build_client
from torim.commands.placing import make_voices, place
from torim.desk.book import BookingRequest, ChangeRequest, EditRequest
from torim.desk.messages import MessageRequest, Urgency
from torim.errors import CarrierError
from torim.lab.caller import Dialing
from torim.lab.scenario import parse_scenario
from torim.storage.store import Store

ROOT = build_client.ROOT
OUT, DOCS = ROOT / "out" / "screenshots", ROOT / "docs" / "screens"
DOCS_MAX_BYTES = 150_000
DESK = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
TALK_MS = 9_000
BUSY_MAX = 60

# The first sound of each answer, and a key or a word while it is heard.
BOOKS = """
title "Books, and does not wait to be told everything"
language he
caller +972523334455
wait for the AI to speak
wait for the AI to finish
say "שלום, אני רוצה תור לתספורת"
wait for the AI to speak
1500 ms later say "סליחה, רק רגע"
wait for the AI to speak
1500 ms later press 1
wait for the AI to speak
1200 ms later press 1
wait for the AI to speak
5 s later press 1
wait for the AI to speak
wait for the AI to finish
press 1
wait for the AI to speak
wait for the AI to finish
300 ms later say "קוראים לי נועה פרץ"
400 ms later press #
wait for the AI to speak
4 s later say "תודה רבה"
wait for the AI to speak
1 s later hang up
"""
ASKS = """
title "Asks, and hangs up"
language he
caller +972541112233
echo 24 dB after 120 ms
wait for the AI to speak
6 s later say "מה שעות הפתיחה שלכם"
wait for the AI to speak
1200 ms later say "רגע, ואתם פתוחים בשישי"
wait for the AI to speak
2 s later hang up
"""
STAFF = (("maya", "מאיה", "Maya"), ("ronen", "רונן", "Ronen"), ("tali", "טלי", "Tali"))
PEOPLE = (
    ("שרה אברהם", "+972522223344"),
    ("יוסי כהן", "+972544445566"),
    ("דנה מזרחי", "+972507778899"),
    ("אבי לוי", "+972529990011"),
    ("תמר גולן", "+972531234567"),
    ("עומר בר", "+972586667788"),
    ("רותם שגב", "+972523216549"),
)
SERVICES = (("haircut", 30), ("blow_dry", 45), ("color", 90))


@dataclass(frozen=True, slots=True)
class Shot:
    """One page, and what is done on it before it is taken."""

    name: str
    path: str
    wait: str = ""  # a selector that must be there
    act: str = ""  # a step of `_act`


@dataclass(slots=True)
class Furnished:
    """An installation with something to show."""

    at: Installation
    call_id: str = ""
    appointment_id: str = ""
    shots: list[Shot] = field(default_factory=list)


def main() -> int:
    """Take every picture; 1 if a page complained."""
    parser = argparse.ArgumentParser(description="take pictures of every page of the web client")
    parser.add_argument("--docs", action="store_true", help="write the pictures of the README, too")
    parser.add_argument("--only", default="", help="take only pages whose names contain one of these, with commas")
    args = parser.parse_args()
    shutil.rmtree(OUT, ignore_errors=True)
    with _installation() as at:
        furnished = asyncio.run(_furnish(at))
        complaints = list(_take_all(furnished, args.only))
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if args.docs:
        _keep()
    return 1 if complaints else 0


@contextlib.contextmanager
def _installation() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="torim-screens-") as folder:
        at = Installation(Path(folder))
        at.start()
        try:
            at.add_person(OWNER, {"shaked": "owner"}, name="דנה שקד")
            yield at
        finally:
            at.stop()


# --- what is shown --------------------------------------------------------------------------------------------


async def _furnish(at: Installation) -> Furnished:
    """Staff and settings, then calls over the real line, then a week of appointments around them."""
    print("Furnishing a business and placing two calls (about a minute) ...", flush=True)
    store = Store(f"sqlite:///{at.folder / 'torim.db'}")
    try:
        _settings(store)
        await asyncio.sleep(3.0)  # until calls are answered with them
        booked, _ = await asyncio.gather(_call(at, BOOKS), _call(at, ASKS))
        await asyncio.sleep(2.0)  # until the records are complete
        made = store.of_call("shaked", booked)
        assert made, "the synthetic caller booked nothing"
        store.edit(_edit(made[0].id, "נועה פרץ"))
        _week(store, busy={made[0].staff_id: made[0].starts_at})
        _messages(store, booked)
        return Furnished(at, booked, made[0].id, _shots(booked, made[0].id))
    finally:
        store.close()


async def _call(at: Installation, text: str) -> str:
    scenario = parse_scenario(text)
    voices = await make_voices(scenario, at.folder)
    for _ in range(BUSY_MAX):
        try:
            placed = await place(scenario, voices, Dialing(at.url), lambda line: None)
        except CarrierError:  # a machine that is busy just now takes no call
            await asyncio.sleep(1.0)
            continue
        if placed.as_expected:
            return placed.record.call_sid
        print(*placed.findings, sep="\n", flush=True)
    raise AssertionError("The server took no call; is the machine too busy?")


def _settings(store: Store) -> None:
    import msgspec

    from torim.desk.business import QuestionAnswer, Staff

    record = store.businesses.get("shaked")
    assert record is not None
    parking = QuestionAnswer(
        question={"he": "יש חניה?", "en": "Is there parking?"},
        answer={"he": "יש חניה חינם ברחוב ובחניון שמתחת לבניין.", "en": "Free parking in the street."},
    )
    changed = msgspec.structs.replace(
        record.business,
        staff=tuple(Staff(id=name, name={"he": he, "en": en}) for name, he, en in STAFF),
        numbers=("+97235550100",),
        recording=True,
        greeting_lock=False,
        knowledge=(parking,),
    )
    store.businesses.save(changed, record.version, datetime.now(UTC))


def _week(store: Store, busy: dict[str, datetime]) -> None:
    """Appointments of the days around today, as a salon has them."""
    business = store.businesses.get("shaked")
    assert business is not None
    zone, now = business.business.zone, datetime.now(UTC)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    number = 0
    for day in range(-7, 15):
        date = today + timedelta(days=day)
        for chair, (staff_id, _, _) in enumerate(STAFF):
            for opening in business.business.openings(date.weekday()):
                at_min = opening.opens_min + 30 * ((day * 3 + chair * 2) % 4)
                while at_min + 90 <= opening.closes_min and number % 9 < 8:
                    number += 1
                    service, minutes = SERVICES[number % len(SERVICES)]
                    begins = (date + timedelta(minutes=at_min)).astimezone(UTC)
                    at_min += minutes + 30 * (1 + number % 4)
                    if busy.get(staff_id, begins - timedelta(days=1)) - begins not in _NEAR:
                        _book(store, number, staff_id, service, begins, minutes)
                number += 1


class _Near:
    """Differences of less than two hours."""

    def __contains__(self, apart: timedelta) -> bool:
        return abs(apart) < timedelta(hours=2)


_NEAR = _Near()


def _book(store: Store, number: int, staff_id: str, service: str, begins: datetime, minutes: int) -> None:
    from torim.desk.staffing import Performer
    from torim.errors import BookingError

    name, phone = PEOPLE[number % len(PEOPLE)]
    request = BookingRequest(
        business_id="shaked",
        service_id=service,
        starts_at=begins,
        ends_at=begins + timedelta(minutes=minutes),
        timezone="Asia/Jerusalem",
        idempotency_key=f"screen-{number}",
        asked_at=datetime.now(UTC),
        performers=(Performer(staff_id),),
        contact_name=name,
        contact_phone=phone,
    )
    with contextlib.suppress(BookingError):  # the call has its own time
        made = store.book(request)
        if number % 11 == 0:
            store.cancel(_change(made.id))


def _edit(appointment_id: str, name: str) -> EditRequest:
    return EditRequest(
        business_id="shaked",
        appointment_id=appointment_id,
        idempotency_key="screen-edit",
        asked_at=datetime.now(UTC),
        contact_name=name,
    )


def _change(appointment_id: str) -> ChangeRequest:
    key = f"screen-cancel-{appointment_id}"
    return ChangeRequest(
        business_id="shaked", appointment_id=appointment_id, idempotency_key=key, asked_at=datetime.now(UTC)
    )


def _messages(store: Store, call_id: str) -> None:
    left = (
        ("אפשר להקדים את התור של יום רביעי? אני צריכה לצאת עד שלוש.", "דנה מזרחי", Urgency.URGENT, call_id),
        ("רציתי לדעת אם אתם מקבלים שוברי מתנה.", "יוסי כהן", Urgency.NORMAL, None),
        ("תודה על התספורת, יצא נהדר!", "תמר גולן", Urgency.LOW, None),
    )
    for number, (text, name, urgency, call) in enumerate(left):
        store.leave_message(
            MessageRequest(
                business_id="shaked",
                text=text,
                idempotency_key=f"screen-{number}",
                asked_at=datetime.now(UTC) - timedelta(minutes=35 * number),
                call_id=call,
                from_number=PEOPLE[number][1],
                name=name,
                urgency=urgency,
            )
        )


def _shots(call_id: str, appointment_id: str) -> list[Shot]:
    business = ("details", "hours", "services", "staff", "closed", "calendars", "knowledge")
    settings = ("speaking", "calls", "numbers", "telling", "work", "privacy", "people", "programs", "myself")
    return [
        Shot("today", "/"),
        *(Shot(f"calendar-{view}", f"/calendar?view={view}") for view in ("week", "day", "month", "agenda")),
        Shot("appointment", f"/calendar?view=agenda&appointment={appointment_id}", "[role=dialog]"),
        Shot("calls", "/calls"),
        Shot("call", f"/calls/{call_id}", "canvas"),
        Shot("call-top", f"/calls/{call_id}", "canvas"),
        Shot("live", "/live"),
        Shot("messages", "/messages"),
        Shot("phone", "/phone"),
        Shot("rehearsals", "/rehearsals", "h2"),
        *(Shot(f"business-{part}", f"/business/{part}") for part in business),
        *(Shot(f"settings-{part}", f"/settings/{part}", act="check" if part == "numbers" else "") for part in settings),
        Shot("setup", "/setup"),
    ]


# --- taking pictures ------------------------------------------------------------------------------------------


def _take_all(furnished: Furnished, only: str) -> Iterator[str]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET, *MICROPHONE])
        for name, language, options in (
            ("he", "he", {**DESK, "color_scheme": "light"}),
            ("phone-he", "he", {**PHONE, "color_scheme": "light"}),
            ("en-dark", "en", {**DESK, "color_scheme": "dark"}),
            ("phone-en-dark", "en", {**PHONE, "color_scheme": "dark"}),
        ):
            yield from _take(browser, furnished, OUT / name, language, options, only)
        browser.close()


def _take(
    browser: Browser, furnished: Furnished, folder: Path, language: str, options: dict[str, Any], only: str
) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{folder.relative_to(ROOT)} ...", flush=True)
    options = {"permissions": ["microphone"], "reduced_motion": "reduce", **options}
    person = Person(browser, furnished.at, language=language, **options)
    page = person.open("/login")
    if not only:
        expect(page.locator("form")).to_be_visible()
        _picture(page, folder / "login.png")
    person.log_in()
    for shot in furnished.shots:
        if _wanted(shot.name, only):
            yield from _one(page, shot, folder, language)
    if _wanted("talk", only):
        try:
            _talk(person, page, folder, language)
        except (AssertionError, Error) as error:
            yield f"{folder.name}/talk: {str(error).splitlines()[0]}"
    yield from (f"{folder.name}: {complaint}" for complaint in (*person.complaints, *person.foreign))
    person.close()


def _wanted(name: str, only: str) -> bool:
    """Whether a picture is among those that were asked for, by parts of their names."""
    return any(part in name for part in only.split(","))


def _one(page: Page, shot: Shot, folder: Path, language: str) -> Iterator[str]:
    page.goto(shot.path)
    try:
        expect(page.get_by_role("heading", level=1).first).to_be_visible(timeout=15_000)
        expect(page.locator("[role=status][aria-label]")).to_have_count(0, timeout=15_000)
        if shot.wait:
            page.locator(shot.wait).first.wait_for(timeout=15_000)
        if shot.act == "check":
            page.get_by_role("button", name="בדיקה עכשיו" if language == "he" else "Check now").click()
            page.get_by_test_id("telephone-findings").wait_for(timeout=15_000)
    except (AssertionError, Error) as error:
        yield f"{folder.name}/{shot.name}: {str(error).splitlines()[0]}"
    page.wait_for_timeout(350)
    _picture(page, folder / f"{shot.name}.png", full=shot.name not in ("appointment", "call-top"))


def _talk(person: Person, page: Page, folder: Path, language: str) -> None:
    """The pages of a call while it goes on, and of a rehearsal."""
    page.goto("/phone")
    page.get_by_role("button", name="התקשרות" if language == "he" else "Call", exact=True).click()
    page.wait_for_timeout(TALK_MS)
    _picture(page, folder / "phone-talking.png", full=True)
    live = person.open("/live")
    live.wait_for_timeout(2_000)
    _picture(live, folder / "live-call.png", full=True)
    live.close()
    page.get_by_role("button", name="ניתוק" if language == "he" else "Hang up").click()
    rehearsals = person.api("GET", "/rehearsals")["items"]
    if not any(item["script"]["language"] == language for item in rehearsals):
        person.api("POST", "/rehearsals", {"script_id": "cut-in", "language": language})
    page.goto("/rehearsals")
    run = "הרצה: " if language == "he" else "Run: "
    expect(page.get_by_role("button", name=run).first).to_be_enabled(timeout=120_000)
    _picture(page, folder / "rehearsal.png", full=True)


def _picture(page: Page, path: Path, *, full: bool = False) -> None:
    size = page.viewport_size
    if full and size is not None:  # a window as long as the page: what is fixed to its end stays there
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    page.screenshot(path=path, animations="disabled")
    if size is not None:
        page.set_viewport_size(size)


KEPT = {
    "call": "he/call-top.png",
    "calendar": "he/calendar-week.png",
    "appointment": "en-dark/appointment.png",
    "rehearsal": "he/rehearsal.png",
    "today-phone": "phone-he/today.png",
    "phone-talking": "en-dark/phone-talking.png",
}


def _keep() -> None:
    """Copy the README's pictures; one that is too large is an error."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for name, source in KEPT.items():
        size_bytes = (OUT / source).stat().st_size
        if size_bytes > DOCS_MAX_BYTES:
            raise SystemExit(f"{source} has {size_bytes} bytes; the README's pictures have at most {DOCS_MAX_BYTES}.")
        shutil.copy(OUT / source, DOCS / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
