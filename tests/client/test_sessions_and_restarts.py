"""What happens to an open page when a session ends, when the server restarts, and whose data a page shows."""

from __future__ import annotations

import pytest
from installation import OWNER, PASSWORD, WAIT_MS, Installation, Person, shaked
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.timeout(400)  # a server, a browser, and perhaps a busy machine


def test_a_session_that_ends_is_taken_up_again_without_losing_the_page(browser: Browser, shop: Installation) -> None:
    person, other = Person(browser, shop), Person(browser, shop)
    person.log_in()
    before = person.api("GET", "/business")["settings"]
    page = person.open("/business/details")
    page.get_by_label("שם העסק (עברית)").fill("שם שעוד לא נשמר")
    other.log_in()
    for session in other.api("GET", "/sessions")["items"]:
        if not session["current"]:
            other.api("DELETE", f"/sessions/{session['id']}")
    page.get_by_role("button", name="שמירה").click()
    asked = page.get_by_role("dialog", name="פג תוקף הכניסה")
    expect(asked).to_be_visible()
    asked.get_by_label("דואר אלקטרוני").fill(OWNER)
    asked.get_by_label("סיסמה").first.fill(PASSWORD)
    asked.get_by_role("button", name="כניסה").click()
    expect(asked).to_have_count(0)
    expect(page.get_by_label("שם העסק (עברית)")).to_have_value("שם שעוד לא נשמר")
    page.get_by_role("button", name="שמירה").click()
    expect(page.get_by_text("ההגדרות נשמרו")).to_be_visible()
    assert person.api("GET", "/business")["settings"]["name"]["he"] == "שם שעוד לא נשמר"
    person.api("PUT", "/business", before)
    person.close()
    other.close()


def test_who_logs_out_leaves_nothing_on_the_page(browser: Browser, shop: Installation) -> None:
    person = Person(browser, shop, language="en")
    person.log_in()
    page = person.open("/calls")
    expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()
    page.get_by_role("button", name="Dana Shaked").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_label("E-mail")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_text("Dana Shaked")).to_have_count(0)
    page.go_back()
    page.reload()
    expect(page.get_by_role("navigation")).to_have_count(0)
    person.close()


def test_a_page_survives_a_restart_of_the_server(browser: Browser, shop: Installation) -> None:
    person = Person(browser, shop, language="en")
    person.log_in()
    page = person.open("/live")
    expect(page.get_by_text("No calls at the moment")).to_be_visible()
    shop.stop()
    expect(page.get_by_role("alert").first).to_contain_text("cannot be reached")
    shop.start()
    expect(page.get_by_text("No calls at the moment")).to_be_visible(timeout=2 * WAIT_MS)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("link", name="Calendar").first.click()
    expect(page.get_by_role("button", name="New appointment", exact=True)).to_be_visible()
    assert person.complaints == []
    person.close()


def test_two_businesses_of_one_installation_do_not_see_each_other(browser: Browser, shop: Installation) -> None:
    clinic = replace(shaked(), id="clinic", name={"he": "מרפאת אור", "en": "Or Clinic"}, numbers=("+97235550142",))
    shop.add_business(clinic)
    shop.add_person("noa@clinic.example", {"clinic": "owner"}, name="Noa Or")
    dana, noa = Person(browser, shop), Person(browser, shop)
    dana.log_in()
    noa.log_in("noa@clinic.example")
    slot = dana.api("GET", "/slots?service_id=haircut")["items"][0]
    wish = {"service_id": "haircut", "starts_at": slot["starts_at"], "contact_name": "לקוחה של שקד"}
    made = dana.api("POST", "/appointments", wish)
    hers, not_hers = dana.open("/calendar?view=agenda"), noa.open("/calendar?view=agenda")
    expect(hers.get_by_text("לקוחה של שקד")).to_be_visible()
    expect(not_hers.get_by_text("מרפאת אור").first).to_be_visible()
    expect(not_hers.get_by_text("אין תורים").first).to_be_visible()
    expect(not_hers.get_by_text("לקוחה של שקד")).to_have_count(0)
    not_hers.goto(f"/calendar?appointment={made['id']}")
    expect(not_hers.get_by_role("alert").first).to_be_visible()
    expect(not_hers.get_by_text("לקוחה של שקד")).to_have_count(0)
    dana.close()
    noa.close()
