"""Telephone numbers in one form (E.164), however they are written; and the country of a time zone.

It decides which numbers are the same. It never says whose a number is.
"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

_COUNTRIES = {"Asia/Jerusalem": "IL", "Asia/Tel_Aviv": "IL", "Israel": "IL"}


def country_of(timezone: str) -> str | None:
    """The country (ISO 3166) whose zone this is, where Torim knows it."""
    return _COUNTRIES.get(timezone)


@lru_cache(maxsize=4096)
def e164(text: str | None, country: str | None = "IL") -> str | None:
    """A number such as "03-555 0100" as "+97235550100"; None if it is none.

    Args:
        country: Where a number without a country code is from.
    """
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
