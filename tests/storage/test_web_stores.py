"""What the web side stores and reads, on both databases: nothing of one business is seen from another."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.book import BookingRequest
from torim.desk.business import PrivacyMode
from torim.desk.messages import MessageRequest
from torim.errors import AccessError
from torim.storage.access import AccessStore, ApiKey, Feed, Session
from torim.storage.office import AppointmentFilter, CallFilter, OfficeStore
from torim.storage.privacy import PrivacyStore
from torim.storage.records import CallEnd, CallStart
from torim.storage.store import Store

NOW = datetime(2027, 1, 10, 8, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
NUMBER = "+972501234567"
WHOLE = (NOW - timedelta(days=9), NOW + timedelta(days=9))


@pytest.fixture
def store(any_url: str) -> Iterator[Store]:
    made = Store(any_url)
    made.upgrade()
    yield made
    made.close()


@pytest.fixture
def filled(store: Store) -> Store:
    """One business's call, appointment and message."""
    store.start_call(CallStart("CA1", "mine", "twilio", "embedded", NOW, NUMBER))
    store.start_call(CallStart("CA2", "mine", "twilio", "embedded", NOW))  # goes on
    store.put_turns("CA1", [Turn(Speaker.CALLER, 0, 900, "My name is Dana", "My name is Dana", item_id="u1")])
    store.finish_call(CallEnd("CA1", NOW + timedelta(seconds=9), EndReason.CALLER_HUNG_UP, {"duration_ms": 9_000}))
    store.book(
        BookingRequest(
            business_id="mine",
            service_id="haircut",
            starts_at=LATER,
            ends_at=LATER + timedelta(minutes=30),
            timezone="Asia/Jerusalem",
            idempotency_key="k1",
            asked_at=NOW,
            call_id="CA1",
            contact_name="Dana",
            contact_phone=NUMBER,
        )
    )
    message = MessageRequest(
        business_id="mine", text="Call me", idempotency_key="m1", asked_at=NOW, call_id="CA1", from_number=NUMBER
    )
    store.leave_message(message)
    return store


def looks(office: OfficeStore, business_id: str) -> dict[str, object]:
    """Every read of the office that belongs to a business."""
    return {
        "calls": office.calls(business_id, CallFilter(), None, 10),
        "call": office.call(business_id, "CA1"),
        "open_calls": office.open_calls(business_id, WHOLE[0]),
        "numbers": office.numbers(business_id, *WHOLE).calls,
        "appointments": office.appointments(business_id, AppointmentFilter(), None, 10),
        "changed_appointments": office.changed_appointments(business_id, WHOLE[0]),
        "count_appointments": office.count_appointments(business_id, *WHOLE),
        "messages": office.messages(business_id, None, None, None, 10),
        "changed_messages": office.changed_messages(business_id, WHOLE[0]),
        "open_messages": office.open_messages(business_id),
    }


def test_every_read_of_the_office_is_of_one_business(filled: Store) -> None:
    office = OfficeStore(filled.database)
    mine, theirs = looks(office, "mine"), looks(office, "theirs")
    assert [name for name, found in mine.items() if not found] == []
    assert [name for name, found in theirs.items() if found] == []
    scoped = {
        name
        for name, method in inspect.getmembers(OfficeStore, inspect.isfunction)
        if "business_id" in inspect.signature(method).parameters
    }
    assert scoped == set(mine)


def test_privacy_touches_one_business_only(filled: Store, tmp_path: Path) -> None:
    privacy = PrivacyStore(filled.database, tmp_path)
    assert not any(privacy.export("theirs", [NUMBER]).data[name] for name in ("calls", "appointments", "messages"))
    assert privacy.erase("theirs", [NUMBER], NOW).calls == 0
    assert privacy.forget("theirs", ["CA1"], NOW).calls == 0
    assert privacy.calls_before("theirs", LATER) == [] and privacy.messages_before("theirs", LATER) == 0
    privacy.reduce("theirs", "CA1", PrivacyMode.FACTS_ONLY)
    assert len(filled.turns("mine", "CA1")) == 1
    privacy.reduce("mine", "CA1", PrivacyMode.NO_PERSONAL_DATA)
    assert filled.turns("mine", "CA1")[0].heard_text == "My name is [...]"
    done = privacy.erase("mine", [NUMBER], NOW)
    assert (done.appointments, done.messages) == (1, 1)


def test_access_knows_whose_a_key_and_an_address_is(store: Store) -> None:
    access = AccessStore(store.database)
    access.add_key(ApiKey("k", "mine", "n", ("calls:read",), None, NOW, None, None, None), "hash")
    access.add_feed(Feed("f", "mine", "n", None, NOW, None, None), "hash")
    assert access.keys("theirs") == [] == access.feeds("theirs")
    assert not access.revoke_key("theirs", "k", NOW) and not access.revoke_feed("theirs", "f", NOW)
    key, feed = access.key("hash", NOW), access.feed("hash", NOW)
    assert key is not None and key.business_id == "mine" and key.scopes == ("calls:read",)
    assert feed is not None and feed.business_id == "mine"
    assert access.revoke_key("mine", "k", NOW) and access.key("hash", NOW) is None
    assert access.revoke_feed("mine", "f", NOW) and access.feed("hash", NOW) is None


def test_accounts_links_and_sessions_on_both_databases(store: Store) -> None:
    access = AccessStore(store.database)
    access.add_link("first", None, LATER)
    first = access.add_first_account("Me@Torim.example", "Me", {"mine": "owner"}, NOW, "hash", "first")
    with pytest.raises(AccessError, match="used or has expired"):
        access.add_first_account("you@torim.example", "You", {"mine": "owner"}, NOW, "hash", "first")
    with pytest.raises(AccessError, match="e-mail"):
        access.add_account("ME@torim.example", "Again", {}, NOW)
    assert access.account_by_email("me@TORIM.example") == first
    assert [account.id for account in access.accounts("mine")] == [first.id] and access.accounts("theirs") == []
    session = Session("s", first.id, "mine", "", NOW, NOW, LATER)
    access.add_session("token", session)
    found = access.session("token", NOW, 60)
    assert found == (session, first) and access.session("token", LATER, 10**6) is None
    access.add_link("link", first.id, LATER)
    assert access.link("link", NOW) == first
    access.set_password_by_link("link", "other", NOW)
    assert access.session("token", NOW, 60) is None  # a new password ends every session
    with pytest.raises(AccessError):
        access.link("link", NOW)
    with pytest.raises(AccessError, match="without an owner"):
        access.remove_member(first.id, "mine")
    assert not access.remove_member(first.id, "theirs")
