"""What a caller's words say about when: the days and times that they can mean, seen from a moment and a week of hours.

Pure; Hebrew, English, or both in one sentence, as an engine's transcript writes them. It decides what is meant
and says where that is several things, impossible, or over. It never says whether a time is free; words that it
does not know are left out rather than guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from torim.desk.when.clauses import Clause, Clauses
from torim.desk.when.clocks import FIGURES, PARTS, RANGES, at_clock
from torim.desk.when.days import Calendar
from torim.desk.when.inference import Opening, Window, windows
from torim.desk.when.meaning import DAY_MIN, Clock, Days, Relation, Span, Times, Trouble
from torim.desk.when.numbers import ANY, HOUR
from torim.desk.when.numbers import RULES as NUMBERS
from torim.desk.when.reader import read
from torim.desk.when.token import Rule, Token, Tokens, pick, rewrite, rule

TEXT_MAX = 500  # letters of a wish that are looked at


@dataclass(frozen=True, slots=True)
class Setting:
    """From where the words are seen: the local time, and the opening hours by weekday (Monday is 0)."""

    now: datetime
    openings: tuple[tuple[Opening, ...], ...]
    weekend: tuple[int, int] = (4, 5)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One thing that is meant: days, and minutes of them in which a slot may begin."""

    span: Span
    window: Window
    weekday: int | None = None  # of an exclusion that holds every week


@dataclass(frozen=True, slots=True)
class Meaning:
    """Everything that is meant; nothing at all if the words say nothing about when."""

    wished: tuple[Alternative, ...] = ()
    excluded: tuple[Alternative, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def understand(text: str, setting: Setting) -> Meaning:
    """Read a caller's words about when."""
    clauses = Clauses().take(_tokens(text[:TEXT_MAX], setting))
    wished = [found for clause in clauses if not clause.excluded for found in _alternatives(clause, setting)]
    excluded = [found for clause in clauses if clause.excluded for found in _alternatives(clause, setting)]
    over = [found for found in wished if _over(found, setting.now)]
    troubles = [trouble for clause in clauses if not clause.excluded for trouble in _troubles(clause, setting)]
    if over and len(over) == len(wished):
        troubles.append(Trouble.PAST)
    kept = tuple(dict.fromkeys(found for found in wished if found not in over))
    return Meaning(kept, tuple(excluded), tuple(dict.fromkeys(troubles)))


def _tokens(text: str, setting: Setting) -> Tokens:
    calendar = Calendar(setting.now.date(), setting.weekend)
    tokens = rewrite(read(text), (*NUMBERS, *_BOUNDS, *_durations(setting.now)))
    tokens = rewrite(tokens, (*calendar.rules, *FIGURES, *PARTS, *RANGES))
    return rewrite(tokens, _BARE)


# A number beside something about time, or alone, is an hour; beside anything else it counts something.
_BARE: tuple[Rule, ...] = (
    rule(f"(?<![xvjtOMZN~]){HOUR}(?![xvUHWMOkd])", lambda found: at_clock(found) if found[0].value else None),
)


# "no later than" and "except" may be followed by "from" in Hebrew.
_BOUNDS: tuple[Rule, ...] = (rule("[ug!]g", lambda found: found[0]),)


def _durations(now: datetime) -> tuple[Rule, ...]:
    """ "in an hour", "בעוד חצי שעה"; how long something takes is no time of the day."""

    def later(found: Sequence[Token]) -> Token:
        numbers, halves = pick(found, "dewfm"), pick(found, "hq")
        hours = pick(found, "H")
        if not hours:
            minutes = int(numbers[0].value)
        elif halves and found.index(halves[0]) < found.index(hours[0]):
            minutes = int(halves[0].value)
        else:
            minutes = 60 * int(numbers[0].value if numbers else hours[0].value)
            minutes += int(halves[0].value) if halves else 0
        at = now + timedelta(minutes=minutes)
        span = Span(at.date(), at.date())
        return Token("B", (Days((span,)), Times(Relation.AFTER, Clock(at.hour * 60 + at.minute, sure=True))))

    def length(found: Sequence[Token]) -> Token:
        return Token("x")

    def minutes(found: Sequence[Token]) -> Token | None:
        return later(found) if found[-1].value == "minute" else None

    return (
        rule("i[hq][jO]*H", later),
        rule(f"i(?:j|{ANY})?H(?:&j?[hq])?", later),
        rule(f"i{ANY}U", minutes),
        rule(f"(?:[hq]|{ANY}|j)[jO]*H(?!{HOUR})(?:&j?[hq])?", length),
    )


def _alternatives(clause: Clause, setting: Setting) -> list[Alternative]:
    days, times = clause.days or Days((Span(None, None),)), clause.times
    if times is not None and times.trouble is not None:
        return []
    found = []
    for span in days.spans:
        for window in _windows(times, span, setting):
            weekday = days.weekday if clause.excluded else None
            found.append(Alternative(Span(None, None) if weekday is not None else span, window, weekday))
    return found


def _windows(times: Times | None, span: Span, setting: Setting) -> tuple[Window, ...]:
    if times is None:
        return (Window(0, DAY_MIN),)
    today = setting.now.date()
    over_min = setting.now.hour * 60 + setting.now.minute if span == Span(today, today) else 0
    return windows(times, _openings(span, setting), over_min)


def _openings(span: Span, setting: Setting) -> list[Opening]:
    """The hours of the days that are wished, of the whole week where they are closed or not named."""
    weekdays = _weekdays(span) if span.days else range(7)
    found = [opening for weekday in weekdays for opening in setting.openings[weekday]]
    return found or [opening for openings in setting.openings for opening in openings]


def _weekdays(span: Span) -> set[int]:
    assert span.first is not None
    return {(span.first.weekday() + ahead) % 7 for ahead in range(min(7, span.days))}


def _over(found: Alternative, now: datetime) -> bool:
    today: date = now.date()
    if found.span.last is None or found.span.last > today:
        return False
    return found.span.last < today or found.window.to_min <= now.hour * 60 + now.minute


def _troubles(clause: Clause, setting: Setting) -> list[Trouble]:
    found = [part.trouble for part in (clause.days, clause.times) if part is not None and part.trouble is not None]
    if clause.times is not None and clause.times.relation is Relation.AT:
        spans = clause.days.spans if clause.days is not None else (Span(None, None),)
        if any(len(_windows(clause.times, span, setting)) > 1 for span in spans):
            found.append(Trouble.AMBIGUOUS)
    return found
