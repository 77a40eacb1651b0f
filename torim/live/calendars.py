"""Reads the linked calendars: the edge between their addresses and the appointment book.

It decides when one is read and says in words why one could not be. It never offers anything: a copy that is too old
makes its owner busy, which the book sees to.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

import httpx

from torim.desk.ics_busy import busy_stretches
from torim.errors import BookingError, StorageError, TorimError
from torim.jobs.outgoing import SETTING, AsyncTransport, Permits, PrivateAddress, permits, public
from torim.live.clock import utc_now
from torim.storage.businesses import BusinessDirectory
from torim.storage.linked_calendars import CalendarStore, LinkedCalendar
from torim.storage.store import Store

READ_EVERY = timedelta(minutes=10)
LOOK_EVERY_S = 20.0  # for calendars that are due
TIMEOUT_S = 20.0
MOST_BYTES = 10_000_000
_MARGIN = timedelta(days=2)

_log = logging.getLogger("torim.live")


async def keep_reading(
    store: Store, look_every_s: float = LOOK_EVERY_S, *, allow_private_addresses: bool = False
) -> None:
    """Read every linked calendar again and again, until cancelled; processes of one database share the work."""
    permitted = permits(allow_private_addresses)
    calendars = CalendarStore(store.database)
    while True:
        try:
            due = await asyncio.to_thread(calendars.claim, utc_now(), READ_EVERY)
            if due:
                await read_all(calendars, store.businesses, due, permitted)
        except TorimError as error:
            _log.warning("linked calendars were not read: %s", error)
        await asyncio.sleep(look_every_s)


async def read_all(
    calendars: CalendarStore, directory: BusinessDirectory, due: Sequence[LinkedCalendar], permitted: Permits = public
) -> None:
    """Read some calendars at once, at addresses that are permitted.

    Raises:
        StorageError: The database refused.
    """
    transport = AsyncTransport(permitted)
    async with httpx.AsyncClient(
        transport=transport, trust_env=False, timeout=TIMEOUT_S, follow_redirects=True, max_redirects=5
    ) as client:
        await asyncio.gather(*(read(client, calendars, directory, calendar) for calendar in due))


async def read(
    client: httpx.AsyncClient, calendars: CalendarStore, directory: BusinessDirectory, calendar: LinkedCalendar
) -> None:
    """Read one calendar and store what it says, or why it could not be read.

    Raises:
        StorageError: The database refused.
    """
    try:
        content = await _fetch(client, calendar.url)
        await asyncio.to_thread(_store, calendars, directory, calendar, content)
    except StorageError:
        raise
    except Exception as error:  # the edge of one calendar: the others are read all the same
        words = _words(error)
        _log.warning("a linked calendar of %s cannot be read: %s", calendar.business_id, words)
        await asyncio.to_thread(calendars.put_error, calendar, words, utc_now())


def _store(calendars: CalendarStore, directory: BusinessDirectory, calendar: LinkedCalendar, content: str) -> None:
    record, now = directory.get(calendar.business_id), utc_now()
    if record is not None:
        until = now + timedelta(days=record.business.horizon_days) + _MARGIN
        busy = busy_stretches(content, record.business.zone, now - _MARGIN, until)
        calendars.put_copy(calendar, content, busy, now)


async def _fetch(client: httpx.AsyncClient, url: str) -> str:
    address = url.replace("webcal://", "https://", 1)
    async with client.stream("GET", address, headers={"Accept": "text/calendar, text/plain;q=0.5"}) as response:
        response.raise_for_status()
        content = bytearray()
        async for part in response.aiter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                advice = f"The calendar is larger than {MOST_BYTES // 1_000_000} MB; link one with fewer events."
                raise BookingError(advice, code="calendar.unreadable")
    return content.decode("utf-8", errors="replace")


def _words(error: Exception) -> str:
    """Why it failed, with what to do, and without the address, which is a secret."""
    match error:
        case httpx.HTTPStatusError():
            status = error.response.status_code
            phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "unknown"
            return f"The calendar's address answered {status} ({phrase}); copy the address from the calendar again."
        case httpx.TimeoutException():
            return f"The calendar's server did not answer within {TIMEOUT_S:.0f} s; it is tried again by itself."
        case PrivateAddress():
            return (
                "The calendar's address leads into this machine's own network, which is not allowed; link a public"
                f" address, or have the operator set {SETTING}."
            )
        case httpx.ConnectError():
            return "The calendar's server cannot be reached; check the address and this machine's network."
        case BookingError():
            return str(error)
        case _:
            return f"The calendar cannot be read ({type(error).__name__}); check its address."
