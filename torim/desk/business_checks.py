"""Whether the description of a business can work, and what to change, with the path of the key.

It reads; it never repairs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import msgspec

from torim.desk.hours import DAY_MIN, WEEK, Opening, parse_opening
from torim.desk.speech import LANGUAGES

if TYPE_CHECKING:
    from torim.desk.business import Business

LONGEST_SERVICE_MIN = 12 * 60


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
    hours = list(_hours(business))
    yield from hours
    yield from _services(business, hours_are_good=not hours)


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
}


def _numbers(business: Business) -> Iterator[_Problem]:
    for path, (least, most) in _RANGES.items():
        value: Any = getattr(business, path)
        if not least <= value <= most:
            yield path, f"{value} is out of range; choose a whole number from {least} to {most}."


def _hours(business: Business) -> Iterator[_Problem]:
    for day in WEEK:
        openings: list[Opening] = []
        for place, text in enumerate(getattr(business.hours, day)):
            try:
                openings.append(parse_opening(text))
            except ValueError as error:
                yield f"hours.{day}[{place}]", f"{error}."
        for before, after in pairwise(openings):
            if after.opens_min < before.closes_min:
                yield (
                    f"hours.{day}",
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


def _longest_opening_min(business: Business) -> int:
    lengths = (item.closes_min - item.opens_min for day in range(7) for item in business.openings(day))
    return max(lengths, default=0)
