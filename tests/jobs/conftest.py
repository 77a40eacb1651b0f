"""An empty database with the sample business in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jobs_scene import business, everybody, open_store

from torim.storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/torim.db", business(notifications=everybody()))
    yield opened
    opened.close()
