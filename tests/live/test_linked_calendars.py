"""Linked calendars over real HTTP: what they say is busy, and nothing is offered once they cannot be read."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import msgspec
import pytest

from torim.desk.book import BookingRequest
from torim.desk.business import Business, Hours, Staff, load_business
from torim.desk.receptionist import CallContext, Receptionist
from torim.desk.search import open_slots, why_nothing
from torim.desk.staffing import performers
from torim.errors import BookingError
from torim.live import calendars as edge
from torim.storage.linked_calendars import CalendarStore
from torim.storage.store import Store

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # the edge reads the real clock: up to an hour off
EVENT = """BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r
DTSTART:{begins:%Y%m%dT%H%M%SZ}\r\nDTEND:{ends:%Y%m%dT%H%M%SZ}\r\nSUMMARY:dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""


class Site:
    """A calendar's address: what it answers can be changed."""

    def __init__(self) -> None:
        self.status, self.body, self.asked = 200, b"", 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked += 1
                self.send_response(site.status)
                self.send_header("Content-Type", "text/calendar")
                self.end_headers()
                self.wfile.write(site.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/secret.ics"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def says(self, begins: datetime, ends: datetime) -> None:
        self.body = EVENT.format(begins=begins, ends=ends).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path}/torim.db")
    made.upgrade()
    yield made
    made.close()


def business(**changes: object) -> Business:
    always = Hours(**dict.fromkeys(Hours.__struct_fields__, ("00:00-24:00",)))
    holidays = msgspec.structs.replace(load_business().holidays, country="none", shabbat=False)
    return msgspec.structs.replace(
        load_business(), hours=always, horizon_days=2, slot_step_min=60, holidays=holidays, breaks=Hours(), **changes
    )


def read(store: Store, after: timedelta = timedelta()) -> None:
    """Read every calendar that is due, once."""

    async def once() -> None:
        linked = CalendarStore(store.database)
        async with httpx.AsyncClient(timeout=60) as client:
            for calendar in linked.claim(NOW + after, edge.READ_EVERY):
                await edge.read(client, linked, store.businesses, calendar)

    asyncio.run(once())


def free(store: Store, shop: Business, now: datetime = NOW) -> list[datetime]:
    return [slot.starts_at for slot in open_slots(store, shop, shop.services[0], now)]


def test_events_are_busy_times(store: Store, site: Site) -> None:
    shop = business(calendar=site.url)
    store.businesses.adopt(shop, NOW)
    dentist = NOW + timedelta(hours=5)
    site.says(dentist, dentist + timedelta(hours=1))
    read(store)
    times = free(store, shop)
    assert dentist not in times
    assert dentist + timedelta(hours=1) in times
    assert why_nothing(store, shop, NOW) is None
    (linked,) = CalendarStore(store.database).of_business(shop.id)
    assert linked.error is None
    assert linked.is_good(NOW)


def test_before_it_was_ever_read_nothing_is_offered_and_the_reason_is_told(store: Store, site: Site) -> None:
    shop = business(calendar=site.url)
    store.businesses.adopt(shop, NOW)
    assert free(store, shop) == []
    assert why_nothing(store, shop, NOW) == "calendar_unreadable"


def test_a_caller_hears_that_the_calendar_cannot_be_seen_and_is_offered_a_message(store: Store, site: Site) -> None:
    shop = business(calendar=site.url)
    store.businesses.adopt(shop, NOW)
    desk = Receptionist(shop, store)
    wish = json.dumps({"service_id": shop.services[0].id, "wish": "tomorrow"})
    answer = json.loads(desk.run("find_slots", wish, CallContext("CA1", "t1", None, "en"), NOW))
    assert (answer["ok"], answer["error"]) == (False, "calendar.unreadable")
    assert "can't see the calendar" in answer["spoken"] and "take a message" in answer["spoken"]
    site.says(NOW + timedelta(hours=30), NOW + timedelta(hours=31))
    read(store)
    assert json.loads(desk.run("find_slots", wish, CallContext("CA1", "t2", None, "en"), NOW))["slots"]


def test_the_last_good_copy_serves_for_six_hours(store: Store, site: Site) -> None:
    shop = business(calendar=site.url)
    store.businesses.adopt(shop, NOW)
    site.says(NOW + timedelta(hours=30), NOW + timedelta(hours=31))
    read(store)
    site.status = 503
    read(store, timedelta(hours=2))
    (linked,) = CalendarStore(store.database).of_business(shop.id)
    assert linked.error is not None
    assert "answered 503 (Service Unavailable)" in linked.error
    assert "secret" not in linked.error
    read_at = linked.read_at
    assert read_at is not None
    later = read_at + timedelta(hours=6)
    assert free(store, shop, later)
    assert NOW + timedelta(hours=30) not in free(store, shop, later)
    assert free(store, shop, later + timedelta(seconds=1)) == []
    site.status = 200
    read(store, timedelta(hours=4))
    assert CalendarStore(store.database).of_business(shop.id)[0].error is None


def test_only_the_member_whose_calendar_is_lost_is_not_offered(store: Store, site: Site) -> None:
    members = (
        Staff(id="dana", name={"he": "דנה", "en": "Dana"}, calendar=site.url),
        Staff(id="noa", name={"he": "נועה", "en": "Noa"}),
    )
    shop = business(staff=members)
    store.businesses.adopt(shop, NOW)
    found = list(open_slots(store, shop, shop.services[0], NOW))
    assert {slot.staff_ids for slot in found} == {("noa",)}
    assert why_nothing(store, shop, NOW) is None
    assert list(open_slots(store, shop, shop.services[0], NOW, staff_id="dana")) == []


def test_an_event_cannot_be_booked_over_but_by_the_owner(store: Store, site: Site) -> None:
    shop = business(calendar=site.url)
    store.businesses.adopt(shop, NOW)
    dentist = NOW + timedelta(hours=5)
    site.says(dentist, dentist + timedelta(hours=1))
    read(store)
    values = {
        "business_id": shop.id,
        "service_id": shop.services[0].id,
        "starts_at": dentist,
        "ends_at": dentist + timedelta(minutes=30),
        "timezone": shop.timezone,
        "asked_at": NOW,
        "performers": performers(shop, shop.services[0].id),
    }
    with pytest.raises(BookingError, match="taken"):
        store.book(BookingRequest(idempotency_key="a", **values))
    assert store.book(BookingRequest(idempotency_key="b", ignore_calendars=True, **values)).status == "booked"


def test_a_calendar_is_read_again_after_ten_minutes_and_by_one_process(store: Store, site: Site) -> None:
    store.businesses.adopt(business(calendar=site.url), NOW)
    linked = CalendarStore(store.database)
    assert len(linked.claim(NOW, edge.READ_EVERY)) == 1
    assert linked.claim(NOW, edge.READ_EVERY) == []
    assert linked.claim(NOW + edge.READ_EVERY - timedelta(seconds=1), edge.READ_EVERY) == []
    assert len(linked.claim(NOW + edge.READ_EVERY, edge.READ_EVERY)) == 1


def test_another_address_begins_anew(store: Store, site: Site) -> None:
    record = store.businesses.adopt(business(calendar=site.url), NOW)
    site.says(NOW + timedelta(hours=5), NOW + timedelta(hours=6))
    read(store)
    other = msgspec.structs.replace(record.business, calendar="https://example.com/other.ics")
    store.businesses.save(other, 1, NOW)
    assert free(store, other) == []
    without = msgspec.structs.replace(other, calendar=None)
    store.businesses.save(without, 2, NOW)
    assert NOW + timedelta(hours=5) in free(store, without)


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"<html>Please log in</html>", "no calendar in ICS form"), (b"x" * (edge.MOST_BYTES + 1), "larger than 10 MB")],
)
def test_what_is_wrong_with_it_is_said_in_words(store: Store, site: Site, body: bytes, words: str) -> None:
    shop = business(calendar=site.url)
    store.businesses.adopt(shop, NOW)
    site.body = body
    read(store)
    assert words in (CalendarStore(store.database).of_business(shop.id)[0].error or "")


def test_a_server_that_is_not_there(store: Store) -> None:
    shop = business(calendar="http://127.0.0.1:9/none.ics")
    store.businesses.adopt(shop, NOW)
    read(store)
    assert "cannot be reached" in (CalendarStore(store.database).of_business(shop.id)[0].error or "")


def test_a_calendar_of_our_own_network_is_not_read_unless_the_operator_allows_it(store: Store, site: Site) -> None:
    shop = business(calendar=site.url.replace("127.0.0.1", "localhost"))
    store.businesses.adopt(shop, NOW)
    linked = CalendarStore(store.database)
    asyncio.run(edge.read_all(linked, store.businesses, linked.claim(NOW, edge.READ_EVERY)))
    found = linked.of_business(shop.id)[0]
    assert site.asked == 0 and found.read_at is None
    assert "TORIM_ALLOW_PRIVATE_ADDRESSES" in (found.error or "") and site.url not in (found.error or "")


def test_reading_goes_on_by_itself_until_it_is_stopped(store: Store, site: Site) -> None:
    shop = business(calendar=site.url)
    store.businesses.adopt(shop, NOW)
    site.says(NOW + timedelta(hours=5), NOW + timedelta(hours=6))

    async def until_read() -> None:
        task = asyncio.create_task(edge.keep_reading(store, look_every_s=0.01, allow_private_addresses=True))
        async with asyncio.timeout(10):
            while CalendarStore(store.database).of_business(shop.id)[0].read_at is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(until_read())
    assert site.asked == 1
