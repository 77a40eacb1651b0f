"""Several businesses in one installation: the called number says who answers, from memory."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from torim.desk.business import Business, load_business
from torim.desk.receptionist import Receptionist
from torim.live.desks import Desks
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OWN = load_business()


def business(name: str, *numbers: str) -> Business:
    return msgspec.structs.replace(OWN, id=name, name={"he": name, "en": name}, numbers=numbers)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path}/torim.db")
    made.upgrade()
    yield made
    made.close()


def desks(store: Store) -> Desks:
    made = Desks(store.businesses, OWN, lambda of: Receptionist(of, store))
    made.refresh()
    return made


def test_the_called_number_says_who_answers(store: Store) -> None:
    store.businesses.adopt(business("salon", "+972-3-555-0100"), NOW)
    store.businesses.adopt(business("clinic", "03-555-0200", "+44 20 7946 0018"), NOW)
    found = desks(store)
    numbers = ("+97235550100", "03 555 0200", "+442079460018")
    assert [found.answering(called).business.id for called in numbers] == ["salon", "clinic", "clinic"]
    assert found.answering("+97235550100").settings_version == 1


@pytest.mark.parametrize("called", ["+97235559999", "", "sip:somebody"])
def test_a_number_that_is_nobodys_is_answered_by_the_configured_business(store: Store, called: str) -> None:
    store.businesses.adopt(business("salon", "+97235550100"), NOW)
    assert desks(store).answering(called).business.id == OWN.id


def test_a_call_after_an_edit_has_the_new_settings_and_one_before_keeps_its_own(store: Store) -> None:
    store.businesses.adopt(business("salon", "+97235550100"), NOW)
    found = desks(store)
    before = found.answering("+97235550100")
    store.businesses.save(business("salon", "+97235550300"), 1, NOW)
    assert found.answering("+97235550100") is before
    found.refresh()
    assert found.answering("+97235550100").business.id == OWN.id
    after = found.answering("+97235550300")
    assert (after.settings_version, after.business.id) == (2, "salon")
    assert before.business.numbers == ("+97235550100",)


def test_what_did_not_change_keeps_its_receptionist(store: Store) -> None:
    store.businesses.adopt(business("salon", "+97235550100"), NOW)
    found = desks(store)
    before = found.answering("+97235550100").receptionist
    store.businesses.adopt(business("clinic", "+97235550200"), NOW)
    found.refresh()
    assert found.answering("+97235550100").receptionist is before


def test_a_database_that_is_away_changes_nothing(store: Store) -> None:
    store.businesses.adopt(business("salon", "+97235550100"), NOW)
    found = desks(store)
    path = store.database.path
    assert path is not None
    store.close()
    path.rename(path.with_suffix(".gone"))
    path.mkdir()
    found.refresh()
    assert found.answering("+97235550100").business.id == "salon"


def test_the_stored_settings_of_the_configured_business_count_before_its_file(store: Store) -> None:
    store.businesses.adopt(OWN, NOW)
    edited = msgspec.structs.replace(OWN, horizon_days=7)
    store.businesses.save(edited, 1, NOW)
    assert desks(store).answering("").business.horizon_days == 7
