"""The pieces that a sentence about time is read in, and how a run of them is replaced by what it means.

Every piece has a kind of one letter, so that a rule of grammar is a regular expression over kinds. It knows no
language and no calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

# Numbers: d digits, e English word, f feminine, m masculine, w either gender in Hebrew, o English ordinal,
# k Hebrew ordinal (also a weekday). Calendar: W weekday, M month, R named day, U unit (days, weeks, months),
# y "day", N next, Z this, ^ last, s start, z end, % middle. Clock: T written time, X "10.30", Y written date,
# P part of the day, A am or pm, h half, q quarter, U minutes, H hour, c o'clock, Q "oh". Small words: a at, t the,
# l to, g from, u until, b between, & and, | or, > after, < before, ~ around, p past, - less, = dash, , comma,
# i in (so much time), j a, O of, ! not, E early, L late, v a thing that is counted, x anything else.
# Meanings: C clock, D days, S times.


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: its kind and, where it has one, its meaning."""

    kind: str
    value: Any = None


Tokens = list[Token]
Make = Callable[[Sequence[Token]], Token | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where ``pattern`` matches, the matched pieces become what ``make`` makes of them, if anything."""

    pattern: re.Pattern[str]
    make: Make


def rule(pattern: str, make: Make) -> Rule:
    """A rule of grammar; the pattern is over kinds."""
    return Rule(re.compile(pattern), make)


def rewrite(tokens: Tokens, rules: Iterable[Rule]) -> Tokens:
    """Apply rules one after the other, each from left to right."""
    for each in rules:
        tokens = _apply(tokens, each)
    return tokens


def _apply(tokens: Tokens, each: Rule) -> Tokens:
    place = 0
    while match := each.pattern.search(kinds(tokens), place):
        made = each.make(tokens[match.start() : match.end()])
        if made is None:
            place = match.start() + 1
            continue
        tokens = [*tokens[: match.start()], made, *tokens[match.end() :]]
        place = match.start() + 1
    return tokens


def kinds(tokens: Iterable[Token]) -> str:
    """The kinds of a run of pieces."""
    return "".join(token.kind for token in tokens)


def pick(tokens: Iterable[Token], kinds_wanted: str) -> list[Token]:
    """The pieces of some kinds, in order."""
    return [token for token in tokens if token.kind in kinds_wanted]
