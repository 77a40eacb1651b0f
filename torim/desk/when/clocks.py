"""Grammar of times of the day: hours and minutes in words and figures, parts of the day, bounds and ranges.

It decides which wall-clock time is meant as far as the words go; AM or PM that they leave open is decided
elsewhere, by the opening hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torim.desk.when.meaning import DAY_MIN, NOON_MIN, Clock, Part, Relation, Times, Trouble
from torim.desk.when.numbers import ANY, HOUR
from torim.desk.when.token import Rule, Token, pick, rule

MINUTES_TO = (5, 10, 15, 20, 25)
_BAD = Token("S", Times(trouble=Trouble.IMPOSSIBLE))
EARLY, LATE = "E", "L"


def _clock(hour: int, minute: int) -> Token:
    """A time as a piece; hours from thirteen on, and zero, leave nothing open."""
    if not 0 <= hour <= 24 or not 0 <= minute < 60 or (hour == 24 and minute):
        return _BAD
    return Token("C", Clock(hour * 60 + minute, sure=hour > 12 or hour == 0))


def _written(found: Sequence[Token]) -> Token:
    minute = found[0].value
    return _BAD if not 0 <= minute <= DAY_MIN else _clock(*divmod(minute, 60))


def _past(found: Sequence[Token]) -> Token | None:
    """ "half past ten", "twenty past four"."""
    minute, hour = found[0].value, found[-1].value
    return _clock(hour, minute) if 0 < hour <= 24 and minute < 60 else None


def _to(found: Sequence[Token]) -> Token | None:
    """ "רבע לארבע", "ten to five"; between figures it is more often a range."""
    minute, hour = found[0], found[-1]
    if not 1 <= hour.value <= 24 or minute.value not in MINUTES_TO:
        return None
    if minute.kind == hour.kind == "d" and minute.value <= hour.value:
        return None
    if minute.kind == "f" and not any(token.kind == "U" for token in found):
        return None
    return _before(hour.value, minute.value)


def _before(hour: int, minutes: int) -> Token:
    return _clock(hour - 1 if hour > 1 else 12, 60 - minutes) if hour != 13 else _clock(12, 60 - minutes)


def _less(found: Sequence[Token]) -> Token | None:
    """ "שלוש פחות רבע"."""
    hour, minute = found[0].value, pick(found[2:], "qdewfm")[0].value
    return _before(hour, minute) if 1 <= hour <= 24 and 0 < minute < 60 else None


def _and(found: Sequence[Token]) -> Token | None:
    """ "שלוש וחצי", "עשר ועשרים", "שלוש ועשר דקות"."""
    hour, minute = found[0].value, found[2]
    counted = found[-1].kind == "U"
    if minute.kind in "f" and not counted and minute.value < 20:
        return None
    if minute.kind == "d" and not counted:
        return None
    return _clock(hour, minute.value) if hour <= 24 and 0 < minute.value < 60 else None


def _pair(found: Sequence[Token]) -> Token | None:
    """ "ten thirty", "ארבע עשרים", "10 30"."""
    hour, minute = found[0], found[-1]
    oh = len(found) == 3
    least = 1 if oh else 20 if minute.kind in "fw" else 10
    if hour.value > 24 or not least <= minute.value < 60 or (oh and minute.value > 9):
        return None
    if hour.kind == minute.kind == "d" and minute.value % 5:
        return None
    return _clock(hour.value, minute.value)


def _with_zero(found: Sequence[Token]) -> Token | None:
    """ "עשר אפס חמש"."""
    hour, zero, minute = (token.value for token in found)
    return _clock(hour, minute) if zero == 0 and hour <= 24 and 0 < minute < 10 else None


def _half_of(found: Sequence[Token]) -> Token | None:
    """ "half four", as the British say it."""
    return _clock(found[1].value, 30) if 1 <= found[1].value <= 12 else None


def _named(found: Sequence[Token]) -> Token | None:
    """A number that a word next to it makes an hour: "four o'clock", "שעה עשר"."""
    number = pick(found, "dewfm")[0].value
    return _clock(number, 0)


def _compact(found: Sequence[Token]) -> Token | None:
    """ "at 1630"."""
    value = found[1].value
    return [found[0], _clock(*divmod(value, 100))][1] if 100 <= value <= 2400 else None


def _meridiem(found: Sequence[Token]) -> Token | None:
    """A time with am or pm."""
    clock = found[0].value if found[0].kind == "C" else _hour_clock(found[0])
    if clock is None:
        return _BAD
    shift = found[-1].value
    if clock.sure and clock.minute >= 13 * 60 and shift == 0:
        return _BAD
    return Token("C", Clock(clock.minute % NOON_MIN + shift if clock.minute < 13 * 60 else clock.minute, sure=True))


def _hour_clock(token: Token) -> Clock | None:
    if token.kind == "C":
        return token.value if isinstance(token.value, Clock) else None
    made = _clock(token.value, 0)
    return made.value if made.kind == "C" else None


def _part(found: Sequence[Token]) -> Token:
    """A part of the day, early or late in it."""
    part = Part(*pick(found, "P")[0].value)
    if any(token.kind == EARLY for token in found):
        part = part.early()
    elif any(token.kind == LATE for token in found):
        part = part.late()
    return Token("P", (part.from_min, part.to_min))


def _in_part(found: Sequence[Token]) -> Token | None:
    """A time and the part of the day that it is in: "ten in the morning"."""
    at = pick(found, "Cdewf")[0]
    clock = _hour_clock(at)
    if clock is None:
        return None
    part = Part(*pick(found, "P")[0].value)
    return Token("C", Clock(_nearest(clock, part), sure=True))


def _nearest(clock: Clock, part: Part) -> int:
    """The reading that lies in the part of the day or closest to it; twelve at night is midnight."""
    if clock.sure:
        return clock.minute
    if clock.minute % NOON_MIN < 60 and part.from_min >= 1200:
        return clock.minute % NOON_MIN
    middle = (part.from_min + part.to_min) // 2
    return min(clock.candidates, key=lambda minute: abs(minute - middle))


def _bound(relation: Relation) -> Rule:
    symbol = {Relation.AFTER: "[>g]", Relation.BEFORE: "[<u]", Relation.AROUND: "~"}[relation]

    def make(found: Sequence[Token]) -> Token | None:
        last = found[-1]
        if last.kind == "P":
            return _part_bound(relation, Part(*last.value), found[0].kind)
        clock = _hour_clock(last)
        return _BAD if clock is None else Token("S", Times(relation, clock))

    return rule(f"{symbol}[atH~]*(?:C|P|{HOUR}(?![xvUWM=ulP]|[ait]P))", make)


def _part_bound(relation: Relation, part: Part, symbol: str) -> Token:
    """ "before noon", "after lunch", "from the afternoon on"."""
    if relation is Relation.BEFORE:
        end = part.from_min if symbol == "<" else part.to_min
        return Token("S", Times(part=Part(0, end)))
    if relation is Relation.AFTER:
        noon = part.from_min == NOON_MIN
        begin = (part.from_min if noon else part.to_min) if symbol == ">" else part.from_min
        return Token("S", Times(part=Part(begin, DAY_MIN)))
    return Token("S", Times(part=part))


def _range(found: Sequence[Token]) -> Token | None:
    ends = [_hour_clock(token) for token in pick(found, "Cdewf")]
    first, last = ends[0], ends[-1]
    if first is None or last is None:
        return _BAD
    if first.sure and last.sure and last.minute <= first.minute:
        return _BAD
    return Token("S", Times(Relation.BETWEEN, first, last))


def at_clock(found: Sequence[Token]) -> Token | None:
    """A time that is wished exactly."""
    clock = _hour_clock(found[-1])
    return _BAD if clock is None else Token("S", Times(Relation.AT, clock))


def _times_in_part(found: Sequence[Token]) -> Token | None:
    """A bound or a range, and the part of the day it is in."""
    times, part = pick(found, "S")[0].value, Part(*pick(found, "P")[0].value)
    if times.part is not None or times.trouble is not None:
        return None
    return Token("S", replace(times, part=part))


_END = f"(?:C|{HOUR})"
FIGURES: tuple[Rule, ...] = (
    rule("T", _written),
    rule(f"[hq](?:[pO]){HOUR}", _past),
    rule(f"{ANY}U?p{HOUR}", _past),
    rule(f"q>{HOUR}", _past),
    rule(f"ql{HOUR}", _to),
    rule(f"(?<![gb])(?<![gb]a){ANY}U?[l<]{HOUR}(?!U)", _to),
    rule(f"{HOUR}-(?:[qm]|{ANY}U?)", _less),
    rule(f"{HOUR}&[hq](?!p)|(?<!b){HOUR}&[mwfd]U?", _and),
    rule(f"{HOUR}Qe", _pair),
    rule(f"{HOUR}f[fmw]", _with_zero),
    rule("(?<![te])e(?<![M]e)e|f[fw]|ww|d[dw](?=$|[^U])", _pair),
    rule("he", _half_of),
    rule(f"{HOUR}c", _named),
    rule(f"a?[Ht]?H{HOUR}", _named),
    rule("ad(?![U])", _compact),
    rule(f"(?:C|{HOUR})A", _meridiem),
)
PARTS: tuple[Rule, ...] = (
    rule("[EL](?:[ait])*P|P[EL]", _part),
    rule("C[ait~]{0,2}P|(?<![b])[de][ai]t?P|(?<![&l])[dewf](?:a?P)", _in_part),
    rule(f"P[ait,]{{0,3}}(?:C)(?![&ul=|])|P[ai]+{HOUR}(?![&ul=xvU|])", _in_part),
)
RANGES: tuple[Rule, ...] = (
    rule(f"b[at]*{_END}[&l][at]*{_END}", _range),
    rule(f"g[at]*{_END}[ul=][at]*{_END}", _range),
    rule(f"(?<![xv])a?{_END}[u=l]t?{_END}(?![xvUM])", _range),
    _bound(Relation.AFTER),
    _bound(Relation.BEFORE),
    _bound(Relation.AROUND),
    rule("[al]?t?H?C", at_clock),
    rule(f"[al]t?{HOUR}(?![xvUWMPO])", at_clock),
    rule("S[ait,]{0,3}P|P[ait,]{0,3}S", _times_in_part),
)
