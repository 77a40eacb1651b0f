"""A receptionist of the sample business on a real, empty database."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from torim.desk.business import load_business
from torim.desk.receptionist import CallContext, Receptionist
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday, 12:00 in Jerusalem


class Desk:
    """The receptionist as a call sees it: tools in, parsed answers out."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.receptionist = Receptionist(load_business(), store)
        self.business_id = self.receptionist.business.id

    def ask(
        self,
        tool: str,
        arguments: dict[str, Any] | str,
        *,
        call: str = "CA1",
        tool_call: str = "t1",
        language: str = "en",
        now: datetime = NOW,
    ) -> Any:
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        context = CallContext(call, tool_call, "+972501234567", language)
        return json.loads(self.receptionist.run(tool, text, context, now))

    def appointments(self) -> list[Any]:
        return self.store.appointments(self.business_id)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store(f"sqlite:///{tmp_path}/torim.db")
    store.upgrade()
    yield Desk(store)
    store.close()
