"""Each mutant still finds the place in the code that it breaks; `make check-deep` shows that the tests kill it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_applies_and_changes_something(mutant: Mutant) -> None:
    assert mutant.old in (ROOT / mutant.path).read_text(encoding="utf-8")
    assert mutant.old != mutant.new
