"""Which business answers a called number, and its receptionist, from memory: a call never waits for the database.

The settings of every business are kept in memory and brought up to date beside the calls; a call goes on with those
it began with. A number that nobody claims is answered by the business of the configuration.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torim.desk.business import Business
from torim.desk.businesses import BusinessRecord
from torim.desk.numbers import country_of, e164
from torim.desk.receptionist import Receptionist
from torim.errors import TorimError
from torim.storage.businesses import BusinessDirectory
from torim.storage.store import Store

_log = logging.getLogger("torim.live")


@dataclass(frozen=True, slots=True)
class CallDesk:
    """Who answers one call, and which version of the settings this is; 0: those of the configuration's file."""

    receptionist: Receptionist
    settings_version: int

    @property
    def business(self) -> Business:
        return self.receptionist.business


@dataclass(frozen=True, slots=True)
class StandIn:
    """The desk of one rehearsal: the settings of a business, and a book in which nothing is real."""

    desk: CallDesk
    book: Store


@dataclass(frozen=True, slots=True)
class _Known:
    by_id: Mapping[str, CallDesk]
    by_number: Mapping[str, str]


class Desks:
    """The receptionists of one process.

    Args:
        own: The business of the configuration, which answers every number that is nobody's.
        make: Makes the receptionist of a business.
    """

    def __init__(self, directory: BusinessDirectory, own: Business, make: Callable[[Business], Receptionist]) -> None:
        self._directory = directory
        self._make = make
        self._own = CallDesk(make(own), 0)
        self._known = _Known({}, {})

    def refresh(self) -> None:
        """Bring the settings up to date; what cannot be read stays as it is. Blocking."""
        try:
            versions = self._directory.versions()
            if versions != {business_id: desk.settings_version for business_id, desk in self._known.by_id.items()}:
                self._known = self._learn(self._directory.all())
        except TorimError as error:
            _log.warning("the settings of the businesses were not read again: %s", error)

    def answering(self, called: str) -> CallDesk:
        """Who answers a called number, however it is written; never blocks."""
        known = self._known
        country = country_of(self._own.business.timezone)
        business_id = known.by_number.get(e164(called, country) or "", self._own.business.id)
        return known.by_id.get(business_id, self._own)

    def of_business(self, business_id: str) -> CallDesk | None:
        """The desk of one business; never blocks."""
        return self._known.by_id.get(business_id)

    def all(self) -> list[CallDesk]:
        """The desks of every business, the configuration's own among them; never blocks."""
        own = self._own.business.id
        return [*self._known.by_id.values(), *([] if own in self._known.by_id else [self._own])]

    def _learn(self, records: list[BusinessRecord]) -> _Known:
        before = self._known.by_id
        by_id: dict[str, CallDesk] = {}
        by_number: dict[str, str] = {}
        for record in records:
            known = before.get(record.id)
            if known is None or known.settings_version != record.version:
                known = CallDesk(self._make(record.business), record.version)
            by_id[record.id] = known
            country = country_of(record.business.timezone)
            by_number |= {number: record.id for text in record.business.numbers if (number := e164(text, country))}
        return _Known(by_id, by_number)
