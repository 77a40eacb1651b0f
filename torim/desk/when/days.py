"""Grammar of days: names of days, weekdays, weeks, months and dates, seen from today.

It decides which days are meant and says where the words mean several, none, or contradict each other. Weeks
begin on Sunday.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from torim.desk.when.meaning import Days, Span, Trouble
from torim.desk.when.numbers import ANY
from torim.desk.when.token import Rule, Token, pick, rule

_IMPOSSIBLE = Days(trouble=Trouble.IMPOSSIBLE)
_MAY = 5


class Calendar:
    """The rules of days on one day, ``today``; ``weekend`` are two weekdays as Python numbers them."""

    def __init__(self, today: date, weekend: tuple[int, int] = (4, 5)) -> None:
        self._today = today
        self._weekend = weekend
        self.rules: tuple[Rule, ...] = (*self._dates(), *self._weekdays(), *self._weeks(), *self._spans())

    # --- rules --------------------------------------------------------------------------------------------

    def _dates(self) -> tuple[Rule, ...]:
        year, sep = "(?:,?d)?", "[laO,]?t?"
        return (
            rule("yR|Ry", lambda found: pick(found, "R")[0]),
            rule("R", self._named_day),
            rule("Y", lambda found: self._written(found[0])),
            rule("X", self._dotted),
            rule(f"(?<![y&])(?:{ANY}|k)=(?:{ANY}){sep}M", self._days_of_month_name),
            rule(f"(?<![yb])t?(?:{ANY}|[ok]){sep}M{year}", self._date),
            rule(f"M,?t?[deo]{year}(?![cA:])", self._date),
            rule("M[NZ]?", self._month),
            rule(f"(?<![yg])[ta]?(?:{ANY}|[ok])[laO]t?(?:UN?|U(?:tN)?|NU|ZU)(?=[^N]|$)", self._day_of_month),
            rule("(?<![ybg])(?<![bg]t)t?(?:[dm]l[dm]|kl[dmf])(?![NU])", self._numbered_month),
            rule("[ta]{1,2}o(?![xvW])|(?<![a-zA-Z])o(?![xvWO])|(?<![vx])t[dm](?![xvUW:A])", self._bare_day),
        )

    def _weekdays(self) -> tuple[Rule, ...]:
        return (
            rule("yk", self._weekday_by_number),
            rule("(?<![tvx])k(?![lO]?[xv])", self._weekday_by_number),
            rule("y?W", lambda found: Token("W", pick(found, "W")[0].value)),
            rule("t?NW|Wt?N(?!U)", self._next_weekday),
            rule("t?\\^[WU]|[WU]\\^", self._last),
            rule("t?ZW|Wt?Z", lambda found: Token("D", self._coming(pick(found, "W")[0].value))),
            rule("j?UgW|WU(?![NZ])", self._week_from_weekday),
        )

    def _weeks(self) -> tuple[Rule, ...]:
        return (
            rule(f"(?:j|{ANY})UgD", self._units_from),
            rule(f"i(?:j|{ANY})?O?[Uy]", self._in_units),
            rule("t?NU|t?Ut?N", lambda found: self._unit(found, 1)),
            rule("t?ZU|t?Ut?Z", lambda found: self._unit(found, 0)),
            rule("t?[sz%][Oa]?t?U", self._part_of_unit),
            rule("U", self._weekend_only),
            rule("(?:t?[sz%]|[EL])[OalLi]?t?D", self._part_of_span),
            rule("D", self._fixed),
            rule("W[atO,]*D", self._weekday_in),
            rule("D[atO,]*W", self._weekday_in),
            rule("W", lambda found: Token("D", self._coming(found[0].value))),
        )

    def _spans(self) -> tuple[Rule, ...]:
        return (
            rule("b[at]*D[l&][at]*D", self._between),
            rule("g[at]*D[ul=][at]*D", self._between),
            rule("D[ul=]t?D", self._between),
            rule(">[at]*D", lambda found: self._bounded(found, after=True)),
            rule("<[at]*D", lambda found: self._bounded(found, before=True)),
            rule("u[at]*D", lambda found: self._bounded(found, until=True)),
            rule("g[at]*D", lambda found: self._bounded(found)),
        )

    # --- days by name -------------------------------------------------------------------------------------

    def _named_day(self, found: Sequence[Token]) -> Token:
        return Token("D", self._day(self._today + timedelta(days=found[0].value)))

    def _day(self, wanted: date) -> Days:
        return Days((Span(wanted, wanted),), trouble=Trouble.PAST if wanted < self._today else None)

    def _coming(self, weekday: int) -> Days:
        """The next day of that name; "Tuesday", said on a Tuesday, is a week later: today's would be called today."""
        wanted = self._today + timedelta(days=(weekday - self._today.weekday() - 1) % 7 + 1)
        return Days((Span(wanted, wanted),), weekday)

    def _weekday_by_number(self, found: Sequence[Token]) -> Token | None:
        number = pick(found, "k")[0].value
        return Token("W", (number + 5) % 7) if number <= 6 else None

    def _next_weekday(self, found: Sequence[Token]) -> Token:
        """Said of a day that is still to come this week, "next" may mean it or the one after."""
        weekday = pick(found, "W")[0].value
        coming = self._coming(weekday)
        first = coming.spans[0].first
        assert first is not None
        if first > self._week(0).last:  # type: ignore[operator]
            return Token("D", coming)
        later = first + timedelta(days=7)
        return Token("D", Days((Span(first, first), Span(later, later)), None, Trouble.AMBIGUOUS))

    def _last(self, found: Sequence[Token]) -> Token:
        """ "last Tuesday", "בשבוע שעבר"."""
        yesterday = self._today - timedelta(days=1)
        return Token("D", Days((Span(yesterday, yesterday),), trouble=Trouble.PAST))

    def _week_from_weekday(self, found: Sequence[Token]) -> Token | None:
        if pick(found, "U")[0].value != "week":
            return None
        first = self._coming(pick(found, "W")[0].value).spans[0].first
        assert first is not None
        return Token("D", self._day(first + timedelta(days=7)))

    # --- weeks and months ---------------------------------------------------------------------------------

    def _week(self, ahead: int) -> Span:
        sunday = self._today - timedelta(days=(self._today.weekday() + 1) % 7) + timedelta(days=7 * ahead)
        return Span(sunday, sunday + timedelta(days=6))

    def _month_ahead(self, ahead: int) -> Span:
        years, month = divmod(self._today.month - 1 + ahead, 12)
        return _whole_month(self._today.year + years, month + 1)

    def _in_units(self, found: Sequence[Token]) -> Token | None:
        """ "in two weeks", "בעוד חודש": from that day on, for as long as the unit is vague."""
        return self._later(found, self._today)

    def _units_from(self, found: Sequence[Token]) -> Token | None:
        """ "two weeks from today"."""
        spans = found[-1].value.spans if isinstance(found[-1].value, Days) else ()
        first = spans[0].first if len(spans) == 1 else None
        return None if first is None else self._later(found, first)

    def _later(self, found: Sequence[Token], since: date) -> Token | None:
        numbers = pick(found, "dewfm")
        count = numbers[0].value if numbers else 1
        unit = pick(found, "Uy")[0].value or "day"
        if unit in ("minute", "weekend") or count > 366:
            return None
        if unit == "month":
            first, days = _months_later(since, count), 7
        else:
            step = {"day": 1, "week": 7, "fortnight": 14}[unit]
            first, days = since + timedelta(days=step * count), 1 if unit == "day" else 7
        return Token("D", Days((Span(first, first + timedelta(days=days - 1)),)))

    def _unit(self, found: Sequence[Token], ahead: int) -> Token | None:
        unit = pick(found, "U")[0].value
        if unit == "week":
            return Token("D", Days((self._from_today(self._week(ahead)),)))
        if unit == "month":
            return Token("D", Days((self._from_today(self._month_ahead(ahead)),)))
        if unit == "weekend":
            return Token("D", Days((self._from_today(self._weekend_span(ahead)),)))
        return None

    def _weekend_only(self, found: Sequence[Token]) -> Token | None:
        unit = pick(found, "U")[0].value
        return Token("D", Days((self._from_today(self._weekend_span(0)),))) if unit == "weekend" else None

    def _weekend_span(self, ahead: int) -> Span:
        begin, end = self._weekend
        days = (end - self._today.weekday()) % 7
        last = self._today + timedelta(days=days + 7 * ahead)
        return Span(last - timedelta(days=(end - begin) % 7), last)

    def _from_today(self, span: Span) -> Span:
        return Span(max(span.first or self._today, self._today), span.last)

    def _fixed(self, found: Sequence[Token]) -> Token | None:
        span = self._whole(found[0])
        return None if span is None else Token("D", Days((self._from_today(span),)))

    def _whole(self, token: Token) -> Span | None:
        """The week or month that a fixed name stands for, the part that is over included."""
        match token.value:
            case "this_week":
                return self._week(0)
            case "this_month":
                return self._month_ahead(0)
            case "next_week":
                return self._week(1)
            case "next_month":
                return self._month_ahead(1)
            case "week_after_next":
                return self._week(2)
        return None

    def _part_of_unit(self, found: Sequence[Token]) -> Token | None:
        """ "the end of the week", "סוף החודש": of this one."""
        where, unit = pick(found, "sz%")[0].kind, pick(found, "U")[0].value
        span = {"week": self._week(0), "month": self._month_ahead(0)}.get(unit)
        return None if span is None else Token("D", Days((self._from_today(_third(span, where)),)))

    def _part_of_span(self, found: Sequence[Token]) -> Token | None:
        where, span = pick(found, "sz%EL")[0].kind, self._whole(found[-1])
        if span is None:
            spans = found[-1].value.spans
            span = spans[0] if len(spans) == 1 else Span(None, None)
        return Token("D", Days((self._from_today(_third(span, where)),))) if span.days >= 7 else None

    def _weekday_in(self, found: Sequence[Token]) -> Token | None:
        """A weekday of a week or month; or one that a date has or contradicts."""
        weekday, days = pick(found, "W")[0].value, pick(found, "D")[0].value
        if days.weekday is not None or len(days.spans) != 1:
            return None
        span = days.spans[0]
        if span.days == 1 and span.first is not None:
            return Token("D", self._agreed(weekday, span.first, days))
        if span.days < 7 and span.first == self._today:
            span = Span(span.first, span.first + timedelta(days=6))
        if span.first is None or not 3 <= span.days <= 31:
            return None
        wanted = span.first + timedelta(days=(weekday - span.first.weekday()) % 7)
        return Token("D", self._day(wanted))

    def _agreed(self, weekday: int, day: date, days: Days) -> Days:
        if day.weekday() == weekday:
            return days
        other = self._coming(weekday).spans[0]
        return Days((Span(day, day), other), trouble=Trouble.CONTRADICTION)

    # --- dates --------------------------------------------------------------------------------------------

    def _date(self, found: Sequence[Token]) -> Token | None:
        """A day and a named month, in either order, with or without a year."""
        month = pick(found, "M")[0].value
        numbers = [token.value for token in pick(found, "dewfmok")]
        year = numbers[-1] if len(numbers) > 1 and numbers[-1] >= 2000 else None
        if len(numbers) > 1 and year is None:
            return None
        return Token("D", self._of(numbers[0], month, year))

    def _written(self, found: Token) -> Token:
        day, month, year = found.value
        if month > 12 >= day:
            day, month = month, day
        return Token("D", self._of(day, month, year))

    def _dotted(self, found: Sequence[Token]) -> Token | None:
        """ "3.12" is a date, "10.30" a time."""
        day, month = found[0].value
        if 1 <= month <= 12 and 1 <= day <= 31:
            return Token("D", self._of(day, month, None))
        sure = day > 12
        return Token("T", day * 60 + month if day < 25 and month < 60 else -1) if sure or month > 12 else None

    def _numbered_month(self, found: Sequence[Token]) -> Token | None:
        """ "השלישי לשתים עשרה", "ה-3 ל-12"; a small count of minutes to an hour is a time."""
        day, month = (token.value for token in pick(found, "dmkf"))
        if pick(found, "l")[0].value is not None:  # "10 to 12"
            return None
        digits = found[-1].kind == "d"
        if not 1 <= month <= 12 or not 1 <= day <= 31 or (digits and day in (5, 10, 20, 25) and month < day):
            return None
        return Token("D", self._of(day, month, None))

    def _days_of_month_name(self, found: Sequence[Token]) -> Token | None:
        """ "3-5 בדצמבר"."""
        first, last = (token.value for token in pick(found, "dewfmk")[:2])
        month = pick(found, "M")[0].value
        begin, end = self._of(first, month, None), self._of(last, month, None)
        if begin.trouble or end.trouble:
            return Token("D", _IMPOSSIBLE)
        return Token("D", Days((Span(begin.spans[0].first, end.spans[0].last),)))

    def _month(self, found: Sequence[Token]) -> Token | None:
        """A month alone; "may" alone is a word of its own."""
        month = found[0].value
        ahead = (month - self._today.month) % 12
        if month == _MAY and len(found) == 1:
            return Token("V", Days((self._from_today(self._month_ahead(ahead)),)))
        return Token("D", Days((self._from_today(self._month_ahead(ahead)),)))

    def _day_of_month(self, found: Sequence[Token]) -> Token | None:
        """ "the 15th of next month", "ב-15 לחודש"."""
        if pick(found, "U")[0].value != "month":
            return None
        number = pick(found, "dewfmok")[0].value
        if any(token.kind == "N" for token in found):
            span = self._month_ahead(1)
            assert span.first is not None
            return Token("D", self._of(number, span.first.month, span.first.year))
        return Token("D", self._next_day_of_month(number))

    def _bare_day(self, found: Sequence[Token]) -> Token | None:
        """ "the fifteenth", "ה-15"."""
        return Token("D", self._next_day_of_month(found[-1].value))

    def _next_day_of_month(self, number: int) -> Days:
        for ahead in range(13):
            span = self._month_ahead(ahead)
            assert span.first is not None
            assert span.last is not None
            if number <= span.last.day and span.first.replace(day=max(1, number)) >= self._today:
                return self._day(span.first.replace(day=number)) if number else _IMPOSSIBLE
        return _IMPOSSIBLE

    def _of(self, day: int, month: int, year: int | None) -> Days:
        """A date; without a year it is the next such day."""
        years = [year] if year is not None else list(range(self._today.year, self._today.year + 5))
        for candidate in years:
            if not 1 <= month <= 12 or not 1 <= day <= 31:
                break
            if day <= monthrange(candidate, month)[1]:
                wanted = date(candidate, month, day)
                if year is not None or wanted >= self._today:
                    return self._day(wanted)
        return _IMPOSSIBLE

    # --- stretches ----------------------------------------------------------------------------------------

    def _between(self, found: Sequence[Token]) -> Token | None:
        begin, end = (token.value for token in pick(found, "D"))
        if not begin.spans or not end.spans:
            return Token("D", _IMPOSSIBLE)
        first, last = begin.spans[0].first, end.spans[-1].last
        if first is not None and last is not None and last < first:
            last = last + timedelta(days=7) if end.weekday is not None else last
        if first is not None and last is not None and last < first:
            return Token("D", _IMPOSSIBLE)
        return Token("D", Days((Span(first, last),)))

    def _bounded(
        self, found: Sequence[Token], *, after: bool = False, before: bool = False, until: bool = False
    ) -> Token | None:
        days = found[-1].value
        if not days.spans:
            return found[-1]
        first, last = days.spans[0].first, days.spans[-1].last
        if after:
            span = Span(None if last is None else last + timedelta(days=1), None)
        elif before:
            span = Span(self._today, None if first is None else first - timedelta(days=1))
        elif until:
            span = Span(self._today, last)
        else:
            span = Span(first, None)
        return Token("D", replace(days, spans=(span,), weekday=None))


def _whole_month(year: int, month: int) -> Span:
    return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def _months_later(day: date, count: int) -> date:
    years, month = divmod(day.month - 1 + count, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _third(span: Span, where: str) -> Span:
    """The beginning, middle or end of a stretch."""
    assert span.first is not None
    assert span.last is not None
    third = -(-span.days // 3)
    match where:
        case "s" | "E":
            return Span(span.first, span.first + timedelta(days=third - 1))
        case "z" | "L":
            return Span(span.last - timedelta(days=third - 1), span.last)
    middle = span.first + timedelta(days=third)
    return Span(middle, span.last - timedelta(days=third))
