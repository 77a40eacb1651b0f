"""The calendar in a browser: mouse, keys, conflicts, both directions of reading, a telephone's width."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from installation import Installation, Person
from playwright.sync_api import Browser, Locator, Page, expect

ZONE = ZoneInfo("Asia/Jerusalem")
WEEKS = 6
RESTED_MS = 2_000  # far longer than the rest that takes an appointment up

pytestmark = pytest.mark.timeout(400)  # a server, a browser, and perhaps a busy machine


def open_days(person: Person) -> list[date]:
    """The working days of the coming weeks with nothing on them, by the server's own account."""
    today = datetime.now(ZONE).date()
    sunday = today + timedelta(days=7 - today.isoweekday() % 7)
    days = person.api("GET", f"/days?first={sunday}&days={WEEKS * 7}")["items"]
    taken = {item["starts_at_local"][:10] for item in person.api("GET", "/appointments?limit=200")["items"]}
    return [
        date.fromisoformat(day["date"])
        for day in days
        if day["date"] not in taken and any(each["to_min"] - each["from_min"] >= 240 for each in day["open"])
    ]


def open_day(person: Person) -> date:
    """The first of them."""
    return open_days(person)[0]


def two_open_days(person: Person) -> tuple[date, date]:
    """The first two of them that lie in the same week."""
    pairs = pairwise(open_days(person))
    return next(
        (one, next_) for one, next_ in pairs if next_.isoweekday() % 7 > one.isoweekday() % 7 and (next_ - one).days < 7
    )


def book(person: Person, day: date, time: str, name: str) -> str:
    wish = {"service_id": "haircut", "starts_at": f"{day}T{time}:00", "contact_name": name}
    made: str = person.api("POST", "/appointments", {**wish, "contact_phone": "050-123-4567"})["id"]
    return made


def starts(person: Person, made: str) -> str:
    at = datetime.fromisoformat(person.api("GET", f"/appointments/{made}")["starts_at"]).astimezone(ZONE)
    return at.strftime("%Y-%m-%d %H:%M")


def wait_for_start(person: Person, made: str, wanted: str) -> None:
    """The server has the new time; the page shows it before."""
    person.until(lambda: starts(person, made) == wanted, f"{made} at {wanted}")


def calendar(person: Person, day: date, view: str = "week") -> Page:
    page = person.open(f"/calendar?view={view}&day={day}")
    expect(page.get_by_role("region").locator("[data-day]").first).to_be_visible()
    expect(page.locator("[role=status][aria-label]")).to_have_count(0)  # nothing is loading any more, nor will move
    return page


def drag(page: Page, block: Locator, column: Locator, down_px: float) -> None:
    """Take an appointment by its middle to another column, and so many pixels further down."""
    block.scroll_into_view_if_needed()
    start, over = block.bounding_box(), column.bounding_box()
    assert start is not None and over is not None
    x, y = start["x"] + start["width"] / 2, start["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3, y + 8)
    page.mouse.move(over["x"] + over["width"] / 2, y + down_px, steps=6)
    page.mouse.up()


@pytest.mark.parametrize(("language", "hour"), [("he", 10), ("en", 11)])  # open on every day
def test_an_appointment_is_dragged_a_day_and_an_hour_on(
    browser: Browser, shop: Installation, language: str, hour: int
) -> None:
    person = Person(browser, shop, language=language)
    person.log_in()
    day, following = two_open_days(person)
    made = book(person, day, f"{hour}:00", f"Maya {language}")
    page = calendar(person, day)
    column = page.locator(f"[data-day='{following}']")
    before = page.locator(f"[data-day='{day}']").bounding_box()
    after = column.bounding_box()
    assert before is not None and after is not None
    assert (after["x"] < before["x"]) == (language == "he")  # days run the way the language is read
    drag(page, page.locator(f"[data-appointment='{made}']"), column, 69)
    expect(column.locator(f"[data-appointment='{made}']")).to_be_visible()
    expect(page.locator("[data-faded]")).to_have_count(0)
    wait_for_start(person, made, f"{following} {hour + 1}:00")
    assert person.complaints == []
    person.close()


def test_a_taken_time_is_refused_kindly_and_the_appointment_goes_back(owner: Person) -> None:
    day = open_day(owner)
    first, second = book(owner, day, "10:00", "מאיה לוי"), book(owner, day, "12:00", "יוסי כהן")
    page = calendar(owner, day)
    drag(page, page.locator(f"[data-appointment='{second}']"), page.locator(f"[data-day='{day}']"), -138)
    told = page.get_by_role("alert").filter(has_text="התור חזר למקומו")
    expect(told).to_contain_text("כבר תפוס")
    assert starts(owner, second) == f"{day} 12:00"
    told.get_by_role("button").filter(has_text=":").first.click()  # a free time nearby
    expect(told).to_have_count(0)
    owner.until(lambda: starts(owner, second) != f"{day} 12:00", "the appointment at the free time")
    assert starts(owner, first) == f"{day} 10:00"


def test_everything_can_be_done_with_keys(owner: Person) -> None:
    day = open_day(owner)
    page = calendar(owner, day)
    cursor = page.get_by_role("button", name="תור חדש:")
    cursor.focus()
    wanted = f"{day.day} ב"
    for _ in range(8):  # left is the next day where one reads from right to left
        if wanted in (cursor.get_attribute("aria-label") or ""):
            break
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    label = cursor.get_attribute("aria-label") or ""
    time = label.rsplit(", ", 1)[1]
    page.keyboard.press("Enter")
    page.get_by_label("שם", exact=True).fill("רון ביטון")
    page.keyboard.press("Enter")
    block = page.locator(f"[data-day='{day}']").get_by_role("button", name="רון ביטון")
    expect(block).to_be_visible()
    made = block.get_attribute("data-appointment") or ""
    assert starts(owner, made) == f"{day} {time}"
    block.focus()
    for key in ("Alt+ArrowDown", "Alt+ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_have_count(0)
    later = datetime.fromisoformat(f"{day} {time}") + timedelta(hours=1)
    wait_for_start(owner, made, f"{later:%Y-%m-%d %H:%M}")
    block = page.locator(f"[data-appointment='{made}']")
    block.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="תור", exact=True)
    expect(drawer).to_contain_text("רון ביטון")
    drawer.get_by_role("button", name="ביטול התור").press("Enter")
    sure = page.get_by_role("dialog", name="לבטל את התור?")
    sure.get_by_role("button", name="ביטול התור").press("Enter")
    expect(sure).to_have_count(0)
    expect(drawer).to_contain_text("בוטל")
    assert owner.api("GET", f"/appointments/{made}")["status"] == "cancelled"


def test_an_appointment_is_drawn_longer(owner: Person) -> None:
    day = open_day(owner)
    made = book(owner, day, "10:00", "ענת הלוי")
    page = calendar(owner, day)
    block = page.locator(f"[data-appointment='{made}']")
    box = block.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20)
    page.mouse.move(x, y + 35, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="10:00 עד 11:00, ענת הלוי")).to_be_visible()
    expect(page.locator("[data-faded]")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="10:00 עד 11:00, ענת הלוי")).to_be_visible()


def test_closed_days_are_named(owner: Person) -> None:
    settings = owner.api("GET", "/business")["settings"]
    day = open_day(owner)
    settings["closed_days"] = [{"first": f"{day}", "name": {"he": "יום עיון", "en": "Training day"}}]
    owner.api("PUT", "/business", settings)
    try:
        page = calendar(owner, day)
        expect(page.locator(f"[data-day='{day}']")).to_contain_text("יום עיון")
    finally:
        owner.api("PUT", "/business", settings | {"closed_days": []})


def test_on_a_telephone_the_days_are_a_list_and_nothing_is_cut_off(browser: Browser, shop: Installation) -> None:
    person = Person(browser, shop, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    person.log_in()
    book(person, open_day(person), "09:00", "תמר גולן")
    page = person.open("/")
    for path in ("/", "/calendar", "/calls", "/messages", "/phone", "/business/hours", "/settings/calls"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("[role=status][aria-label]")).to_have_count(0)  # nothing is loading any more
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path
    person.close()


def test_a_finger_that_rests_moves_an_appointment_and_one_that_moves_scrolls(
    browser: Browser, shop: Installation
) -> None:
    person = Person(browser, shop, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    person.log_in()
    day = open_day(person)
    made = book(person, day, "10:00", "אורי שחם")
    page = calendar(person, day, "day")
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def stroke(rest_ms: int) -> None:
        """Touch the appointment's middle, rest, and go down by an hour."""
        block = page.locator(f"[data-appointment='{made}']")
        block.scroll_into_view_if_needed()
        box = block.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        finger("touchStart", x, y)
        page.wait_for_timeout(rest_ms)
        for step in range(1, 7):
            finger("touchMove", x, y + step * 11.5)
        finger("touchEnd")

    stroke(0)
    assert starts(person, made) == f"{day} 10:00"
    expect(page.get_by_role("dialog")).to_have_count(0)
    stroke(RESTED_MS)
    wait_for_start(person, made, f"{day} 11:00")
    assert person.complaints == []
    person.close()


def test_the_keys_are_told_to_whoever_asks(owner: Person) -> None:
    page = calendar(owner, open_day(owner))
    page.keyboard.press("?")
    told = page.get_by_role("dialog", name="מקשי הקיצור של היומן")
    expect(told).to_contain_text("תור חדש במקום המסומן")
    page.keyboard.press("Escape")
    expect(told).to_have_count(0)
