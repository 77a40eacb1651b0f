"""The pages of the settings: what is changed is stored, and what is wrong is told in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from installation import Installation, Person
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def settings(owner: Person) -> Iterator[dict[str, Any]]:
    """The settings as they are, which a scene may change."""
    before: dict[str, Any] = owner.api("GET", "/business")["settings"]
    yield before
    owner.api("PUT", "/business", before)


def save(page: Page) -> None:
    page.get_by_role("button", name="שמירה").click()
    expect(page.get_by_text("ההגדרות נשמרו").first).to_be_visible()


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_role("combobox", name=field).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_how_calls_are_answered_is_stored(owner: Person, settings: dict[str, Any]) -> None:
    page = owner.open("/settings/speaking")
    choose(page, "באיזו שפה פותחים", "אנגלית")
    page.get_by_label("ברכת פתיחה (עברית)").fill("שלום, הגעתם לשקד.")
    expect(page.get_by_text("למנוע המובנה קול אחד בכל שפה")).to_be_visible()
    page.get_by_role("link", name="ניהול השיחה").click()
    page.get_by_role("radiogroup", name="המתקשר יכול לקטוע").get_by_text("לא", exact=True).click()
    page.get_by_role("radiogroup", name="ברכת הפתיחה נעולה").get_by_text("כן", exact=True).click()
    choose(page, "סבלנות להפסקות בדיבור", "ארוכה")
    page.get_by_label("מספר להעברה").fill("052-222-3344")
    page.get_by_role("link", name="מספרי טלפון").click()
    numbers = page.get_by_role("combobox", name="המספרים שהעסק עונה להם")
    numbers.fill("+97235550177")
    numbers.press("Enter")
    page.get_by_role("link", name="עדכונים").click()
    page.get_by_label("דואר אלקטרוני", exact=True).fill("dana@shaked.example")
    page.get_by_label("תזכורת לפני התור (שעות)").fill("48")
    save(page)
    page.reload()
    stored = owner.api("GET", "/business")["settings"]
    assert stored["opening_language"] == "en"
    assert stored["greeting"]["he"] == "שלום, הגעתם לשקד."
    assert (stored["barge_in_enabled"], stored["greeting_lock"], stored["patience"]) == (False, True, "long")
    assert stored["transfer"]["number"] == "052-222-3344"
    assert stored["numbers"][-1] == "+97235550177"
    assert (stored["owner"]["email"], stored["notifications"]["reminder_hours"]) == ("dana@shaked.example", 48)


def test_what_is_wrong_is_told_where_it_is_and_in_hebrew(owner: Person, settings: dict[str, Any]) -> None:
    page = owner.open("/settings/numbers")
    numbers = page.get_by_role("combobox", name="המספרים שהעסק עונה להם")
    numbers.fill("שלוש")
    numbers.press("Enter")
    page.get_by_role("link", name="עדכונים").click()
    page.get_by_label("כתובת webhook").fill("https://example.com/hook")
    page.get_by_role("button", name="שמירה").click()
    bar = page.get_by_role("status").filter(has_text="יש בהגדרות משהו שצריך לתקן")
    expect(bar).to_contain_text("סוד החתימה: ההודעות נחתמות: בחרו סוד של 16 תווים לפחות.")
    expect(bar).to_contain_text("מספרי הטלפון: כתבו מספר טלפון")
    expect(page.get_by_text("בחרו סוד של 16 תווים לפחות.")).to_have_count(2)
    assert owner.api("GET", "/business")["settings"] == settings


def test_the_way_of_a_telephone_call_is_checked_and_every_finding_has_advice(owner: Person) -> None:
    page = owner.open("/settings/numbers")
    page.get_by_role("button", name="בדיקה עכשיו").click()
    found = page.get_by_test_id("telephone-findings")
    expect(found.locator("[data-code='token.missing']")).to_contain_text("TWILIO_AUTH_TOKEN")
    expect(found.locator("[data-code='address.missing']")).to_contain_text("TORIM_PUBLIC_URL")
    expect(found.locator("li")).to_have_count(8)
    expect(page.get_by_role("link", name="**61*")).to_be_visible()


def test_staff_read_the_settings_and_cannot_change_them(browser: Browser, shop: Installation) -> None:
    shop.add_person("avi@shaked.example", {"shaked": "staff"}, name="Avi")
    person = Person(browser, shop)
    person.log_in("avi@shaked.example")
    page = person.open("/business/details")
    expect(page.get_by_role("note")).to_contain_text("רק בעלי העסק יכולים לשנות")
    expect(page.get_by_label("שם העסק (עברית)")).to_be_disabled()
    expect(page.get_by_role("link", name="תרגול")).to_have_count(0)
    assert person.complaints == [] and person.foreign == []
    person.close()
