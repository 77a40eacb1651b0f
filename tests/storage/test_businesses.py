"""The settings of several businesses: whose numbers they are, edits that cross, and files that change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from torim.desk.business import Business, Staff, load_business
from torim.errors import BookingError, ConfigError
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def url(any_url: str) -> str:
    return any_url


def business(name: str = "salon", **changes: object) -> Business:
    return msgspec.structs.replace(load_business(), id=name, **changes)


def refused(act: Callable[[], object], kind: type[Exception]) -> str:
    with pytest.raises(kind) as error:
        act()
    return str(error.value.code)  # type: ignore[attr-defined]


def test_what_is_saved_is_what_is_read(store: Store) -> None:
    staff = (Staff(id="dana", name={"he": "דנה", "en": "Dana"}, capacity=2),)
    made = store.businesses.save(business(staff=staff, numbers=("03-555-0100",)), 0, NOW)
    assert store.businesses.get("salon") == made
    assert (made.version, made.business.staff, made.updated_at) == (1, staff, NOW)
    assert store.businesses.by_number("+97235550100") == made
    assert store.businesses.versions() == {"salon": 1}


def test_two_who_edit_at_once_do_not_overwrite_each_other(store: Store) -> None:
    store.businesses.save(business(), 0, NOW)
    store.businesses.save(business(horizon_days=10), 1, NOW)
    late = business(horizon_days=20)
    assert refused(lambda: store.businesses.save(late, 1, NOW), BookingError) == "business.version_conflict"
    assert refused(lambda: store.businesses.save(late, 0, NOW), BookingError) == "business.version_conflict"
    assert store.businesses.save(late, 2, NOW).version == 3


def test_a_number_has_one_business(store: Store) -> None:
    store.businesses.save(business(numbers=("+97235550100",)), 0, NOW)
    other = business("clinic", numbers=("03 555 0100",))
    assert refused(lambda: store.businesses.save(other, 0, NOW), ConfigError) == "config.number_taken"
    assert store.businesses.get("clinic") is None
    store.businesses.save(business(), 1, NOW)
    assert store.businesses.save(other, 0, NOW).version == 1


def test_settings_that_cannot_work_are_not_saved(store: Store) -> None:
    broken = business(horizon_days=0)
    assert refused(lambda: store.businesses.save(broken, 0, NOW), ConfigError) == "config.business"
    assert store.businesses.all() == []


def test_a_file_is_imported_once_and_followed_until_somebody_edits(store: Store) -> None:
    directory = store.businesses
    assert directory.adopt(business(), NOW).version == 1
    assert directory.adopt(business(), NOW + timedelta(days=1)).version == 1
    changed = directory.adopt(business(horizon_days=10), NOW)
    assert (changed.version, changed.business.horizon_days) == (2, 10)
    directory.save(business(horizon_days=20), 2, NOW)
    kept = directory.adopt(business(horizon_days=30), NOW)
    assert (kept.version, kept.business.horizon_days) == (3, 20)


def test_the_hash_tells_equal_settings_from_others(store: Store) -> None:
    first = store.businesses.save(business(), 0, NOW)
    other = store.businesses.save(business("clinic"), 0, NOW)
    assert first.settings_hash != other.settings_hash
    assert store.businesses.save(business(), 1, NOW).settings_hash == first.settings_hash
