"""Intervals that are what they claim to be."""

import random

import pytest

from torim.lab.bargein.stats import mean, percentile, rate, share


@pytest.mark.parametrize(
    ("count", "n", "low", "high"), [(0, 300, 0.0, 0.0126), (5, 10, 0.2366, 0.7634), (99, 100, 0.9455, 0.9982)]
)
def test_a_share_has_wilsons_interval(count: int, n: int, low: float, high: float) -> None:
    figure = share(count, n)
    assert (figure.value, figure.low, figure.high) == pytest.approx((count / n, low, high), abs=2e-4)


def test_nothing_tried_is_no_figure() -> None:
    assert share(0, 0).value is None
    assert percentile([], 0.5).value is None
    assert mean([]).value is None
    assert rate(0, 0.0, 0).value is None


def test_a_percentile_is_bracketed_by_order_statistics() -> None:
    figure = percentile(list(range(1, 101)), 0.5)
    assert (figure.value, figure.low, figure.high) == (50, 40, 61)  # ranks of the textbook


def test_the_tail_of_few_values_has_no_upper_end() -> None:
    figure = percentile([10, 20, 30, 40, 50], 0.99)
    assert (figure.value, figure.high) == (50, None)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    chance = random.Random(1)
    held = 0
    for _ in range(400):
        figure = percentile([chance.random() for _ in range(60)], 0.9)
        held += (figure.low is None or figure.low <= 0.9) and (figure.high is None or figure.high >= 0.9)
    assert held / 400 >= 0.93


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39)])
def test_a_rate_has_exact_poisson_limits(count: int, low: float, high: float) -> None:
    figure = rate(count, 1.0, 1)
    assert (figure.low, figure.high) == pytest.approx((low, high), abs=5e-3)
