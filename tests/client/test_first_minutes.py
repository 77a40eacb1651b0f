"""The first minutes: from the link on the console to a first call, and no page without a login."""

from __future__ import annotations

import pytest
from installation import OWNER, PASSWORD, Installation, Person
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.timeout(400)  # a server, a browser, and perhaps a busy machine


def test_an_empty_installation_is_set_up_in_four_steps(browser: Browser, empty: Installation) -> None:
    person = Person(browser, empty, permissions=["microphone"])
    page = person.open(empty.first_run_path())
    page.get_by_label("שם").fill("דנה שקד")
    page.get_by_label("דואר אלקטרוני").fill(OWNER)
    page.get_by_label("סיסמה").first.fill(PASSWORD)
    page.get_by_role("button", name="יצירת החשבון").click()
    page.get_by_label("שם העסק (עברית)").fill("מספרת האחים")
    page.get_by_role("button", name="המשך").click()
    page.get_by_label("משך (דקות)").first.fill("40")
    page.get_by_role("button", name="המשך").click()
    page.get_by_role("switch", name="יום שישי").first.uncheck(force=True)
    page.get_by_role("button", name="המשך").click()
    page.get_by_role("button", name="התקשרות", exact=True).click()
    expect(page.get_by_text("על הקו").first).to_be_visible()
    expect(page.get_by_role("list", name="מה נאמר")).to_contain_text("מספרת האחים")
    page.get_by_role("button", name="ניתוק").click()
    expect(page.get_by_text("השיחה הסתיימה.")).to_be_visible()
    page.get_by_role("button", name="סיום").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("יום")
    expect(page.get_by_text("מספרת האחים")).to_be_visible()
    calls = person.until(lambda: person.api("GET", "/calls")["items"], "the call among those that were")
    assert [call["carrier"] for call in calls] == ["browser"]
    settings = person.api("GET", "/business")["settings"]
    assert settings["name"]["he"] == "מספרת האחים"
    assert settings["services"][0]["duration_min"] == 40
    assert settings["hours"]["friday"] == []
    assert person.complaints == [] and person.foreign == []
    person.close()


def test_a_link_that_was_used_says_what_to_do(browser: Browser, empty: Installation) -> None:
    person = Person(browser, empty, language="en")
    page = person.open("/welcome#token=used-before")
    expect(page.get_by_role("alert")).to_contain_text("Ask for a new one")
    person.close()


def test_a_stranger_sees_a_login_and_nothing_else(browser: Browser, empty: Installation) -> None:
    person = Person(browser, empty, language="en")
    page = person.open("/calls")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").first.fill("a wrong password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("is wrong")
    expect(page.get_by_role("navigation")).to_have_count(0)
    person.close()
