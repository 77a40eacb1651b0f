"""Everything that is done every day, by keys alone: whatever is reached can be seen to be reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from installation import OWNER, PASSWORD, Installation, Person
from past_call import NUMBER, leave_message, place_call
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.timeout(600)

STOPS_MAX = 60  # more tabs than any of these pages needs
MARGIN_PX = 6  # a ring lies outside of what it surrounds
FOCUSED = "found => found === document.activeElement"
# What is seen of a focused element; a radio button of a row of choices is drawn by its label.
REGION = """margin => {
  const at = document.activeElement;
  const small = at.getBoundingClientRect().width < 12;
  const box = (small ? (at.nextElementSibling ?? at.parentElement) : at).getBoundingClientRect();
  const [x, y] = [Math.max(0, box.x - margin), Math.max(0, box.y - margin)];
  const [right, bottom] = [Math.min(innerWidth, box.right + margin), Math.min(innerHeight, box.bottom + margin)];
  return { x, y, width: right - x, height: bottom - y };
}"""


@pytest.fixture(scope="module")
def called(shop: Installation, browser: Browser) -> dict[str, Any]:
    """A call of the past, whose caller left a message."""
    person = Person(browser, shop)
    person.log_in()
    call = place_call(person)
    leave_message(shop, call["id"], "Please call me back about Wednesday.")
    person.close()
    return call


@pytest.fixture
def hands(browser: Browser, shop: Installation) -> Iterator[Person]:
    """Somebody without a mouse."""
    person = Person(browser, shop, language="en", reduced_motion="reduce", permissions=["microphone"])
    yield person
    person.close()
    assert person.complaints == [] and person.foreign == []


def is_focused(wanted: Locator) -> bool:
    return wanted.count() == 1 and bool(wanted.evaluate(FOCUSED))


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Go from stop to stop until this one is reached, and see that it is."""
    expect(wanted).to_be_attached()
    for _ in range(STOPS_MAX):
        if is_focused(wanted):
            return see_focus(page, wanted)
        page.keyboard.press(key)
    raise AssertionError(f"{STOPS_MAX} stops do not lead to {wanted}")


def see_focus(page: Page, focused: Locator) -> None:
    """What has the keys must look as if it had them."""
    region = page.evaluate(REGION, MARGIN_PX)
    with_focus = page.screenshot(clip=region, animations="disabled")
    focused.evaluate("found => found.blur()")
    without = page.screenshot(clip=region, animations="disabled")
    focused.evaluate("found => found.focus({ focusVisible: true, preventScroll: true })")
    assert with_focus != without, f"nothing shows that {focused} has the focus"


def go_to(page: Page, link: str, title: str) -> None:
    """By the main navigation; what is new on the page begins behind it, past the link that skips it."""
    tab_to(page, page.get_by_role("navigation").first.get_by_role("link", name=link, exact=True), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def choose(page: Page, menu: Locator, item: str) -> None:
    """Open a menu and go down to an item."""
    tab_to(page, menu)
    page.keyboard.press("Enter")
    wanted = page.get_by_role("menuitem", name=item)
    expect(wanted).to_be_visible()
    for _ in range(STOPS_MAX):
        if is_focused(wanted):
            break
        page.keyboard.press("ArrowDown")
    assert is_focused(wanted)
    page.keyboard.press("Enter")


def test_a_day_without_a_mouse(hands: Person, called: dict[str, Any]) -> None:
    page = hands.open("/")
    log_in(page)
    skip_to_the_content(page)
    find_the_call(page, called)
    read_the_call(page)
    see_to_the_message(hands, page)
    change_a_setting(hands, page)
    call_and_press_a_key(page)
    log_out(page)


def log_in(page: Page) -> None:
    tab_to(page, page.get_by_label("E-mail"))
    page.keyboard.type(OWNER)
    tab_to(page, page.get_by_label("Password").first)
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation").first).to_be_visible()


def skip_to_the_content(page: Page) -> None:
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    assert is_focused(skip)
    see_focus(page, skip)
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def find_the_call(page: Page, called: dict[str, Any]) -> None:
    go_to(page, "Calls", "Calls")
    tab_to(page, page.get_by_label("Caller's number"))
    page.keyboard.type("0999")
    expect(page.get_by_text("No such calls")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type(NUMBER.removeprefix("+972"))
    row = page.locator(f"a[href='/calls/{called['id']}']")
    expect(row).to_be_visible()
    tab_to(page, page.get_by_label("All calls"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("With barge-in")).to_be_checked()
    expect(row).to_be_visible()
    tab_to(page, row)
    page.keyboard.press("Enter")
    expect(page.get_by_role("listbox")).to_be_visible()


def read_the_call(page: Page) -> None:
    tab_to(page, page.get_by_role("listbox"))
    chosen = page.locator("[data-selected]")
    seen = set()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        expect(chosen).to_have_count(1)
        seen.add(chosen.get_attribute("data-marker"))
    assert len(seen) == 4
    explained = page.get_by_test_id("stage").locator("[aria-live='polite']")
    expect(explained).not_to_be_empty()
    tab_to(page, page.get_by_role("searchbox", name="Search this call"))
    page.keyboard.type("שלום")  # how the greeting begins
    said = page.get_by_role("list", name="What was said")
    expect(said.locator("mark").first).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    tab_to(page, said.get_by_role("button").first)
    page.keyboard.press("Enter")
    expect(said.locator("li").first).to_have_attribute("data-current", "true")


def see_to_the_message(person: Person, page: Page) -> None:
    go_to(page, "Messages", "Messages")
    tab_to(page, page.get_by_role("article").get_by_role("button", name="Done", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("article")).to_have_count(0)
    assert person.api("GET", "/messages?done=true")["items"][0]["done_at"]


def change_a_setting(person: Person, page: Page) -> None:
    go_to(page, "Settings", "Settings")
    tab_to(page, page.get_by_role("main").get_by_role("link", name="Handling of calls"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("switch", name="Record calls"))
    before = page.get_by_role("switch", name="Record calls").is_checked()
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Save", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_text("The settings are saved").first).to_be_visible()
    assert person.api("GET", "/business")["settings"]["recording"] is not before


def call_and_press_a_key(page: Page) -> None:
    go_to(page, "Test phone", "Test phone")
    tab_to(page, page.get_by_role("button", name="Call", exact=True))
    page.keyboard.press("Enter")
    said = page.get_by_role("list", name="What was said")
    expect(said.locator("li").first).to_be_visible()
    tab_to(page, page.get_by_role("group", name="Telephone keys").get_by_role("button", name="9", exact=True))
    page.keyboard.press("Enter")
    expect(said.locator("kbd", has_text="9").first).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Hang up"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Call again")).to_be_visible()


def log_out(page: Page) -> None:
    choose(page, page.get_by_role("button", name="Dana Shaked"), "Log out")
    expect(page.get_by_label("E-mail")).to_be_visible()
