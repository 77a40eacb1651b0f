"""Rehearsals: one click, a synthetic caller cuts in, and the page says how soon the line fell silent."""

from __future__ import annotations

import pytest
from installation import Installation, Person
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.timeout(400)

SCRIPT = """
title "קטיעה של ברכת הפתיחה"
language he
wait for the AI to speak
stage "בברכת הפתיחה"
900 ms later say "סליחה, רק רגע בבקשה"
expect silence within 400 ms
hang up
"""
FOR_EVER = 'title "שיחה בלי סוף"\nlanguage he\nwait for engine never_comes within 3 minutes\n'


def test_one_click_rehearses_and_shows_what_came_of_it(browser: Browser, shop: Installation) -> None:
    folder = shop.folder / "scenarios"
    folder.mkdir(exist_ok=True)
    (folder / "greeting.scn").write_text(SCRIPT, encoding="utf-8")
    (folder / "endless.scn").write_text(FOR_EVER, encoding="utf-8")
    person = Person(browser, shop)
    person.log_in()
    settings = person.api("GET", "/business")["settings"]
    person.api("PUT", "/business", settings | {"greeting_lock": False})
    page = person.open("/rehearsals")

    page.get_by_role("button", name="הרצה: קטיעה של ברכת הפתיחה").click()
    cuts = page.get_by_test_id("rehearsal-cuts").locator("li[data-ms]")
    expect(cuts).to_have_count(1)
    assert int(cuts.get_attribute("data-ms") or 10_000) <= 400
    expect(page.get_by_text("הכול כמצופה")).to_be_visible()
    expect(page.get_by_text("שקט בקו, בתוך 400 מ״ש")).to_be_visible()

    page.get_by_role("button", name="הרצה: שיחה בלי סוף").click()
    page.get_by_role("button", name="עצירה").click()
    expect(page.get_by_text("נעצר", exact=True)).to_be_visible()

    page.get_by_role("link", name="לדף השיחה").last.click()
    expect(page.get_by_role("heading", name="שיחת תרגול", level=1)).to_be_visible()
    expect(page.get_by_role("list", name="מה נאמר")).to_be_visible()
    assert person.complaints == [] and person.foreign == []
    person.api("PUT", "/business", settings)
    person.close()
