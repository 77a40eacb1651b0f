"""List, move, cancel and confirm: a call sees the appointments of its own number and of no other."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from torim.desk.identity import Identity
from torim.desk.receptionist import CallContext

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday, 12:00 in Jerusalem

TUESDAY_TEN = {"slot_id": "20261124T0800Z", "service_id": "haircut"}
DANA, NOA = "+972501234567", "+972527654321"


@pytest.fixture
def shop(desk: Any) -> Any:
    """A desk that lets its caller be chosen, with an appointment of Dana's."""

    def ask(tool: str, arguments: dict[str, Any], caller: str | None = DANA, call: str = "CA2", key: str = "t1") -> Any:
        context = CallContext(call, key, caller, "en", Identity(caller))
        return json.loads(desk.receptionist.run(tool, json.dumps(arguments), context, NOW))

    desk.call = ask
    desk.appointment_id = ask("book_appointment", TUESDAY_TEN | {"name": "Dana"}, call="CA1")["appointment_id"]
    return desk


def test_a_caller_hears_their_appointments(shop: Any) -> None:
    answer = shop.call("list_appointments", {})
    assert answer["spoken"] == (
        "You have one appointment: haircut, Tuesday, November twenty-fourth, at ten in the morning."
    )
    assert [item["id"] for item in answer["appointments"]] == [shop.appointment_id]


def test_several_are_listed_in_order_three_at_most(shop: Any) -> None:
    for hour, key in ((9, "a"), (10, "b"), (11, "c")):
        slot = f"20261125T{hour:02d}00Z"
        shop.call("book_appointment", {"slot_id": slot, "service_id": "haircut"}, key=key)
    answer = shop.call("list_appointments", {}, call="CA3")
    assert len(answer["appointments"]) == 3
    assert answer["spoken"].startswith("These are your appointments: haircut, Tuesday")


def test_another_caller_sees_and_changes_nothing(shop: Any) -> None:
    assert shop.call("list_appointments", {}, NOA)["appointments"] == []
    named = {"appointment_id": shop.appointment_id}
    for tool, arguments in (
        ("cancel_appointment", named),
        ("confirm", named),
        ("reschedule_appointment", named | {"slot_id": "20261124T0900Z"}),
    ):
        refused = shop.call(tool, arguments, NOA)
        assert (refused["ok"], refused["error"]) == (False, "booking.not_found")
        assert refused == shop.call(tool, arguments | {"appointment_id": "none"}, NOA)  # nothing tells them apart
        assert "Dana" not in json.dumps(refused)
    (made,) = shop.appointments()
    assert (made.status, made.starts_at.hour) == ("booked", 8)


def test_a_withheld_number_is_offered_to_leave_a_message(shop: Any) -> None:
    refused = shop.call("list_appointments", {}, None)
    assert (refused["ok"], refused["error"]) == (False, "identity.withheld")
    assert "take a message" in refused["spoken"]
    cancel = shop.call("cancel_appointment", {"appointment_id": shop.appointment_id}, None)
    assert cancel["error"] == "identity.withheld"


def test_moving_keeps_the_appointment_and_says_the_new_time(shop: Any) -> None:
    wish = {"appointment_id": shop.appointment_id, "slot_id": "20261125T1100Z"}
    moved = shop.call("reschedule_appointment", wish)
    assert moved["spoken"] == (
        "Your appointment has been moved: haircut, Wednesday, November twenty-fifth, at one in the afternoon."
    )
    (made,) = shop.appointments()
    assert (made.id, made.contact_name, made.starts_at.day) == (shop.appointment_id, "Dana", 25)
    assert shop.call("reschedule_appointment", wish) == moved  # the same tool call
    assert shop.call("reschedule_appointment", wish, key="t9") == moved  # and asked anew after a barge-in
    assert shop.appointments()[0].version == made.version


def test_moving_to_a_taken_time_offers_others_and_moves_nothing(shop: Any) -> None:
    shop.call("book_appointment", {"slot_id": "20261125T1100Z", "service_id": "haircut"}, NOA, key="t0")
    refused = shop.call("reschedule_appointment", {"appointment_id": shop.appointment_id, "slot_id": "20261125T1100Z"})
    assert (refused["ok"], refused["error"]) == (False, "booking.slot_taken")
    assert refused["slots"]
    assert refused["alternatives"].startswith("I can offer Wednesday")
    assert shop.store.get(shop.business_id, shop.appointment_id).starts_at.day == 24


def test_cancelling_frees_the_time_and_can_be_repeated(shop: Any) -> None:
    cancelled = shop.call("cancel_appointment", {"appointment_id": shop.appointment_id})
    assert cancelled["spoken"].startswith("Your appointment has been cancelled: haircut, Tuesday")
    assert shop.call("cancel_appointment", {"appointment_id": shop.appointment_id}, key="t2") == cancelled
    assert shop.appointments()[0].status == "cancelled"
    assert shop.call("book_appointment", TUESDAY_TEN, NOA)["ok"] is True
    assert shop.call("list_appointments", {})["spoken"] == "I can't find an appointment under your number."


def test_an_appointment_is_confirmed(shop: Any) -> None:
    answer = shop.call("confirm", {"appointment_id": shop.appointment_id})
    assert answer["spoken"].startswith("Your appointment is confirmed: haircut")
    assert shop.appointments()[0].confirmed_at is not None


def test_a_held_time_is_kept_from_others_and_becomes_the_appointment(shop: Any) -> None:
    wanted = {"slot_id": "20261124T0900Z", "service_id": "haircut"}
    held = shop.call("hold_slot", wanted, call="CA5")
    assert "a minute and a half" in held["spoken"]
    assert shop.call("book_appointment", wanted, NOA, call="CA6")["error"] == "booking.slot_taken"
    booked = shop.call("confirm", {"appointment_id": held["appointment_id"]}, call="CA5", key="t2")
    assert booked["spoken"].startswith("Your appointment is booked: haircut")
    assert shop.store.get(shop.business_id, held["appointment_id"]).status == "booked"


def test_a_hold_ends_with_its_call(shop: Any) -> None:
    wanted = {"slot_id": "20261124T0900Z", "service_id": "haircut"}
    shop.call("hold_slot", wanted, call="CA5")
    assert shop.receptionist.call_over("CA5", NOW) == 1
    assert shop.call("book_appointment", wanted, NOA, call="CA6")["ok"] is True


def test_what_a_call_made_it_may_undo_even_with_a_withheld_number(shop: Any) -> None:
    wanted = {"slot_id": "20261124T0900Z", "service_id": "haircut"}
    made = shop.call("book_appointment", wanted, None, call="CA7")
    undone = shop.call("cancel_appointment", {"appointment_id": made["appointment_id"]}, None, call="CA7", key="t2")
    assert undone["ok"] is True
