"""Whole calls on a virtual clock: every promise holds, and the same seed tells the same story."""

import pytest

from torim.lab.sim.run import simulate


@pytest.mark.parametrize("faults", [False, True], ids=["engine behaves", "engine misbehaves"])
def test_three_hundred_calls_break_no_promise(faults: bool) -> None:
    broken = {seed: outcome.violations for seed in range(300) if (outcome := simulate(seed, faults=faults)).violations}
    assert not broken


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(0, 20_000, 2_000))
def test_thousands_of_calls_break_no_promise(first: int) -> None:
    broken = {
        seed: outcome.violations
        for seed in range(first, first + 2_000)
        if (outcome := simulate(seed, faults=seed % 2 == 1)).violations
    }
    assert not broken


def test_the_same_seed_gives_the_same_trace() -> None:
    for seed in (3, 33, 151):
        first = simulate(seed, faults=True, keep_trace=True)
        again = simulate(seed, faults=True, keep_trace=True)
        assert first.trace == again.trace
        assert first.digest == again.digest


def test_calls_really_are_cut_into() -> None:
    """The checks above mean nothing if nobody ever interrupts."""
    assert sum(simulate(seed, faults=False).cuts for seed in range(100)) > 50
