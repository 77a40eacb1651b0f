"""AM or PM, from the opening hours: which minutes of the day a named time stands for.

A time that is open in both halves of the day keeps both meanings. It knows nothing of dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torim.desk.when.meaning import DAY_MIN, Clock, Part, Relation, Times

AROUND_MIN = 60
_DAYTIME = range(7 * 60, 19 * 60)
Opening = tuple[int, int]  # minutes since midnight, opens and closes


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes [from_min, to_min) in which a slot may begin; ``near_min`` is what was really asked for."""

    from_min: int
    to_min: int
    near_min: int | None = None


def windows(times: Times, openings: Sequence[Opening], not_before_min: int = 0) -> tuple[Window, ...]:
    """What the words can mean; several where AM and PM are both open.

    Args:
        openings: Of the days that are wished, or of the whole week.
        not_before_min: What lies earlier is over already, if anything later can be meant.
    """
    part = times.part
    if times.first is None or times.relation is None:
        return (_window(part),) if part is not None else ()
    found = _candidates(times.first, part, openings, not_before_min, closing=times.relation is Relation.BEFORE)
    if times.relation is Relation.AT:
        return tuple(Window(minute, minute + 1, minute) for minute in found)
    chosen = _daytime(found)
    return (_bounded(times, chosen, part),)


def _window(part: Part | None) -> Window:
    return Window(0, DAY_MIN) if part is None else Window(part.from_min, part.to_min)


def _bounded(times: Times, minute: int, part: Part | None) -> Window:
    whole = _window(part)
    match times.relation:
        case Relation.AROUND:
            return Window(max(0, minute - AROUND_MIN), min(DAY_MIN, minute + AROUND_MIN + 1), minute)
        case Relation.AFTER:
            return Window(minute, whole.to_min if whole.to_min > minute else DAY_MIN)
        case Relation.BEFORE:
            return Window(whole.from_min if whole.from_min < minute else 0, minute)
        case _:
            assert times.last is not None
            later = [last for last in times.last.candidates if last > minute]
            return Window(minute, min(later, default=DAY_MIN))


def _candidates(
    clock: Clock, part: Part | None, openings: Sequence[Opening], not_before_min: int, *, closing: bool
) -> tuple[int, ...]:
    choices = clock.candidates
    choices = tuple(minute for minute in choices if minute >= not_before_min) or choices
    if len(choices) == 1:
        return choices
    if part is not None:
        middle = (part.from_min + part.to_min) // 2
        return (min(choices, key=lambda minute: abs(minute - middle)),)
    inside = tuple(minute for minute in choices if any(_holds(span, minute, closing) for span in openings))
    if inside:
        return inside
    return (min(choices, key=lambda minute: (_distance(minute, openings), minute not in _DAYTIME)),)


def _holds(span: Opening, minute: int, closing: bool) -> bool:
    opens, closes = span
    return opens < minute <= closes if closing else opens <= minute < closes


def _distance(minute: int, openings: Sequence[Opening]) -> int:
    if not openings:
        return 0 if minute in _DAYTIME else 1
    return min(max(opens - minute, minute - closes, 0) for opens, closes in openings)


def _daytime(found: Sequence[int]) -> int:
    return next((minute for minute in found if minute in _DAYTIME), found[0])
