"""Whether the description of a business can work, and what to change, with the path of the key.

It reads; it never repairs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import msgspec

from torim.desk.hours import DAY_MIN, WEEK, Hours, Opening, parse_opening
from torim.desk.speech import LANGUAGES

if TYPE_CHECKING:
    from torim.desk.business import Business, ClosedDay

LONGEST_SERVICE_MIN = 12 * 60
PATIENCE = {"short": "quick", "normal": "balanced", "long": "patient"}  # as the core names them
SECRET_MIN_CHARACTERS = 16  # of webhooks
LONGEST_BUFFER_MIN = 4 * 60  # a service with its buffers stays within a day


def readable(error: msgspec.ValidationError) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.services[0].duration_min`" with the path first."""
    message, _, path = str(error).partition(" - at `$")
    where = path.rstrip("`").lstrip(".")
    hint = " Remove it or correct its name." if "unknown field" in message else ""
    return f"{where}: {message}.{hint}" if where else f"{message}.{hint}"


_Problem = tuple[str, str]


def problems(business: Business) -> Iterator[_Problem]:
    yield from _identity(business)
    yield from _languages(business)
    yield from _numbers(business)
    hours = [*_weekly("hours", business.hours), *_weekly("breaks", business.breaks)]
    yield from hours
    yield from _services(business, hours_are_good=not hours)
    yield from _staff(business)
    yield from _closed_days("closed_days", business.closed_days, business.languages)
    if business.timezone in available_timezones():
        yield from _holidays(business)
    yield from _what_is_said(business)
    yield from _handling(business)


def _identity(business: Business) -> Iterator[_Problem]:
    if not _is_id(business.id):
        yield "id", _ID_ADVICE
    if business.timezone not in available_timezones():
        yield "timezone", f'{business.timezone!r} is not an IANA time zone; an example is "Asia/Jerusalem".'
    if business.phone is not None and not re.fullmatch(r"\+?[\d\s()*-]{3,24}", business.phone):
        yield "phone", 'write a telephone number such as "+972-3-555-0100", or leave it out.'


_ID_ADVICE = "use lower-case letters, digits, - and _, beginning with a letter or digit."


def _is_id(text: str) -> bool:
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", text) is not None


def _languages(business: Business) -> Iterator[_Problem]:
    known = ", ".join(LANGUAGES)
    if not business.languages:
        yield "languages", f"name at least one of: {known}."
    for place, language in enumerate(business.languages):
        if language not in LANGUAGES:
            yield f"languages[{place}]", f"{language!r} is not spoken yet; choose among: {known}."
    if business.opening_language not in business.languages:
        yield "opening_language", f"{business.opening_language!r} is not one of `languages`; add it there."
    yield from _texts("name", business.name, business.languages)
    if business.greeting:
        yield from _texts("greeting", business.greeting, business.languages, complete=False)


def _texts(
    path: str, texts: Mapping[str, str], languages: tuple[str, ...], complete: bool = True
) -> Iterator[_Problem]:
    for language in languages:
        if complete and not texts.get(language, "").strip():
            yield (
                f"{path}.{language}",
                "write it in this language too, or take the language out of `languages`.",
            )
    for language in texts:
        if language not in languages:
            yield (
                f"{path}.{language}",
                "this language is not in `languages`; add it there or remove this line.",
            )


_RANGES: Mapping[str, tuple[int, int]] = {
    "minimum_notice_min": (0, 60 * DAY_MIN),
    "horizon_days": (1, 366),
    "slot_step_min": (5, 240),
    "capacity": (1, 100),
    "retention_days": (1, 3650),
}


def _numbers(business: Business) -> Iterator[_Problem]:
    for path, (least, most) in _RANGES.items():
        value: Any = getattr(business, path)
        if not least <= value <= most:
            yield path, f"{value} is out of range; choose a whole number from {least} to {most}."


def _weekly(path: str, week: Hours) -> Iterator[_Problem]:
    for day in WEEK:
        openings: list[Opening] = []
        for place, text in enumerate(getattr(week, day)):
            try:
                openings.append(parse_opening(text))
            except ValueError as error:
                yield f"{path}.{day}[{place}]", f"{error}."
        for before, after in pairwise(openings):
            if after.opens_min < before.closes_min:
                yield (
                    f"{path}.{day}",
                    "the stretches overlap or are out of order; list them from early to late.",
                )


def _services(business: Business, hours_are_good: bool) -> Iterator[_Problem]:
    if not business.services:
        yield "services", "name at least one service, each in its own [[services]] table."
    repeated = {name for name, count in Counter(item.id for item in business.services).items() if count > 1}
    longest = _longest_opening_min(business) if hours_are_good else DAY_MIN
    for place, service in enumerate(business.services):
        path = f"services[{place}]"
        if not _is_id(service.id):
            yield f"{path}.id", _ID_ADVICE
        if service.id in repeated:
            yield f"{path}.id", f"{service.id!r} is used twice; give each service its own id."
        yield from _texts(f"{path}.name", service.name, business.languages)
        if not 5 <= service.duration_min <= LONGEST_SERVICE_MIN:
            yield f"{path}.duration_min", f"choose a whole number from 5 to {LONGEST_SERVICE_MIN}."
        elif service.duration_min > longest:
            yield f"{path}.duration_min", "no opening is that long, so it could never be booked."
        for name in ("buffer_before_min", "buffer_after_min"):
            if not 0 <= getattr(service, name) <= LONGEST_BUFFER_MIN:
                yield f"{path}.{name}", f"choose a whole number from 0 to {LONGEST_BUFFER_MIN}."


def _longest_opening_min(business: Business) -> int:
    lengths = (item.closes_min - item.opens_min for day in range(7) for item in business.openings(day))
    return max(lengths, default=0)


def _staff(business: Business) -> Iterator[_Problem]:
    repeated = {name for name, count in Counter(item.id for item in business.staff).items() if count > 1}
    services = {service.id for service in business.services}
    for place, member in enumerate(business.staff):
        path = f"staff[{place}]"
        if not _is_id(member.id):
            yield f"{path}.id", _ID_ADVICE
        if member.id in repeated:
            yield f"{path}.id", f"{member.id!r} is used twice; give everybody an id of their own."
        yield from _texts(f"{path}.name", member.name, business.languages)
        for unknown in sorted(set(member.services) - services):
            yield f"{path}.services", f"there is no service {unknown!r}; choose among: {', '.join(sorted(services))}."
        if not 1 <= member.capacity <= 100:
            yield f"{path}.capacity", "choose a whole number from 1 to 100."
        yield from _weekly(f"{path}.hours", member.hours or Hours())
        yield from _weekly(f"{path}.breaks", member.breaks)
        yield from _closed_days(f"{path}.closed_days", member.closed_days, business.languages)
        yield from _address(f"{path}.calendar", member.calendar)
    for service in business.services:
        if business.staff and not any(member.performs(service.id) for member in business.staff):
            yield "staff", f"nobody performs {service.id!r}; add it to somebody's `services`."


def _closed_days(path: str, closed_days: Sequence[ClosedDay], languages: tuple[str, ...]) -> Iterator[_Problem]:
    for place, closed in enumerate(closed_days):
        if closed.last is not None and closed.last < closed.first:
            yield f"{path}[{place}].last", "it lies before `first`; exchange the two."
        yield from _texts(f"{path}[{place}].name", closed.name, languages, complete=False)


def _holidays(business: Business) -> Iterator[_Problem]:
    rules = business.holidays
    if not -66 <= rules.latitude <= 66:
        yield "holidays.latitude", "choose a number from -66 to 66; beyond, the sun does not set every day."
    if not -180 <= rules.longitude <= 180:
        yield "holidays.longitude", "choose a number from -180 to 180; east is positive."
    if not 0 <= rules.candle_lighting_min <= 120:
        yield "holidays.candle_lighting_min", "choose a whole number from 0 to 120."
    if not 0.8 <= rules.nightfall_degrees <= 12:
        yield "holidays.nightfall_degrees", "choose a number from 0.8 to 12."
    if rules.country is None and not rules.open_on and not rules.closed_on:
        return
    from torim.desk.closed_days import country, holiday_names

    land = country(business)
    known = holiday_names(land, rules.subdivision) if land else frozenset()
    if known is None:
        yield "holidays.country", f'the holidays of {land!r} are not known; use an ISO code such as "IL", or "none".'
        return
    for path in ("open_on", "closed_on"):
        for name in getattr(rules, path):
            if name.strip().casefold() not in known:
                yield f"holidays.{path}", f"{name!r} is no holiday there; use its name in Hebrew or English."


def _what_is_said(business: Business) -> Iterator[_Problem]:
    if business.voice is not None and not re.fullmatch(r"[\w.-]{1,64}", business.voice):
        yield "voice", "name a voice of the engine in letters, digits, - and _, or leave it out."
    for path in ("persona", "consent"):
        yield from _texts(path, getattr(business, path), business.languages, complete=False)
    for place, item in enumerate(business.knowledge):
        yield from _texts(f"knowledge[{place}].question", item.question, business.languages, complete=False)
        yield from _texts(f"knowledge[{place}].answer", item.answer, business.languages)


def _handling(business: Business) -> Iterator[_Problem]:
    from torim.desk.numbers import country_of, e164

    country = country_of(business.timezone)
    wanted: dict[str, str | None] = {f"numbers[{place}]": number for place, number in enumerate(business.numbers)}
    wanted |= {"owner.phone": business.owner.phone, "transfer.number": business.transfer.number}
    for path, number in wanted.items():
        if number is not None and e164(number, country) is None:
            yield path, f'{number!r} is no telephone number; write it such as "+97235550100".'
    if business.owner.email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", business.owner.email):
        yield "owner.email", 'write an address such as "owner@example.com", or leave it out.'
    if business.patience is not None and business.patience not in PATIENCE:
        yield "patience", f"choose one of: {', '.join(PATIENCE)}."
    if not 0 <= business.notifications.reminder_hours <= 336:
        yield "notifications.reminder_hours", "choose a whole number from 0 (none) to 336."
    yield from _weekly("transfer.hours", business.transfer.hours or Hours())
    yield from _address("calendar", business.calendar)
    yield from _webhook(business)


def _webhook(business: Business) -> Iterator[_Problem]:
    told = business.notifications
    yield from _address("notifications.webhook_url", told.webhook_url)
    if told.webhook_url is not None and len(told.webhook_secret or "") < SECRET_MIN_CHARACTERS:
        advice = f"webhooks are signed: choose a secret of at least {SECRET_MIN_CHARACTERS} characters."
        yield "notifications.webhook_secret", advice


def _address(path: str, url: str | None) -> Iterator[_Problem]:
    if url is not None and not re.fullmatch(r"(https?|webcal)://[^\s/]+\.?[^\s]*", url):
        yield path, 'write an address that begins with "https://", or leave it out.'
