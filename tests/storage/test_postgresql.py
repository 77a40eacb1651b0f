"""The tests' own PostgreSQL server."""

from torim.storage.store import Store


def test_a_database_of_ones_own(postgresql_url: str) -> None:
    store = Store(postgresql_url)
    assert store.appointments("salon") == []
    store.close()
