"""One time, one appointment: a rule of the database itself, of SQLite and of PostgreSQL."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from storage_scene import TEN, at, request

from torim.errors import BookingError
from torim.storage.store import Store

TAKEN = "slot_taken|appointments_no_overlap"


@pytest.fixture
def url(any_url: str) -> str:
    return any_url


def test_a_booking_is_stored_as_it_was_asked_for(store: Store) -> None:
    made = store.book(request(contact_name="דנה", contact_phone="+972501234567", name_note="note_1"))
    (stored,) = store.appointments("salon")
    assert stored == made
    assert (stored.starts_at, stored.timezone, stored.status) == (TEN, "Asia/Jerusalem", "booked")
    assert (stored.contact_name, stored.name_note, stored.call_id) == ("דנה", "note_1", "CA1")
    assert store.find_booking("salon", "CA1/t1") == made
    assert store.of_call("salon", "CA1") == [made]


@pytest.mark.parametrize("minutes", [-29, -15, 0, 10, 29])
def test_an_overlap_is_refused(store: Store, minutes: int) -> None:
    store.book(request())
    with pytest.raises(BookingError) as refused:
        store.book(request("CA2", **at(minutes)))
    assert refused.value.code == "booking.slot_taken"
    assert len(store.appointments("salon")) == 1


@pytest.mark.parametrize("minutes", [-30, 30])
def test_neighbours_are_not(store: Store, minutes: int) -> None:
    store.book(request())
    store.book(request("CA2", **at(minutes)))
    assert len(store.appointments("salon")) == 2


def test_a_long_appointment_blocks_its_middle_and_its_end(store: Store) -> None:
    store.book(request(**at(0, 24 * 60)))
    for minutes in (300, 23 * 60 + 59):
        with pytest.raises(BookingError):
            store.book(request("CA2", **at(minutes)))
    store.book(request("CA2", **at(24 * 60)))


def test_another_business_has_its_own_book(store: Store) -> None:
    store.book(request())
    store.book(request("CA2", business_id="clinic"))
    assert [made.business_id for made in store.appointments("clinic")] == ["clinic"]
    assert store.find_booking("clinic", "CA1/t1") is None
    assert store.of_call("clinic", "CA1") == []
    assert len(store.busy("clinic", TEN, TEN.replace(hour=20))) == 1


def test_the_same_key_gives_the_same_appointment(store: Store) -> None:
    first = store.book(request())
    assert store.book(request(**at(120))) == first
    assert len(store.appointments("salon")) == 1


def test_the_same_wish_of_the_same_call_gives_the_same_appointment(store: Store) -> None:
    first = store.book(request())
    again = store.book(request("CA1", "t2", contact_name="Dana"))
    assert (again.id, again.contact_name) == (first.id, "Dana")
    with pytest.raises(BookingError):
        store.book(request("CA1", "t3", service_id="color"))


def test_what_is_busy_is_found_by_its_overlap(store: Store) -> None:
    store.book(request())
    store.book(request("CA2", **at(60)))
    (first,) = store.busy("salon", TEN.replace(minute=10), TEN.replace(hour=9))
    assert first.starts_at == TEN
    assert store.busy("salon", TEN.replace(minute=30), TEN.replace(hour=9)) == []


def change(url: str, statement: str) -> None:
    """Change the database as another program could."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def test_a_change_behind_our_back_cannot_overlap_either(store: Store, url: str) -> None:
    store.book(request())
    store.book(request("CA2", **at(60)))
    ten_s = int(TEN.timestamp())
    for moved in (f"starts_at = {ten_s}, blocked_from = {ten_s}", f"blocked_until = {ten_s + 5400}"):
        with pytest.raises(IntegrityError, match=TAKEN):
            change(url, f"UPDATE appointments SET {moved}")
    change(url, "UPDATE appointments SET contact_name = 'Dana', starts_at = starts_at")


def test_a_cancelled_time_is_free_and_cannot_come_back_once_taken(store: Store, url: str) -> None:
    made = store.book(request())
    change(url, "UPDATE appointments SET status = 'cancelled'")
    assert store.busy("salon", TEN, TEN.replace(hour=20)) == []
    store.book(request("CA2"))
    with pytest.raises(IntegrityError, match=TAKEN):
        change(url, f"UPDATE appointments SET status = 'booked' WHERE id = '{made.id}'")


@pytest.mark.parametrize("moved", ["status = 'maybe'", "ends_at = starts_at", "ends_at = starts_at + 90000"])
def test_impossible_rows_are_refused(store: Store, url: str, moved: str) -> None:
    store.book(request())
    with pytest.raises(IntegrityError, match=r"(?i)check"):
        change(url, f"UPDATE appointments SET {moved}")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), min_size=1, max_size=25))
def test_whatever_is_asked_for_in_whatever_order_nothing_overlaps(
    tmp_path_factory: pytest.TempPathFactory, wishes: list[tuple[int, int]]
) -> None:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('book')}/torim.db")
    store.upgrade()
    taken: list[range] = []
    for place, (begin, length) in enumerate(wishes):
        wanted = range(begin, begin + length)
        is_free = all(wanted.stop <= other.start or other.stop <= wanted.start for other in taken)
        try:
            store.book(request(f"CA{place}", **at(5 * begin, 5 * length)))
        except BookingError:
            assert not is_free
        else:
            assert is_free
            taken.append(wanted)
    assert len(store.appointments("salon")) == len(taken)
    store.close()


def test_a_file_with_a_strange_name_works(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/יומן 100%.db")
    store.upgrade()
    store.book(request())
    store.close()
    assert (tmp_path / "יומן 100%.db").exists()
