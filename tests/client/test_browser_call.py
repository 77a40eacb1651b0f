"""A call from the browser: a recorded voice cuts the AI off, keys book, and every page shows what happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from conftest import QUIET
from installation import Installation, Person
from microphone import record
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.timeout(400)

SAYS = (
    (4.0, "Excuse me, one moment please"),
    (10.0, "Sorry, I have another question"),
    (43.0, "Maya Levi"),  # the name, which is asked for at the end
    (51.0, "Wait, what was the first one?"),  # while the booking is confirmed
)
KEYS = ("1", "1", "1", "1", "#")  # book, the first service, the first time, yes; the name ends with a hash
BETWEEN_MS = 4_500
CUTS = 3  # the name is said into silence


@pytest.fixture
def talking(playing: Playwright, chromium: str, bundle: Path, tmp_path: Path) -> Iterator[Browser]:
    """A browser whose microphone hears the recording, once, from the beginning of the call."""
    voice = record(tmp_path / "voice.wav", SAYS, 120.0)
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    launched = playing.chromium.launch(
        executable_path=chromium, args=[*QUIET, *fake, f"--use-file-for-fake-audio-capture={voice}%noloop"]
    )
    yield launched
    launched.close()


def press(page: Page, key: str) -> None:
    page.get_by_role("group", name="Telephone keys").get_by_role("button", name=key, exact=True).click()


def test_a_caller_cuts_in_and_books_and_the_pages_tell_exactly_what_happened(
    talking: Browser, shop: Installation
) -> None:
    caller = Person(talking, shop, language="en", permissions=["microphone"])
    caller.log_in()
    settings = caller.api("GET", "/business")["settings"]
    caller.api("PUT", "/business", settings | {"greeting_lock": False, "recording": True})
    calendar = caller.open("/calendar?view=agenda")
    page = caller.open("/phone")
    page.get_by_label("As if from number").fill("050-765-4321")
    page.bring_to_front()
    page.get_by_role("button", name="Call", exact=True).click()

    # The voice cuts in twice, then keys book, and the open calendar shows it while the call goes on.
    cuts = page.get_by_test_id("cuts").locator("li[data-by='voice']")
    expect(cuts).to_have_count(2)
    expect(calendar.get_by_text("050-765-4321")).to_have_count(0)
    for key in KEYS:
        page.wait_for_timeout(BETWEEN_MS)
        press(page, key)
    expect(page.get_by_role("link", name="Booked:")).to_be_visible()
    expect(page.get_by_role("button", name="Hang up")).to_be_visible()
    expect(calendar.get_by_text("050-765-4321")).to_be_visible()

    # It is cut off once more; the worklet itself says how long it went on sounding.
    expect(cuts).to_have_count(CUTS)
    stops_ms = [int(row.get_attribute("data-ms") or 0) for row in cuts.all()]
    assert median(stops_ms) <= 100, stops_ms
    page.get_by_role("button", name="Hang up").click()

    # The appointment's drawer has the call: what was heard, and struck through what never was.
    page.get_by_role("link", name="Booked:").click()
    drawer = page.get_by_role("dialog", name="Appointment", exact=True)
    expect(drawer.get_by_role("list", name="What was said")).to_be_visible()
    call_id = caller.api("GET", "/appointments?phone=050-765-4321")["items"][0]["call_id"]
    turns = caller.api("GET", f"/calls/{call_id}")["turns"]
    lost = [turn["unheard_text"] for turn in turns if turn["unheard_text"]]
    struck = [text.removeprefix("Never heard: ") for text in drawer.locator("del").all_inner_texts()]
    assert len(lost) >= CUTS
    assert [_words(text) for text in struck] == [_words(text) for text in lost]
    expect(drawer.get_by_text("050-765-4321").first).to_be_visible()

    page.goto(f"/calls/{call_id}")
    look_at_the_call(page)
    listen_to_the_call(page)
    take_the_call_away(page, call_id)
    assert caller.complaints == [] and caller.foreign == []
    assert shop.errors() == []
    caller.close()


def look_at_the_call(page: Page) -> None:
    """Every cut is marked, and explained to the mouse and to the keyboard."""
    cuts = page.locator("[data-kind='barge_in']")
    expect(cuts.first).to_be_visible()
    assert cuts.count() >= CUTS
    explained = page.get_by_test_id("stage").locator("[aria-live='polite']")
    cuts.first.hover()
    expect(explained).to_contain_text("Barge-in")
    expect(explained).to_contain_text("fell silent")
    expect(explained).to_contain_text("time to silence (ms)")
    page.get_by_role("listbox").focus()
    first = page.locator("[data-selected]").get_attribute("data-marker")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-selected]")).to_have_count(1)
    assert page.locator("[data-selected]").get_attribute("data-marker") != first
    expect(page.locator("[data-kind='booking']")).to_have_count(1)


def listen_to_the_call(page: Page) -> None:
    """The recording plays, the transcript goes with it, and a click in the lanes goes to its instant."""
    position = page.get_by_test_id("position")
    expect(page.locator("[data-testid='stage'][data-painted]")).to_be_visible()
    page.get_by_role("button", name="Play from 0:00").click()
    expect(position).to_have_text("0:00")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(position).to_have_text("0:02")
    page.get_by_role("button", name="Pause", exact=True).click()
    lines = page.get_by_role("list", name="What was said").locator("li")
    expect(lines.first).to_have_attribute("data-current", "true")
    lanes = page.get_by_test_id("stage").locator("canvas")
    box = lanes.bounding_box()
    assert box is not None
    lanes.click(position={"x": box["width"] - 60, "y": 30})
    expect(position).not_to_have_text("0:02")
    expect(lines.first).not_to_have_attribute("data-current", "true")


def take_the_call_away(page: Page, call_id: str) -> None:
    """The developer's view has every event, the files, and how to run the call again."""
    page.get_by_label("Developer view").check(force=True)
    expect(page.get_by_text(f"torim replay {call_id}.call")).to_be_visible()
    expect(page.locator("[data-kind='response_done']").first).to_be_visible()
    expect(page.locator("[data-kind='mark']").first).to_be_attached()
    for name, ending in (("Download recording", ".wav"), ("Download timeline", ".call"), ("Download JSON", ".json")):
        with page.expect_download() as taken:
            page.get_by_role("link", name=name).click()
        assert taken.value.suggested_filename == f"{call_id}{ending}"
        assert taken.value.path().stat().st_size > 1_000


def _words(text: str) -> str:
    return " ".join(text.replace("Never heard:", "").split())
