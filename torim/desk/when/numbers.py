"""Grammar of numbers: compound number words, and which of them can be an hour."""

from __future__ import annotations

from collections.abc import Sequence

from torim.desk.when.token import Rule, Token, rule

HOUR = "[dewf]"  # numbers that can be an hour: digits, English, feminine or either
ANY = "[dewfm]"

TENS = range(20, 51, 10)
UNITS = range(1, 10)


def _teen(kind: str) -> Rule:
    """Hebrew teens: a unit and a ten of the other gender ("שלוש עשרה", "שלושה עשר")."""

    def make(found: Sequence[Token]) -> Token | None:
        unit, ten = found
        if ten.value != 10 or unit.value not in UNITS:
            return None
        return Token(kind, unit.value + 10)

    return rule("[fw]m" if kind == "f" else "[mw]f", make)


def _sloppy_teen(found: Sequence[Token]) -> Token | None:
    """ "שלוש עשר", as it is often said and written down."""
    unit, ten = found
    return Token("f", unit.value + 10) if ten.value == 10 and unit.value in UNITS else None


def _sum(found: Sequence[Token]) -> Token | None:
    tens, unit = found[0], found[-1]
    if tens.value not in TENS or unit.value not in UNITS:
        return None
    return Token(unit.kind, tens.value + unit.value)


RULES: tuple[Rule, ...] = (
    _teen("f"),
    _teen("m"),
    rule("ff", _sloppy_teen),
    rule("w&[fmw]", _sum),
    rule("e[eo]", _sum),
)
