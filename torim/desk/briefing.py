"""The standing instructions of a call: the language's own text, filled with the business and today's date.

Pure; it knows what callers may be told and nothing else. The owner's address and number, the transfer number,
appointments and other callers never reach it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Protocol

from torim.desk import english_briefing, hebrew_briefing
from torim.desk.business import Business, Opening
from torim.desk.speech import listing, speech
from torim.desk.whitelist import allowed, sayable


class Texts(Protocol):
    """What one language offers; modules fulfil it."""

    PERSONA: str
    OPENING: str
    STAFF: str
    SPEAKABLE: str
    NOTHING_SPEAKABLE: str
    KNOWLEDGE: str
    ANSWER: str
    APPOINTMENTS: str
    CODE: str
    MESSAGES: str
    PEOPLE: str
    AND_PEOPLE: str
    OR_TRANSFER: str
    ENDING: str


_TEXTS: Mapping[str, Texts] = {"he": hebrew_briefing, "en": english_briefing}
_SUNDAY_FIRST = (6, 0, 1, 2, 3, 4, 5)


def brief(business: Business, language: str, now_utc: datetime, *, codes: bool = False) -> str:
    """Instructions for the model in one of the business's languages, with the day in words.

    Args:
        codes: One-time codes can be sent by text message.
    """
    words, texts = speech(language), _TEXTS.get(language, english_briefing)
    local = now_utc.astimezone(business.zone)
    people = business.transfer.number is not None
    opening = texts.OPENING.format(
        business=business.name[language],
        persona=sayable(business.persona.get(language, texts.PERSONA), business),
        languages=listing(language, [words.LANGUAGE_NAMES[code] for code in business.languages]),
        or_transfer=texts.OR_TRANSFER if people else "",
        services=services(business, language),
        hours=hours(business, language),
        today=words.full_date(local.date()),
        now=words.clock(local.time()),
    )
    return "".join(
        (
            opening,
            _staff(business, language),
            _speakable(business, language),
            _knowledge(business, language),
            texts.APPOINTMENTS.format(code=texts.CODE if codes else ""),
            texts.MESSAGES.format(and_people=texts.AND_PEOPLE if people else ""),
            texts.PEOPLE if people else "",
            texts.ENDING,
        )
    )


def services(business: Business, language: str) -> str:
    """The services with their ids, durations and prices, for the model to read."""
    words = speech(language)
    facts = (
        (service.name[language], (service.id, words.duration(service.duration_min), service.price or ""))
        for service in business.services
    )
    return "; ".join(f"{name} ({', '.join(filter(None, known))})" for name, known in facts)


def hours(business: Business, language: str) -> str:
    """The week from Sunday, days with the same hours together: "Sunday to Thursday 09:00-19:00; ..."."""
    words = speech(language)
    runs = (list(days) for _, days in groupby(_SUNDAY_FIRST, key=business.openings))
    return "; ".join(
        f"{words.open_days(days[0], days[-1])} {_stretches(business.openings(days[0])) or words.CLOSED}"
        for days in runs
    )


def _staff(business: Business, language: str) -> str:
    if not business.staff:
        return ""
    texts = _TEXTS.get(language, english_briefing)
    names = [f"{member.name.get(language, member.id)} ({member.id})" for member in business.staff]
    return texts.STAFF.format(staff=listing(language, names))


def _speakable(business: Business, language: str) -> str:
    """The whitelist: the business's own number, and what the owner has allowed to be said."""
    texts = _TEXTS.get(language, english_briefing)
    contacts = allowed(business)
    return texts.SPEAKABLE.format(speakable="; ".join(contacts)) if contacts else texts.NOTHING_SPEAKABLE


def _knowledge(business: Business, language: str) -> str:
    texts = _TEXTS.get(language, english_briefing)
    known = [item for item in business.knowledge if item.answer.get(language)]
    if not known:
        return ""
    answers = "".join(
        texts.ANSWER.format(
            question=sayable(item.question.get(language, ""), business),
            answer=sayable(item.answer[language], business),
        )
        for item in known
    )
    return texts.KNOWLEDGE.format(answers=answers)


def _stretches(openings: tuple[Opening, ...]) -> str:
    return ", ".join(f"{_written(item.opens_min)}-{_written(item.closes_min)}" for item in openings)


def _written(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
