"""The businesses of an installation as the desk sees them: a port, and the value that passes through it.

It decides nothing. `torim.storage.store.Store` fulfils `Businesses` through its attribute ``businesses``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from torim.desk.business import Business


@dataclass(frozen=True, slots=True)
class BusinessRecord:
    """A business as it is stored: its settings and which version of them this is."""

    business: Business
    version: int
    settings_hash: str
    updated_at: datetime

    @property
    def id(self) -> str:
        return self.business.id


class Businesses(Protocol):
    """Where the settings of businesses are kept; may block."""

    def by_number(self, called: str) -> BusinessRecord | None:
        """The business that answers a called number, however it is written; None: nobody's number."""

    def get(self, business_id: str) -> BusinessRecord | None:
        """One business."""

    def all(self) -> Sequence[BusinessRecord]:
        """Every business, in order of its id."""

    def save(self, business: Business, expected_version: int, now: datetime) -> BusinessRecord:
        """Store changed settings; version 0 stores a new business.

        Raises:
            ConfigError: ``config.business``: the settings cannot work; ``config.number_taken``: another business
                answers one of the numbers.
            BookingError: ``business.version_conflict``: somebody saved meanwhile.
        """

    def adopt(self, business: Business, now: datetime) -> BusinessRecord:
        """Store the settings of a file: new ones, or those of a file that changed while nobody edited the stored ones.

        Returns:
            What is in force now.
        """
