"""When somebody is busy by a calendar in ICS form (RFC 5545): its events, with their repetitions, as stretches of time.

It decides which events take time: not those that are cancelled or marked as free. Days without a time are whole days
of the zone, and so are times without a zone its local times. It fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr  # type: ignore[import-untyped]
from icalendar import Calendar

from torim.errors import BookingError

MOST_EVENTS = 50_000
MOST_REPETITIONS = 20_000  # of one event, up to the end of the horizon
_TOO_OFTEN = ("SECONDLY", "MINUTELY")

Stretch = tuple[datetime, datetime]
Part = Any  # a component of the file: its properties may be of any type, and are checked by what they hold


def busy_stretches(content: str, zone: ZoneInfo, since: datetime, until: datetime) -> list[Stretch]:
    """The stretches of a calendar that overlap [since, until), merged and in order, as UTC instants.

    Args:
        zone: What times without a zone and days without a time are meant in.

    Raises:
        BookingError: ``calendar.unreadable``: this is no calendar, or one that cannot be understood.
    """
    try:
        calendars = Calendar.from_ical(content, multiple=True)
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise _unreadable(f"what the address gives is no calendar in ICS form ({error})") from error
    if not calendars:
        raise _unreadable("what the address gives is no calendar in ICS form")
    found: list[Stretch] = []
    for calendar in calendars:
        for begins, ends in _calendar(calendar, zone, since, until):
            if begins < until and ends > since and begins < ends:
                found.append((begins, ends))
    return list(_merged(sorted(found)))


def _unreadable(why: str) -> BookingError:
    return BookingError(f"The linked calendar cannot be used: {why}.", code="calendar.unreadable")


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    last: Stretch | None = None
    for stretch in stretches:
        if last is not None and stretch[0] <= last[1]:
            last = (last[0], max(last[1], stretch[1]))
            continue
        if last is not None:
            yield last
        last = stretch
    if last is not None:
        yield last


def _calendar(calendar: Part, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Stretch]:
    events = list(calendar.walk("VEVENT"))
    if len(events) > MOST_EVENTS:
        raise _unreadable(f"it has more than {MOST_EVENTS} events; link a calendar with fewer")
    moved = _moved(events)
    for event in events:
        try:
            yield from _event(event, moved.get(str(event.get("UID")), frozenset()), zone, since, until)
        except BookingError:
            raise
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise _unreadable(f"the event {event.get('SUMMARY', '')!s} cannot be understood ({error})") from error
    for busy in calendar.walk("VFREEBUSY"):
        yield from _free_busy(busy, zone)


def _moved(events: Iterable[Part]) -> dict[str, frozenset[datetime | date]]:
    """The repetitions of each event that an event of their own replaces."""
    moved: dict[str, frozenset[datetime | date]] = {}
    for event in events:
        if "RECURRENCE-ID" in event:
            uid, at = str(event.get("UID")), event["RECURRENCE-ID"].dt
            moved[uid] = moved.get(uid, frozenset()) | {at}
    return moved


def _event(
    event: Part, moved: frozenset[datetime | date], zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[Stretch]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return
    if "DTSTART" not in event:
        return
    begins = event["DTSTART"].dt
    length = _length(event, begins)
    if "RECURRENCE-ID" in event or not ("RRULE" in event or "RDATE" in event):
        yield _stretch(begins, length, zone)
        return
    gone = {_wall(at, begins, zone) for at in moved} | set(_listed(event, "EXDATE", begins, zone))
    for wall in _repetitions(event, begins, zone, until):
        if wall not in gone:
            again = wall.replace(tzinfo=_zone_of(begins, zone)) if isinstance(begins, datetime) else wall.date()
            yield _stretch(again, length, zone)


def _length(event: Part, begins: datetime | date) -> timedelta:
    if "DTEND" in event:
        ends = event["DTEND"].dt
        if isinstance(begins, datetime) and isinstance(ends, datetime) and begins.tzinfo and ends.tzinfo:
            return ends.astimezone(UTC) - begins.astimezone(UTC)
        return _as_length(ends - begins)
    if "DURATION" in event:
        return _as_length(event["DURATION"].dt)
    return timedelta() if isinstance(begins, datetime) else timedelta(days=1)


def _as_length(value: Any) -> timedelta:
    if not isinstance(value, timedelta):
        raise TypeError(f"{value!r} is no length of time")
    return value


def _stretch(begins: datetime | date, length: timedelta, zone: ZoneInfo) -> Stretch:
    if isinstance(begins, datetime):
        start = begins.replace(tzinfo=begins.tzinfo or zone).astimezone(UTC)
        return start, start + length
    first = datetime.combine(begins, time(), zone)
    return first.astimezone(UTC), datetime.combine(begins + length, time(), zone).astimezone(UTC)


# --- repetitions, in the wall time of the event's own zone ----------------------------------------------------


def _zone_of(begins: datetime | date, zone: ZoneInfo) -> Any:
    return (begins.tzinfo if isinstance(begins, datetime) else None) or zone


def _wall(at: datetime | date, begins: datetime | date, zone: ZoneInfo) -> datetime:
    """A repetition as the clock on the event's wall shows it."""
    if not isinstance(at, datetime):
        start = begins.time() if isinstance(begins, datetime) else time()
        return datetime.combine(at, start)
    if at.tzinfo is None:
        return at
    return at.astimezone(_zone_of(begins, zone)).replace(tzinfo=None)


def _repetitions(event: Part, begins: datetime | date, zone: ZoneInfo, until: datetime) -> Iterator[datetime]:
    last = until.astimezone(_zone_of(begins, zone)).replace(tzinfo=None)
    rules = rruleset()
    start = _wall(begins, begins, zone)
    rules.rdate(start)
    for rule in _several(event.get("RRULE")):
        if any(str(often).upper() in _TOO_OFTEN for often in rule.get("FREQ", ())):
            raise _unreadable(f"the event {event.get('SUMMARY', '')!s} repeats every minute or second")
        rules.rrule(rrulestr(_bounded(rule, begins, zone, last), dtstart=start))
    for at in _listed(event, "RDATE", begins, zone):
        rules.rdate(at)
    for number, at in enumerate(takewhile(lambda at: at < last, rules)):
        if number > MOST_REPETITIONS:
            raise _unreadable(f"the event {event.get('SUMMARY', '')!s} repeats more than {MOST_REPETITIONS} times")
        yield at


def _bounded(rule: Any, begins: datetime | date, zone: ZoneInfo, last: datetime) -> str:
    """A rule as text, in wall time, that ends: by its own count, or at the horizon at the latest."""
    parts = {name: values for name, values in rule.items() if name != "UNTIL"}
    text = type(rule)(parts).to_ical().decode()
    if "COUNT" in parts:
        return str(text)
    ends = min([last, *(_last_wall(at, begins, zone) for at in rule.get("UNTIL", ()))])
    return f"{text};UNTIL={ends:%Y%m%dT%H%M%S}"


def _last_wall(at: datetime | date, begins: datetime | date, zone: ZoneInfo) -> datetime:
    """The last instant that a rule allows; a day without a time is allowed whole."""
    return _wall(at, begins, zone) if isinstance(at, datetime) else datetime.combine(at, time.max)


def _listed(event: Part, name: str, begins: datetime | date, zone: ZoneInfo) -> Iterator[datetime]:
    for several in _several(event.get(name)):
        for each in several.dts:
            at = each.dt[0] if isinstance(each.dt, tuple) else each.dt
            yield _wall(at, begins, zone)


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _free_busy(busy: Part, zone: ZoneInfo) -> Iterator[Stretch]:
    for several in _several(busy.get("FREEBUSY")):
        for period in several if isinstance(several, list) else [several]:
            if str(period.params.get("FBTYPE", "BUSY")).upper() != "FREE":
                begins, ends = period.dt if isinstance(period.dt, tuple) else (period.start, period.end)
                ends = begins + ends if isinstance(ends, timedelta) else ends
                yield _stretch(begins, ends - begins, zone)
