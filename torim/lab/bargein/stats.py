"""Figures with their uncertainty: shares, percentiles and rates, each with n and a 95 % interval.

Decides which interval: Wilson's for shares, order statistics for percentiles (no assumption about the shape), exact
Poisson limits for rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959964


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, how many trials it rests on, and its 95 % interval; None where it cannot be told."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None

    def plain(self) -> dict[str, float | int | None]:
        """For JSON."""
        return {"value": _rounded(self.value), "n": self.n, "low": _rounded(self.low), "high": _rounded(self.high)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def share(count: int, n: int) -> Figure:
    """A share of n trials with Wilson's interval."""
    if n == 0:
        return Figure(None, 0)
    p, zz = count / n, Z * Z
    centre = (p + zz / (2 * n)) / (1 + zz / n)
    half = Z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n)
    return Figure(p, n, max(0.0, centre - half), min(1.0, centre + half))


def percentile(values: Sequence[float], q: float) -> Figure:
    """The q-th quantile (0..1) with the order statistics that bracket it with 95 % confidence."""
    ordered = sorted(values)
    n = len(ordered)
    if n == 0:
        return Figure(None, 0)
    value = ordered[min(n - 1, max(0, math.ceil(q * n) - 1))]
    if q >= 1.0:
        return Figure(ordered[-1], n)
    low, high = _ranks(n, q)
    return Figure(value, n, ordered[low] if low >= 0 else None, ordered[high] if high < n else None)


def _ranks(n: int, q: float) -> tuple[int, int]:
    """Indices of the order statistics; -1 and n where no sample is sure to lie beyond."""
    below = 0.0
    low, high = -1, n
    for k in range(n):
        below += _binomial(n, k, q)  # the chance that at most k samples lie below the quantile
        if below < 0.025:
            low = k
        if below >= 0.975:
            high = k
            break
    return low, high


def _binomial(n: int, k: int, p: float) -> float:
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log + k * math.log(p) + (n - k) * math.log1p(-p))


def mean(values: Sequence[float]) -> Figure:
    """A mean with the normal interval."""
    n = len(values)
    if n == 0:
        return Figure(None, 0)
    centre = sum(values) / n
    if n == 1:
        return Figure(centre, 1)
    spread = math.sqrt(sum((value - centre) ** 2 for value in values) / (n - 1))
    half = Z * spread / math.sqrt(n)
    return Figure(centre, n, centre - half, centre + half)


def rate(count: int, minutes: float, n: int) -> Figure:
    """Events a minute over n trials, with exact Poisson limits."""
    if minutes <= 0:
        return Figure(None, n)
    low = _poisson_limit(count, 0.975) if count else 0.0
    return Figure(count / minutes, n, low / minutes, _poisson_limit(count + 1, 0.025) / minutes)


def _poisson_limit(count: int, tail: float) -> float:
    """The mean at which fewer than ``count`` events have this chance."""
    low, high = 0.0, 10.0 + 4.0 * count
    for _ in range(80):
        middle = (low + high) / 2
        fewer = sum(math.exp(-middle + k * math.log(middle) - math.lgamma(k + 1)) for k in range(count))
        low, high = (middle, high) if fewer > tail else (low, middle)
    return (low + high) / 2
