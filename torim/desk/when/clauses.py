"""From pieces with a meaning to alternatives: which times belong to which days.

"Tuesday or Wednesday morning" are two mornings, "Tuesday at ten or eleven" is one day with two times. It decides
only what belongs together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from torim.desk.when.meaning import Days, Part, Times
from torim.desk.when.token import Token

_FORGET_NOT_AFTER = 3  # words that mean nothing here


@dataclass(slots=True)
class Clause:
    """One alternative."""

    days: Days | None = None
    times: Times | None = None
    time_first: bool = False  # the time was said before the day
    excluded: bool = False


@dataclass(slots=True)
class Clauses:
    """Gathers alternatives piece by piece."""

    found: list[Clause] = field(default_factory=list)
    _parted: bool = False  # "or" or "and" since the last meaning
    _not_since: int | None = None  # words since a "not"
    _shade: str = ""  # "early" or "late", said before a day and meant for its part

    def take(self, tokens: Iterable[Token]) -> list[Clause]:
        """All alternatives of a sentence."""
        for token in tokens:
            match token.kind:
                case "D":
                    self._days(token.value)
                case "S":
                    self._times(token.value)
                case "E" | "L":
                    self._shade = token.kind
                case "P":
                    self._times(Times(part=self._shaded(Part(*token.value))))
                case "B":
                    days, times = token.value
                    self._days(days)
                    self._times(times)
                case "|" | "&":
                    self._parted = True
                case "!":
                    self._not_since = 0
                case "," | "x" | "v":
                    self._other(token.kind)
        _share(self.found)
        return self.found

    def _shaded(self, part: Part) -> Part:
        shade, self._shade = self._shade, ""
        return {"E": part.early, "L": part.late}[shade]() if shade else part

    def _other(self, kind: str) -> None:
        if self._not_since is not None:
            self._not_since += 1
            if kind == "," or self._not_since >= _FORGET_NOT_AFTER:
                self._not_since = None

    @property
    def _excluding(self) -> bool:
        return self._not_since is not None

    def _open(self) -> Clause | None:
        """The clause that may still grow."""
        last = self.found[-1] if self.found else None
        return last if last is not None and last.excluded == self._excluding else None

    def _days(self, days: Days) -> None:
        clause = self._open()
        if clause is None or clause.days is not None or (self._parted and clause.times is not None):
            self.found.append(Clause(days=days, excluded=self._excluding))
        else:
            clause.days, clause.time_first = days, clause.times is not None
        self._parted = False

    def _times(self, times: Times) -> None:
        clause = self._open()
        if clause is None:
            self.found.append(Clause(times=times, excluded=self._excluding))
        elif clause.times is None:
            clause.times = times
        elif self._parted or not _narrowed(clause, times):
            self.found.append(Clause(clause.days, times, excluded=self._excluding))
        self._parted = False


def _narrowed(clause: Clause, times: Times) -> bool:
    """Join two times of one alternative: a part of the day, and a time or bound in it."""
    old = clause.times
    assert old is not None
    if (old.relation is None) == (times.relation is None):
        return False
    bound, part = (times, old.part) if old.relation is None else (old, times.part)
    if bound.part is None:
        clause.times = Times(bound.relation, bound.first, bound.last, part, bound.trouble)
    return True


def _share(clauses: list[Clause]) -> None:
    """A time said after all days, or before them, is meant for each."""
    wished = [clause for clause in clauses if not clause.excluded]
    for before, after in zip(reversed(wished[:-1]), reversed(wished[1:]), strict=True):
        if before.times is None and after.days is not None:
            before.times = after.times
        if before.days is None and after.time_first:
            before.days = after.days
    for before, after in pairwise(wished):
        if after.times is None and before.time_first:
            after.times, after.time_first = before.times, True
