"""The calls of the acceptance tests are placed once, all at the same time."""

import pytest
from acceptance_scene import Calls, place, sample


@pytest.fixture(scope="session")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Calls:
    """A sample of the matrix, and the mission's call to each engine."""
    return place(sample(), tmp_path_factory.mktemp("calls"))
