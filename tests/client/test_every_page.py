"""What holds for every page: nobody is shut out (axe), nothing is loaded from elsewhere, the first page is light."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from client_needs import cannot
from installation import OWNER, Installation, Person
from past_call import leave_message, place_call
from playwright.sync_api import Browser, Page, Response, expect

from tools import build_client

pytestmark = pytest.mark.timeout(600)

PAGES = (
    "/", "/calendar?view=week", "/calendar?view=day", "/calendar?view=month", "/calendar?view=agenda", "/calls",
    "/live", "/messages", "/phone", "/rehearsals", "/business/details", "/business/hours", "/business/services",
    "/business/staff", "/business/closed", "/business/calendars", "/business/knowledge", "/settings/speaking",
    "/settings/calls", "/settings/numbers", "/settings/telling", "/settings/work", "/settings/privacy",
    "/settings/people", "/settings/programs", "/settings/myself", "/setup",
)  # fmt: skip
AXE = build_client.client_dir() / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DEEP = partial(pytest.param, marks=pytest.mark.deep)
LOOKS = pytest.mark.parametrize(
    ("language", "scheme"), [("he", "light"), ("en", "dark"), DEEP("he", "dark"), DEEP("en", "light")]
)
SETTLES_MS = 1_500
SCRIPT_MAX_BYTES = 150_000  # of packed script on the first page


@pytest.fixture(scope="module")
def axe(bundle: Path) -> str:
    """The rules of accessibility, from the packages of the client's checks."""
    if not AXE.is_file():
        cannot("axe-core is not installed: run `make client-check` once.")
    return AXE.read_text(encoding="utf-8")


def findings(page: Page, axe: str) -> list[str]:
    """What axe finds that keeps somebody out, or nearly, once nothing moves: what fades in has no contrast."""
    page.wait_for_function(
        "document.getAnimations().every(({ playState, effect }) =>"
        " playState !== 'running' || effect.getTiming().iterations === Infinity)"
    )
    found = look(page, axe)
    if found:
        page.wait_for_timeout(SETTLES_MS)
        found = look(page, axe)
    return found


def look(page: Page, axe: str) -> list[str]:
    """What axe finds now."""
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"][:3]
    ]


@pytest.fixture(scope="module")
def past(shop: Installation, browser: Browser) -> str:
    """A call that was recorded and cut into, by its id."""
    person = Person(browser, shop)
    person.log_in()
    call_id: str = place_call(person)["id"]
    leave_message(shop, call_id, "אפשר להקדים את התור?")
    person.close()
    return call_id


@pytest.fixture(scope="module")
def furnished(shop: Installation, browser: Browser, past: str) -> Iterator[Installation]:
    """A business with staff, a call, a message, appointments and a cancelled one."""
    person = Person(browser, shop)
    person.log_in()
    settings = person.api("GET", "/business")["settings"]
    staff = [{"id": "dana", "name": {"he": "דנה", "en": "Dana"}}, {"id": "noam", "name": {"he": "נועם", "en": "Noam"}}]
    person.api("PUT", "/business", settings | {"staff": staff})
    for slot in person.api("GET", "/slots?service_id=haircut&days=10")["items"][:12:3]:
        wish = {"service_id": "haircut", "starts_at": slot["starts_at"], "contact_name": "שרה אברהם"}
        made = person.api("POST", "/appointments", wish | {"contact_phone": "052-222-3344"})
    person.api("POST", f"/appointments/{made['id']}/cancel")
    person.close()
    yield shop
    person = Person(browser, shop)
    person.log_in()
    person.api("PUT", "/business", settings)
    person.close()


@LOOKS
def test_no_page_shuts_anybody_out(
    browser: Browser, furnished: Installation, axe: str, language: str, scheme: str
) -> None:
    seen = {"color_scheme": scheme, "reduced_motion": "reduce", "bypass_csp": True}
    person = Person(browser, furnished, language=language, **seen)
    person.log_in()
    page = person.open("/")
    wrong: list[str] = []
    for path in PAGES:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("[role=status][aria-label]")).to_have_count(0)  # nothing is loading any more
        wrong += [f"{path} {finding}" for finding in findings(page, axe)]
    assert wrong == []
    assert person.complaints == []
    person.close()


@LOOKS
def test_the_page_of_a_recorded_call_shuts_nobody_out(
    browser: Browser, shop: Installation, past: str, axe: str, language: str, scheme: str
) -> None:
    person = Person(browser, shop, language=language, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    person.log_in()
    page = person.open(f"/calls/{past}")
    expect(page.locator("[data-testid='stage'][data-painted]")).to_be_visible()
    expect(page.locator("[data-kind='barge_in']")).not_to_have_count(0)
    expect(page.locator("del").first).to_be_visible()
    wrong = findings(page, axe)
    page.get_by_role("listbox").press("ArrowRight")  # a marker and its explanation
    expect(page.locator("[data-selected]")).to_have_count(1)
    page.get_by_label("תצוגת מפתחים" if language == "he" else "Developer view").check(force=True)
    expect(page.get_by_text(f"torim replay {past}.call")).to_be_visible()
    wrong += findings(page, axe)
    page.goto("/messages")
    expect(page.get_by_role("article")).to_have_count(1)
    wrong += findings(page, axe)
    assert wrong == []
    assert person.complaints == []
    person.close()


@pytest.mark.parametrize("language", ["he", "en"])
def test_dialogs_and_the_login_shut_nobody_out(
    browser: Browser, furnished: Installation, axe: str, language: str
) -> None:
    person = Person(browser, furnished, language=language, reduced_motion="reduce", bypass_csp=True)
    page = person.open("/")
    expect(page.locator("form")).to_be_visible()
    wrong = findings(page, axe)
    person.log_in()
    page.goto("/calendar?view=agenda")
    page.locator("[data-appointment]").filter(has_text="שרה אברהם").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("052-222-3344")
    wrong += findings(page, axe)
    page.goto("/calendar?view=week")
    page.get_by_role("button", name="תור חדש" if language == "he" else "New appointment", exact=True).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    wrong += findings(page, axe)
    assert wrong == []
    person.close()


@pytest.mark.parametrize("language", ["he", "en"])
def test_the_first_page_is_light_and_comes_from_here_alone(browser: Browser, shop: Installation, language: str) -> None:
    person = Person(browser, shop, language=language)
    person.log_in(OWNER)
    page = person.open("/login")
    scripts: dict[str, int] = {}

    def came(response: Response) -> None:
        if "javascript" in response.headers.get("content-type", ""):
            scripts[response.url] = int(response.headers["content-length"])
            assert response.headers["content-encoding"] == "gzip"

    page.on("response", came)
    page.goto("/")
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    page.wait_for_timeout(1_000)
    page.reload()
    assert 50_000 < sum(scripts.values()) <= SCRIPT_MAX_BYTES, scripts
    assert person.foreign == [] and person.complaints == []
    person.close()


def test_the_language_changes_without_a_reload_and_what_was_typed_stays(owner: Person) -> None:
    page = owner.open("/calls")
    page.evaluate("window.before = true")
    page.get_by_label("חיפוש במה שנאמר").fill("תור ליום שני")
    page.get_by_role("button", name="Dana Shaked").click()
    page.get_by_role("menuitem", name="English").click()
    expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["en", "ltr"]
    assert page.evaluate("window.before") is True
    expect(page.get_by_label("Search what was said")).to_have_value("תור ליום שני")
