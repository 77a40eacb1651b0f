"""A call from the browser: a recorded voice cuts the AI off, keys book, and every page shows what happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from conftest import QUIET
from installation import Installation, Person
from microphone import record
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.timeout(400)

SAYS = (
    (4.0, "Excuse me, one moment please"),
    (10.0, "Sorry, I have another question"),
    (34.0, "Maya Levi"),  # the name, which is asked for at the end
    (42.0, "Wait, what was the first one?"),  # while the booking is confirmed
)
KEYS = ("1", "1", "1", "1", "#")  # book, the first service, the first time, yes; the name ends with a hash
BETWEEN_MS = 2_500
CUTS = 3  # the name is said into silence
HEARD_WITHIN_MS = 60  # what the server holds for heard of an answer, and what the worklet played of it


@pytest.fixture(scope="module")
def talking(
    playing: Playwright, chromium: str, bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser whose microphone hears the recording, once, from the beginning of a call."""
    voice = record(tmp_path_factory.mktemp("voice") / "voice.wav", SAYS, 120.0)
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
    played = [
        (int(row.get_attribute("data-onset") or 0), int(row.get_attribute("data-played") or 0)) for row in cuts.all()
    ]
    page.get_by_role("button", name="Hang up").click()

    # The appointment's drawer has the call: what was heard, and struck through what never was.
    page.get_by_role("link", name="Booked:").click()
    call_id = caller.api("GET", "/appointments?phone=050-765-4321")["items"][0]["call_id"]
    call = caller.api("GET", f"/calls/{call_id}")
    assert len(call["counts"]["stop_ms"]) >= CUTS and call["counts"]["missed_barge_ins"] == 0
    assert caller.api("GET", "/today")["calls_week"]["stop_ms_p50"] <= 150
    for at_ms, played_ms in played:
        turns = [turn for turn in call["turns"] if turn["speaker"] == "ai" and turn["start_ms"] < at_ms]
        heard_ms = sum(turn["heard_ms"] for turn in turns)
        assert abs(heard_ms - played_ms) <= HEARD_WITHIN_MS * len(turns), (at_ms, played_ms, heard_ms)
    read_the_appointment(page, call)
    page.goto(f"/calls/{call_id}")
    look_at_the_call(page)
    listen_to_the_call(page)
    take_the_call_away(page, call_id)
    assert caller.complaints == [] and caller.foreign == []
    assert shop.errors() == []
    caller.close()


def test_a_call_that_goes_on_is_watched_paused_and_ended_from_the_live_page(
    talking: Browser, shop: Installation
) -> None:
    person = Person(talking, shop, language="en", permissions=["microphone"])
    person.log_in()
    live = person.open("/live")
    expect(live.get_by_text("No calls at the moment")).to_be_visible()
    phone = person.open("/phone")
    phone.get_by_role("button", name="Call", exact=True).click()
    expect(live.get_by_text("Torim speaks")).to_be_visible()
    # Half a second of sound fills the meter of whoever makes it.
    live.wait_for_function(
        "getComputedStyle(document.querySelector('i[data-side=ai]')).getPropertyValue('--level') > 0.2"
    )
    expect(live.get_by_role("list", name="What was said").locator("li").first).to_contain_text("שלום")
    live.get_by_role("button", name="Pause Torim").click()
    expect(live.get_by_role("button", name="Let Torim go on")).to_be_visible()
    expect(live.get_by_text("Torim is paused")).to_be_visible()
    live.get_by_role("button", name="Hang up").click()
    live.get_by_role("dialog", name="Hang up this call?").get_by_role("button", name="Hang up").click()
    expect(phone.get_by_role("button", name="Call again")).to_be_visible()
    expect(live.get_by_text("No calls at the moment")).to_be_visible()
    (last, *_) = person.api("GET", "/calls?limit=1")["items"]
    assert last["end_reason"] == "operator"
    ordered = [line for line in shop.log().splitlines() if "[LIVE]" in line and last["id"] in line]
    assert [order for order in ("pause", "hang_up") if any(order in line for line in ordered)] == ["pause", "hang_up"]
    assert person.complaints == []
    person.close()


def read_the_appointment(page: Page, call: dict[str, Any]) -> None:
    """Its drawer has the summary, what was heard and, struck through, what never was; to be searched and taken away."""
    drawer = page.get_by_role("dialog", name="Appointment", exact=True)
    said = drawer.get_by_role("list", name="What was said")
    expect(said).to_be_visible()
    expect(drawer).to_contain_text(call["summary"])
    expect(drawer.get_by_text("050-765-4321").first).to_be_visible()
    lost = [turn for turn in call["turns"] if turn["unheard_text"]]
    assert len(lost) >= CUTS
    expect(drawer.locator("del")).to_have_count(len(lost))
    struck = [text.removeprefix("Never heard: ") for text in drawer.locator("del").all_inner_texts()]
    assert [_words(text) for text in struck] == [_words(turn["unheard_text"]) for turn in lost]
    heard_s, made_s = ((lost[0][name] + 50) // 100 / 10 for name in ("heard_ms", "audio_ms"))
    expect(said).to_contain_text(f"heard {heard_s} s of {made_s} s")
    drawer.get_by_role("searchbox", name="Search this call").fill("הקישו")
    expect(said.locator("mark").first).to_be_visible()
    drawer.get_by_role("searchbox", name="Search this call").fill("")
    page.emulate_media(media="print")  # the appointment alone, at its full length
    expect(page.locator("#root")).to_be_hidden()
    expect(said.locator("li").last).to_be_visible()
    page.emulate_media(media="screen")
    with page.expect_download() as taken:
        drawer.get_by_role("button", name="Download").click()
    text = taken.value.path().read_text(encoding="utf-8")
    assert len(text.splitlines()) >= len(call["turns"]) - 1 and lost[0]["heard_text"] in text


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
