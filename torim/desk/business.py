"""What a business is: its names, languages, hours and services, read from TOML and checked as a whole.

It decides whether a description can work and says what to change, with the path of the key. It never looks at
appointments or at the time of day.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from torim.desk.speech import LANGUAGES
from torim.errors import BookingError, ConfigError

SAMPLE = "sample.toml"
DAY_MIN = 24 * 60
LONGEST_SERVICE_MIN = 12 * 60
_OPENING = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*[-\u2013]\s*([01]\d|2[0-4]):([0-5]\d)")


class Opening(NamedTuple):
    """One stretch of opening hours, in minutes of local wall time since midnight; 1440 is midnight."""

    opens_min: int
    closes_min: int


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that can be booked."""

    id: str
    name: dict[str, str]  # by language
    duration_min: int


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Weekly opening hours as local wall time: each day a list such as ["09:00-13:00", "14:00-19:00"]."""

    monday: tuple[str, ...] = ()
    tuesday: tuple[str, ...] = ()
    wednesday: tuple[str, ...] = ()
    thursday: tuple[str, ...] = ()
    friday: tuple[str, ...] = ()
    saturday: tuple[str, ...] = ()
    sunday: tuple[str, ...] = ()


WEEK = Hours.__struct_fields__  # in Python's order of weekdays


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One business that Torim answers for."""

    id: str
    name: dict[str, str]  # by language
    languages: tuple[str, ...]
    opening_language: str
    services: tuple[Service, ...]
    hours: Hours
    timezone: str = "Asia/Jerusalem"
    phone: str | None = None
    greeting: dict[str, str] = {}  # by language; a standard one where it is missing
    minimum_notice_min: int = 60
    horizon_days: int = 30
    slot_step_min: int = 15  # appointments begin at multiples of this after an opening

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def openings(self, weekday: int) -> tuple[Opening, ...]:
        """The opening hours of a weekday as Python numbers them (Monday is 0), in order."""
        return tuple(_opening(text) for text in getattr(self.hours, WEEK[weekday]))

    def service(self, service_id: str) -> Service:
        """The service with this id.

        Raises:
            BookingError: ``booking.unknown_service``.
        """
        for service in self.services:
            if service.id == service_id:
                return service
        known = ", ".join(service.id for service in self.services)
        raise BookingError(
            f"There is no service {service_id!r}; choose one of: {known}.", code="booking.unknown_service"
        )

    def service_name(self, service_id: str, language: str) -> str:
        """How a service is called in a language; its id if it is no longer offered."""
        names = (service.name[language] for service in self.services if service.id == service_id)
        return next(names, service_id)

    def language(self, wanted: str | None) -> str:
        """The language to speak when ``wanted`` is asked for: the opening one if it is not spoken here."""
        code = (wanted or "").partition("-")[0].lower()
        return code if code in self.languages else self.opening_language


def load_business(path: Path | None = None) -> Business:
    """Read a business from a TOML file, or the built-in sample business when no file is given.

    Raises:
        ConfigError: ``config.business``, every problem on its own line with the path of the key.
    """
    if path is None:
        return parse_business(files("torim.desk").joinpath(SAMPLE).read_text(encoding="utf-8"), SAMPLE)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        advice = f"Cannot read the business file {path}: {error}. Check the path, its permissions and UTF-8."
        raise ConfigError(advice, code="config.business") from error
    return parse_business(text, path.name)


def parse_business(text: str, source: str) -> Business:
    """Turn the TOML text of a business into a checked `Business`; ``source`` names it in advice.

    Raises:
        ConfigError: ``config.business``, every problem on its own line with the path of the key.
    """
    try:
        business = msgspec.convert(tomllib.loads(text), Business)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}.", code="config.business") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {_readable(error)}", code="config.business") from error
    problems = [f"{source}: {path}: {advice}" for path, advice in _problems(business)]
    if problems:
        raise ConfigError("\n".join(problems), code="config.business")
    return business


def _readable(error: msgspec.ValidationError) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.services[0].duration_min`" with the path first."""
    message, _, path = str(error).partition(" - at `$")
    where = path.rstrip("`").lstrip(".")
    hint = " Remove it or correct its name." if "unknown field" in message else ""
    return f"{where}: {message}.{hint}" if where else f"{message}.{hint}"


@lru_cache(maxsize=256)
def _opening(text: str) -> Opening:
    match = _OPENING.fullmatch(text.strip())
    if match is None:
        raise ValueError('write hours as "09:00-17:30"')
    hour, minute, last_hour, last_minute = map(int, match.groups())
    opening = Opening(hour * 60 + minute, last_hour * 60 + last_minute)
    if opening.closes_min > DAY_MIN or opening.opens_min >= opening.closes_min:
        raise ValueError(f"{text!r} must end after it begins and by 24:00; hours past midnight go to the next day")
    return opening


_Problem = tuple[str, str]


def _problems(business: Business) -> Iterator[_Problem]:
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
                openings.append(_opening(text))
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
