"""The verbs of the book on both databases: hold, book, confirm, reschedule, cancel, edit, and their repetitions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from storage_scene import TEN, at, request

from torim.desk.book import Appointment, ChangeRequest, EditRequest, RescheduleRequest, Status
from torim.desk.staffing import Performer
from torim.errors import BookingError, StorageError
from torim.storage.store import Store

ASKED = TEN - timedelta(days=1)
DANA, NOA = Performer("dana"), Performer("noa")
KEYS = count()


@pytest.fixture
def url(any_url: str) -> str:
    return any_url


def change(made: Appointment, key: str | None = None, **changes: object) -> ChangeRequest:
    values = {"business_id": "salon", "idempotency_key": key or f"k{next(KEYS)}", "asked_at": ASKED} | changes
    return ChangeRequest(appointment_id=made.id, **values)  # type: ignore[arg-type]


def move(made: Appointment, minutes: int, key: str | None = None, **changes: object) -> RescheduleRequest:
    values = {"business_id": "salon", "idempotency_key": key or f"k{next(KEYS)}", "asked_at": ASKED} | changes
    return RescheduleRequest(appointment_id=made.id, **at(minutes), **values)  # type: ignore[arg-type]


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(BookingError) as error:
        act()
    return error.value.code


def later(**passed: int) -> dict[str, datetime]:
    return {"asked_at": ASKED + timedelta(**passed)}


# --- holds


def test_a_hold_takes_its_time_for_ninety_seconds(store: Store) -> None:
    held = store.hold(request())
    assert (held.status, held.hold_expires_at) == (Status.HELD, ASKED + timedelta(seconds=90))
    assert refused(lambda: store.book(request("CA2", **later(seconds=89)))) == "booking.slot_taken"
    (busy,) = store.busy("salon", TEN, TEN + timedelta(hours=1), ASKED)
    assert busy.kind == "held"
    assert store.busy("salon", TEN, TEN + timedelta(hours=1), ASKED + timedelta(seconds=90)) == []
    assert store.book(request("CA2", **later(seconds=90))).status == "booked"
    assert store.get("salon", held.id) is None


def test_a_hold_becomes_the_appointment(store: Store) -> None:
    held = store.hold(request())
    made = store.book(request("CA1", "t2", hold_id=held.id, contact_name="דנה"))
    assert (made.id, made.status, made.contact_name, made.hold_expires_at) == (held.id, "booked", "דנה", None)
    assert store.book(request("CA1", "t2", hold_id=held.id)) == made
    assert len(store.appointments("salon")) == 1


def test_the_hold_of_the_same_call_is_found_without_being_named(store: Store) -> None:
    held = store.hold(request())
    assert store.book(request("CA1", "t2")).id == held.id


def test_an_expired_hold_is_booked_anew_while_the_time_is_free(store: Store) -> None:
    held = store.hold(request())
    made = store.book(request("CA1", "t2", hold_id=held.id, **later(minutes=5)))
    assert made.status == "booked"
    assert len(store.appointments("salon")) == 1


def test_an_expired_hold_is_lost_once_somebody_else_has_the_time(store: Store) -> None:
    held = store.hold(request())
    store.book(request("CA2", **later(minutes=2)))
    assert (
        refused(lambda: store.book(request("CA1", "t2", hold_id=held.id, **later(minutes=3)))) == "booking.slot_taken"
    )


def test_a_call_that_holds_again_gives_up_what_it_meets(store: Store) -> None:
    store.hold(request())
    again = store.hold(request("CA1", "t2", **at(15)))
    assert [made.id for made in store.appointments("salon")] == [again.id]


def test_one_call_cannot_hold_the_whole_day(store: Store) -> None:
    for number in range(6):
        store.hold(request("CA1", f"t{number}", **at(30 * number), **later(seconds=number)))
    held = store.appointments("salon")
    assert [made.starts_at - TEN for made in held] == [timedelta(minutes=30 * number) for number in (3, 4, 5)]


def test_holds_are_released_on_hang_up_and_appointments_are_not(store: Store) -> None:
    store.hold(request())
    store.hold(request("CA2", **at(60)))
    made = store.book(request("CA1", "t2", **at(120)))
    assert store.release("salon", "CA1", ASKED) == 1
    assert {item.call_id for item in store.appointments("salon")} == {"CA1", "CA2"}
    assert store.of_call("salon", "CA1") == [made]
    assert store.of_call("salon", "CA2") == []  # holds are not listed


def test_confirming_makes_a_hold_firm_and_is_remembered_of_an_appointment(store: Store) -> None:
    made = store.confirm(change(store.hold(request())))
    assert (made.status, made.confirmed_at) == ("booked", None)
    assert store.confirm(change(made)).confirmed_at == ASKED


def test_an_expired_hold_cannot_be_confirmed(store: Store) -> None:
    held = store.hold(request())
    assert refused(lambda: store.confirm(change(held, **later(seconds=90)))) == "booking.hold_expired"


# --- moving and cancelling


def test_moving_keeps_the_id_and_frees_the_old_time(store: Store) -> None:
    made = store.book(request(contact_name="דנה"))
    moved = store.reschedule(move(made, 60))
    assert (moved.id, moved.contact_name, moved.starts_at) == (made.id, "דנה", TEN + timedelta(hours=1))
    assert (moved.version, moved.sequence) == (2, 1)
    assert store.book(request("CA2")).starts_at == TEN


def test_moving_by_a_little_does_not_meet_itself(store: Store) -> None:
    assert store.reschedule(move(store.book(request()), 10)).starts_at == TEN + timedelta(minutes=10)


def test_moving_onto_another_is_refused_and_changes_nothing(store: Store) -> None:
    made = store.book(request())
    store.book(request("CA2", **at(60)))
    assert refused(lambda: store.reschedule(move(made, 45))) == "booking.slot_taken"
    assert store.get("salon", made.id) == made


def test_cancelling_frees_the_time_once(store: Store) -> None:
    made = store.book(request())
    gone = store.cancel(change(made))
    assert (gone.status, gone.cancelled_at, gone.sequence) == ("cancelled", ASKED, 1)
    assert store.cancel(change(made)) == gone
    store.book(request("CA2"))
    assert refused(lambda: store.reschedule(move(made, 90))) == "booking.wrong_status"
    assert refused(lambda: store.confirm(change(made))) == "booking.wrong_status"


def test_a_change_of_an_old_version_is_refused(store: Store) -> None:
    made = store.book(request())
    store.reschedule(move(made, 60))
    assert refused(lambda: store.cancel(change(made, expected_version=1))) == "booking.version_conflict"
    assert store.cancel(change(made, expected_version=2)).version == 3


def test_what_is_not_there_cannot_be_changed(store: Store) -> None:
    made = store.book(request())
    for act in (store.cancel, store.confirm):
        assert refused(lambda act=act: act(change(made, business_id="clinic"))) == "booking.not_found"
    assert refused(lambda: store.reschedule(move(made, 60, business_id="clinic"))) == "booking.not_found"


def test_a_contact_is_edited_and_an_appointment_marked_as_done(store: Store) -> None:
    made = store.book(request(contact_name="Dana", contact_phone="+972501234567"))
    values = {"business_id": "salon", "appointment_id": made.id, "asked_at": ASKED}
    edited = store.edit(EditRequest(idempotency_key="e1", contact_name="דנה", contact_phone="", **values))
    assert (edited.contact_name, edited.contact_phone, edited.version) == ("דנה", None, 2)
    done = store.edit(EditRequest(idempotency_key="e2", status=Status.DONE, **values))
    assert done.status == "done"
    assert refused(lambda: store.edit(EditRequest(idempotency_key="e3", status=Status.HELD, **values))) == (
        "booking.wrong_status"
    )


# --- the same key


@pytest.mark.parametrize("verb", ["hold", "book", "confirm", "reschedule", "cancel"])
def test_a_verb_repeated_with_its_key_happens_once(store: Store, verb: str) -> None:
    made = store.book(request("CA0"))
    act: dict[str, Callable[[], Appointment]] = {
        "hold": lambda: store.hold(request("CA2", "again", **at(60))),
        "book": lambda: store.book(request("CA2", "again", **at(60))),
        "confirm": lambda: store.confirm(change(made, "again")),
        "reschedule": lambda: store.reschedule(move(made, 90, "again")),
        "cancel": lambda: store.cancel(change(made, "again")),
    }
    first = act[verb]()
    assert act[verb]() == first
    assert store.find_booking("salon", "CA2/again" if verb in ("hold", "book") else "again") == first
    assert len(store.appointments("salon")) == (2 if verb in ("hold", "book") else 1)


def test_a_key_belongs_to_one_verb(store: Store) -> None:
    made = store.book(request())
    assert refused(lambda: store.cancel(change(made, "CA1/t1"))) == "booking.key_reused"


def test_the_repetition_tells_how_things_stand_now(store: Store) -> None:
    made = store.book(request())
    gone = store.cancel(change(made))
    assert store.book(request()) == gone


def test_two_names_at_the_same_time_are_two_wishes(store: Store) -> None:
    two = {"performers": (Performer("", 2),)}
    first = store.book(request(contact_name="Dana", **two))
    second = store.book(request("CA1", "t2", contact_name="Noa", **two))
    assert first.id != second.id
    assert (first.place, second.place) == (0, 1)


# --- who has it


def test_whoever_is_free_has_it_and_then_nobody_is(store: Store) -> None:
    both = {"performers": (DANA, NOA)}
    made = [store.book(request(f"CA{number}", **both)).staff_id for number in range(2)]
    assert made == ["dana", "noa"]
    assert refused(lambda: store.book(request("CA3", **both))) == "booking.slot_taken"


def test_one_of_them_can_be_asked_for(store: Store) -> None:
    store.book(request(performers=(NOA,)))
    assert refused(lambda: store.book(request("CA2", performers=(NOA,)))) == "booking.slot_taken"
    assert store.book(request("CA2", performers=(DANA,))).staff_id == "dana"


def test_somebody_may_have_several_at_once(store: Store) -> None:
    class_of_three = {"performers": (Performer("dana", 3),)}
    places = [store.book(request(f"CA{number}", **class_of_three)).place for number in range(3)]
    assert places == [0, 1, 2]
    assert refused(lambda: store.book(request("CA9", **class_of_three))) == "booking.slot_taken"


def test_moving_can_change_who_has_it(store: Store) -> None:
    made = store.book(request(performers=(DANA,)))
    store.book(request("CA2", **at(60), performers=(DANA,)))
    assert store.reschedule(move(made, 60, performers=(DANA, NOA))).staff_id == "noa"


def test_buffers_keep_others_away(store: Store) -> None:
    buffers = {"buffer_before_min": 5, "buffer_after_min": 10}
    store.book(request(**buffers))
    assert refused(lambda: store.book(request("CA2", **at(30)))) == "booking.slot_taken"
    assert refused(lambda: store.book(request("CA2", **at(-30)))) == "booking.slot_taken"
    store.book(request("CA2", **at(40)))
    assert refused(lambda: store.book(request("CA3", **at(-40), buffer_after_min=6))) == "booking.slot_taken"
    store.book(request("CA3", **at(-40), buffer_after_min=5))


def test_an_appointment_of_before_there_was_staff_blocks_everybody(store: Store) -> None:
    store.book(request())
    assert refused(lambda: store.book(request("CA2", performers=(DANA, NOA)))) == "booking.slot_taken"


# --- other ways in


def test_an_appointment_needs_no_call(store: Store) -> None:
    made = store.book(replace(request(), call_id=None, idempotency_key="web/1"))
    assert made.call_id is None


def test_the_call_of_another_business_cannot_be_named(store: Store) -> None:
    store.book(request())
    with pytest.raises(StorageError) as error:
        store.book(request("CA1", "t9", business_id="clinic"))
    assert error.value.code == "storage.foreign_call"
    assert store.appointments("clinic") == []


def test_upcoming_ones_are_those_of_a_number(store: Store) -> None:
    number = "+972501234567"
    first = store.book(request(contact_phone=number, **at(60)))
    store.book(request("CA2", contact_phone="+972509999999"))
    gone = store.book(request("CA3", contact_phone=number, **at(120)))
    store.cancel(change(gone))
    store.hold(request("CA4", contact_phone=number, **at(180)))
    assert store.upcoming("salon", number, TEN) == [first]
    assert store.upcoming("salon", number, first.ends_at) == []
