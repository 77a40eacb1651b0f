"""The standing instructions of a call: the language's own text, filled with the business and today's date.

Pure; it knows the owner's public facts only, never an appointment or another caller.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from torim.desk.business import Business, Opening
from torim.desk.speech import listing, speech

_SUNDAY_FIRST = (6, 0, 1, 2, 3, 4, 5)


def brief(business: Business, language: str, now_utc: datetime) -> str:
    """Instructions for the model in one of the business's languages, with the day in words."""
    words, local = speech(language), now_utc.astimezone(business.zone)
    return words.INSTRUCTIONS.format(
        business=business.name[language],
        languages=listing(language, [words.LANGUAGE_NAMES[code] for code in business.languages]),
        services=services(business, language),
        hours=hours(business, language),
        phone=f"- {words.PHONE}: {business.phone}.\n" if business.phone else "",
        today=words.full_date(local.date()),
        now=words.clock(local.time()),
    )


def services(business: Business, language: str) -> str:
    """The services with their ids and durations, for the model to read."""
    words = speech(language)
    return "; ".join(
        f"{service.name[language]} ({service.id}, {words.duration(service.duration_min)})"
        for service in business.services
    )


def hours(business: Business, language: str) -> str:
    """The week from Sunday, days with the same hours together: "Sunday to Thursday 09:00-19:00; ..."."""
    words = speech(language)
    runs = (list(days) for _, days in groupby(_SUNDAY_FIRST, key=business.openings))
    return "; ".join(
        f"{words.open_days(days[0], days[-1])} {_stretches(business.openings(days[0])) or words.CLOSED}"
        for days in runs
    )


def _stretches(openings: tuple[Opening, ...]) -> str:
    return ", ".join(f"{_written(item.opens_min)}-{_written(item.closes_min)}" for item in openings)


def _written(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
