"""When a business is closed although its weekly hours say otherwise: its own closed days, public holidays, Shabbat.

It decides which stretches of a day are closed and what they are called. Public holidays come from the `holidays`
package, Jewish holidays of which the eve counts from `pyluach`, sunset and nightfall from our own `sun`. Instants are
UTC seconds; a stretch ends at the midnight of its day, the next day has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from math import ceil, floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torim.desk.business import Business, ByLanguage, Observance
from torim.desk.hours import DAY_MIN
from torim.desk.numbers import country_of
from torim.desk.sun import SUNSET_DEGREES, below_horizon
from torim.desk.zones import closing_instant

NO_COUNTRY = "none"
_FRIDAY, _SATURDAY = 4, 5
_MINUTE_S = 60
_NAMED_YEARS = (2026, 2027)  # every holiday occurs in two years on end
_SHABBAT = {"he": "שבת", "en": "Shabbat"}


class Closure(NamedTuple):
    """A closed stretch [since, until) of one local day, in UTC seconds, and what it is called, by language."""

    since_s: int
    until_s: int
    name: ByLanguage


def closures(business: Business, day: date) -> tuple[Closure, ...]:
    """What is closed on a local day beside the weekly hours, in no order; stretches may overlap."""
    return closed_stretches(business)(day)


def closed_stretches(business: Business) -> Callable[[date], tuple[Closure, ...]]:
    """`closures` of one business, for many days."""
    rules, land, zone = business.holidays, country(business), business.zone
    known = _remembered(rules, land, zone)

    def on(day: date) -> tuple[Closure, ...]:
        observed = known.get(day)
        if observed is None:
            observed = known[day] = tuple(_stretches(rules, land, zone, day))
        own = [closed for closed in business.closed_days if closed.holds(day)]
        return observed + tuple(Closure(*_whole(day, zone), closed.name) for closed in own) if own else observed

    return on


def country(business: Business) -> str | None:
    """The country whose public holidays count, or None."""
    named = business.holidays.country
    if named is None:
        return country_of(business.timezone)
    return None if named.lower() == NO_COUNTRY else named.upper()


@lru_cache(maxsize=64)
def _remembered(rules: Observance, country: str | None, zone: ZoneInfo) -> dict[date, tuple[Closure, ...]]:
    """What was found for these rules, by day."""
    return {}


def _stretches(rules: Observance, country: str | None, zone: ZoneInfo, day: date) -> Iterator[Closure]:
    since_s, until_s = _whole(day, zone)
    for name in _holidays_on(rules, country, day):
        yield Closure(since_s, until_s, name)
    if rules.shabbat and day.weekday() == _FRIDAY:
        yield Closure(_candles_s(rules, day, until_s), until_s, _SHABBAT)
    if rules.shabbat and day.weekday() == _SATURDAY:
        yield Closure(since_s, _nightfall_s(rules, day, until_s), _SHABBAT)
    tomorrow = _festival(day + timedelta(days=1), country == "IL")
    if rules.holiday_eves and _keeps_jewish_days(rules, country) and tomorrow and not _named(tomorrow, rules.open_on):
        eve = {"he": f"ערב {tomorrow['he']}", "en": f"{tomorrow['en']} Eve"}
        yield Closure(_candles_s(rules, day, until_s), until_s, eve)


def _whole(day: date, zone: ZoneInfo) -> tuple[int, int]:
    return int(closing_instant(day, 0, zone).timestamp()), int(closing_instant(day, DAY_MIN, zone).timestamp())


def _keeps_jewish_days(rules: Observance, country: str | None) -> bool:
    return rules.shabbat or (country == "IL" and rules.public_holidays)


def _candles_s(rules: Observance, day: date, otherwise_s: int) -> int:
    """Candle lighting, to the minute before; where the sun does not set, the end of the day."""
    sunset = below_horizon(day, rules.latitude, rules.longitude, SUNSET_DEGREES)
    if sunset is None:
        return otherwise_s
    return floor(sunset.timestamp() / _MINUTE_S - rules.candle_lighting_min) * _MINUTE_S


def _nightfall_s(rules: Observance, day: date, otherwise_s: int) -> int:
    """Nightfall, to the minute after; where it does not get dark, the end of the day."""
    dark = below_horizon(day, rules.latitude, rules.longitude, rules.nightfall_degrees)
    return otherwise_s if dark is None else ceil(dark.timestamp() / _MINUTE_S) * _MINUTE_S


# --- holidays by name ---------------------------------------------------------------------------------------


def _holidays_on(rules: Observance, country: str | None, day: date) -> Iterator[ByLanguage]:
    """The names of the holidays that close the whole day."""
    if country is not None and rules.public_holidays:
        for name in public_holidays(country, rules.subdivision, day.year).get(day, ()):
            if not _named(name, rules.open_on):
                yield name
    if country is not None and (rules.optional_holidays or rules.closed_on):
        for name in optional_holidays(country, rules.subdivision, day.year).get(day, ()):
            wanted = rules.optional_holidays or _named(name, rules.closed_on)
            if wanted and not _named(name, rules.open_on):
                yield name
    if rules.shabbat and country != "IL":
        festival = _festival(day, in_israel=False)
        if festival and not _named(festival, rules.open_on):
            yield festival


def public_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, tuple[ByLanguage, ...]]:
    """The days of a year on which a country rests, with their names by language.

    Raises:
        NotImplementedError: The country or its part is not known.
    """
    return _holidays(country, subdivision, year, "public")


def optional_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, tuple[ByLanguage, ...]]:
    """The half-holidays and days of observance of a year, with their names by language.

    Raises:
        NotImplementedError: The country or its part is not known.
    """
    return _holidays(country, subdivision, year, "optional")


@lru_cache(maxsize=64)
def holiday_names(country: str, subdivision: str | None) -> frozenset[str] | None:
    """Every name of a country's holidays, in small letters; None: the country or its part is not known."""
    names: set[str] = set()
    try:
        for year in _NAMED_YEARS:
            for category in ("public", "optional"):
                for found in _holidays(country, subdivision, year, category).values():
                    names.update(text for name in found for text in _spellings(name))
    except NotImplementedError:
        return None
    return frozenset(names) | {text.casefold() for text in _IN_ISRAELI_SPELLING.values()}


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None, year: int, category: str) -> dict[date, tuple[ByLanguage, ...]]:
    """Every name in Hebrew and English; a country that has no Hebrew names is called in English in both."""
    import holidays  # a third of a second, which only a business with holidays pays

    known = holidays.country_holidays(country, subdiv=subdivision)
    if category not in known.supported_categories:
        return {}
    by_language = {
        language: holidays.country_holidays(
            country, subdiv=subdivision, years=year, language=_nearest(language, known), categories=(category,)
        )
        for language in ("he", "en")
    }
    return {
        day: tuple(
            {"he": hebrew, "en": english}
            for hebrew, english in zip(by_language["he"].get_list(day), by_language["en"].get_list(day), strict=True)
        )
        for day in by_language["en"]
    }


def _nearest(language: str, known: object) -> str | None:
    """The language that the package writes a country's names in: the wanted one, else English, else its own."""
    offered: tuple[str, ...] = getattr(known, "supported_languages", ())
    wanted = [name for name in offered if name.partition("_")[0] == language]
    english = [name for name in offered if name.startswith("en")]
    return next(iter(wanted + english), None)


@lru_cache(maxsize=4096)
def _festival(day: date, in_israel: bool) -> ByLanguage | None:
    """The Jewish holiday on which work rests, by language; None on other days."""
    from pyluach.dates import HebrewDate  # type: ignore[import-untyped]

    hebrew_day = HebrewDate.from_pydate(day)
    english = hebrew_day.festival(israel=in_israel, include_working_days=False)
    if english is None:
        return None
    hebrew = hebrew_day.festival(israel=in_israel, hebrew=True, include_working_days=False)
    return {"he": str(hebrew), "en": _IN_ISRAELI_SPELLING.get(english, english)}


_IN_ISRAELI_SPELLING = {
    "Rosh Hashana": "Rosh Hashanah",
    "Succos": "Sukkot",
    "Shmini Atzeres": "Shemini Atzeret",
    "Simchas Torah": "Simchat Torah",
    "Shavuos": "Shavuot",
}


def _named(name: ByLanguage, wanted: tuple[str, ...]) -> bool:
    """Whether a holiday is among those listed, by its name in any language."""
    listed = {text.strip().casefold() for text in wanted}
    return not listed.isdisjoint(_spellings(name))


def _spellings(name: ByLanguage) -> set[str]:
    """A name in every language in small letters; of a day with two names, both and each."""
    texts = {text.casefold() for text in name.values()}
    return texts | {part.strip() for text in texts for part in text.split("/")}
