"""Nothing of one business reaches another: every public method of every store, with another business's ids.

The methods are found by themselves: a new one is called too, or fails here for want of an argument.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import MetaData, select
from storage_scene import TEN, at, call_start, request, turn

from torim.core.events import EndReason
from torim.desk.book import BookingRequest, ChangeRequest, EditRequest, RescheduleRequest
from torim.desk.business import PrivacyMode, load_business
from torim.desk.messages import MessageRequest
from torim.errors import TorimError
from torim.storage.access import AccessStore
from torim.storage.access_rows import ApiKey, Feed
from torim.storage.businesses import BusinessDirectory
from torim.storage.database import Database
from torim.storage.deeds import deeds
from torim.storage.jobs import JobBook, NewJob
from torim.storage.office import AppointmentFilter, CallFilter, OfficeStore
from torim.storage.privacy import PrivacyStore
from torim.storage.records import CallEnd, CallSummary, TimelineLine
from torim.storage.store import Store

MARK = "SECRET"  # in everything that the salon stores
PHONE = "+972501234567"
ASKED = TEN - timedelta(days=1)
END = CallEnd("CA1", TEN, EndReason.GOODBYE, {}, MARK, MARK)

# Methods that no business is named to, and why that is right.
INSTALLATION: dict[str, str] = {
    "Store.backup": "the owner of the machine copies everything",
    "Store.close": "holds nothing",
    "Store.upgrade": "changes the schema only",
    "Store.database": "connections, for what is tested here itself",
    "Store.write": "a call writes of itself, by an id that is unique for ever",
    "Store.start_call": "a call writes of itself",
    "Store.put_turns": "a call writes of itself",
    "Store.finish_call": "a call writes of itself; its appointments are of its business",
    "Store.how_it_ended": "the carrier asks by an id that is unique for ever, and learns a reason only",
}


class Shop:
    """A database in which the salon has something of everything."""

    def __init__(self, url: str, tmp_path: Path) -> None:
        self.store = Store(url)
        self.store.upgrade()
        self.database = Database(url)
        self._fill()
        self.stores: list[object] = [
            self.store,
            OfficeStore(self.database),
            AccessStore(self.database),
            JobBook(self.database),
            PrivacyStore(self.database, tmp_path),
        ]

    def _fill(self) -> None:
        store = self.store
        store.start_call(replace(call_start(), from_number=PHONE))
        self.made = store.book(request(contact_name=MARK, contact_phone=PHONE, notes=MARK))
        self.held = store.hold(request("CA1", "t2", **at(60), contact_name=MARK))
        self.message = store.leave_message(
            MessageRequest(
                business_id="salon",
                text=MARK,
                idempotency_key="CA1/m",
                asked_at=ASKED,
                call_id="CA1",
                from_number=PHONE,
                name=MARK,
            )
        )
        store.put_turns("CA1", [turn(MARK)])
        store.write([TimelineLine("CA1", 1, MARK)])
        store.finish_call(END)
        store.put_summary("salon", "CA1", CallSummary(MARK, details={"name": MARK}))
        access = AccessStore(self.database)
        self.account = access.add_account("owner@example.com", MARK, {"salon": "owner"}, ASKED)
        access.add_key(ApiKey("key1", "salon", MARK, (), self.account.id, ASKED, None, None, None), "hash1")
        access.add_feed(Feed("feed1", "salon", MARK, None, ASKED, None, None), "hash2")
        JobBook(self.database).add([NewJob("salon", "kind", "job1", ASKED, MARK)], ASKED)

    def rows(self) -> dict[str, Sequence[Any]]:
        """Every row that is not the other business's."""
        tables = MetaData()
        with self.database.read() as connection:
            tables.reflect(connection)
            found = {}
            for table in tables.sorted_tables:
                query = select(table)
                if "business_id" in table.c:
                    query = query.where(table.c.business_id == "salon")
                found[table.name] = sorted(map(repr, connection.execute(query)))
        return found


@pytest.fixture
def shop(any_url: str, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(any_url, tmp_path)
    yield made
    made.database.close()
    made.store.close()


def arguments(shop: Shop) -> dict[str, object]:
    """What a stranger would try: their own business, and everybody else's ids."""
    return {
        "business_id": "clinic",
        "appointment_id": shop.made.id,
        "call_id": "CA1",
        "call_ids": ["CA1"],
        "message_id": shop.message.id,
        "key_id": "key1",
        "feed_id": "feed1",
        "job_id": JobBook(shop.database).of_business("salon")[0].id,
        "account_id": shop.account.id,
        "idempotency_key": "CA1/t1",
        "key": "CA1/t1",
        "phone": PHONE,
        "numbers": [PHONE],
        "subject": MARK,
        "kind": "x",
        "mode": PrivacyMode.FACTS_ONLY,
        "since": TEN - timedelta(days=7),
        "until": TEN + timedelta(days=7),
        "before": TEN + timedelta(days=700),
        "now": TEN,
        "limit": 1000,
        "after": None,
        "done": None,
        "urgency": None,
        "session_id": "nobodys",
        "summary": CallSummary("overwritten"),
    }


def requests(shop: Shop, kind: type[Any]) -> object:
    """A request in the clinic's name about what is the salon's."""
    change = {
        "business_id": "clinic",
        "appointment_id": shop.made.id,
        "idempotency_key": "CA1/t1",
        "asked_at": ASKED,
    }
    made: dict[type[Any], Callable[[], object]] = {
        BookingRequest: lambda: replace(request(**at(300)), business_id="clinic", hold_id=shop.held.id),
        ChangeRequest: lambda: ChangeRequest(**change),
        EditRequest: lambda: EditRequest(contact_name="overwritten", **change),
        RescheduleRequest: lambda: RescheduleRequest(**change, **at(600)),
        MessageRequest: lambda: MessageRequest(
            business_id="clinic", text="x", idempotency_key="CA1/m", asked_at=ASKED, call_id="CA1"
        ),
        CallFilter: CallFilter,
        AppointmentFilter: AppointmentFilter,
    }
    return made[kind]()


def public(store: object) -> Iterator[tuple[str, Callable[..., object]]]:
    for name, _ in inspect.getmembers(type(store), inspect.isfunction):
        if not name.startswith("_"):
            yield name, getattr(store, name)


def attempt(shop: Shop, method: Callable[..., object], signature: inspect.Signature) -> str:
    """Call it as the clinic; what it says, or what it refuses with."""
    given, known = {}, arguments(shop)
    for name, parameter in signature.parameters.items():
        kind = parameter.annotation
        if kind in _REQUESTS:
            given[name] = requests(shop, kind)
        elif name in known:
            given[name] = known[name]
        elif parameter.default is inspect.Parameter.empty:
            raise AssertionError(f"{method!r} takes {name!r}: say in `arguments` what a stranger would give")
    try:
        return repr(method(**given))
    except TorimError as error:
        return str(error)


_REQUESTS = (
    BookingRequest,
    ChangeRequest,
    EditRequest,
    RescheduleRequest,
    MessageRequest,
    CallFilter,
    AppointmentFilter,
)


def concerns_a_business(signature: inspect.Signature) -> bool:
    return any(
        name == "business_id" or parameter.annotation in _REQUESTS for name, parameter in signature.parameters.items()
    )


def test_every_method_of_the_store_is_scoped_or_says_why_not(shop: Shop) -> None:
    for name, method in public(shop.store):
        scoped = concerns_a_business(inspect.signature(method, eval_str=True))
        assert scoped != (f"Store.{name}" in INSTALLATION), name


def test_no_method_of_any_store_tells_a_stranger_anything(shop: Shop) -> None:
    called = 0
    for store in shop.stores:
        for name, method in public(store):
            signature = inspect.signature(method, eval_str=True)
            if not concerns_a_business(signature):
                continue
            before = shop.rows()
            said = attempt(shop, method, signature)
            assert MARK not in said, (name, said)
            assert PHONE not in said or "numbers" in signature.parameters, (name, said)
            assert shop.made.id not in said or "There is no" in said, (name, said)
            assert shop.rows() == before, f"{type(store).__name__}.{name} changed what is another business's"
            called += 1
    assert called > 40


def test_what_a_call_did_is_told_to_its_business_only(shop: Shop) -> None:
    assert MARK in repr(deeds(shop.database, "salon", "CA1"))
    assert MARK not in repr(deeds(shop.database, "clinic", "CA1"))


def test_the_salon_itself_sees_what_it_stored(shop: Shop) -> None:
    store = shop.store
    seen = [
        store.appointments("salon"),
        store.calls("salon"),
        store.turns("salon", "CA1"),
        store.timeline("salon", "CA1"),
        store.messages("salon"),
        store.upcoming("salon", PHONE, ASKED),
    ]
    assert all(MARK in repr(found) for found in seen)


def test_the_writer_cannot_put_words_into_another_business(shop: Shop) -> None:
    with pytest.raises(TorimError):
        shop.store.book(replace(request("CA1", "t9", **at(400)), business_id="clinic"))
    shop.store.finish_call(END)
    assert all(made.business_id == "salon" for made in shop.store.appointments("salon"))
    assert shop.store.appointments("clinic") == []


def test_a_business_is_found_by_its_own_numbers_only(shop: Shop) -> None:
    directory = BusinessDirectory(shop.database)
    for name, number in (("salon", "03-555 0100"), ("clinic", "03-555 0200")):
        directory.adopt(msgspec.structs.replace(load_business(), id=name, numbers=(number,)), ASKED)
    found = [directory.by_number(called) for called in ("+97235550100", "03 555 0200", "+97235550300", "")]
    assert [record and record.id for record in found] == ["salon", "clinic", None, None]
    assert [record.id for record in directory.all()] == ["clinic", "salon"]
