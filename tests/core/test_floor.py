"""The floor: every state with every input, said once more and independently of the table."""

import itertools

import pytest

from torim.core.floor import TRANSITIONS, Floor, Input, step
from torim.errors import CoreMisuse

ONSETS = {Floor.OPEN, Floor.WAITING, Floor.AI}


def following(floor: Floor, given: Input) -> Floor | None:
    """Where an input leads, in the words of the design; None where it cannot happen."""
    match given:
        case Input.OWED:
            return Floor.WAITING if floor in (Floor.OPEN, Floor.WAITING) else None
        case Input.RELEASED:
            return Floor.AI if floor in (Floor.OPEN, Floor.WAITING) else None
        case Input.HEARD:
            return Floor.OPEN if floor is Floor.AI else None
        case Input.HEARD_OWING:
            return Floor.WAITING if floor is Floor.AI else None
        case Input.ONSET:
            return Floor.VERIFYING if floor in ONSETS else None
        case Input.TAKEN:
            return Floor.CALLER if floor is not Floor.CALLER else None
        case Input.DROPPED_AI:
            return Floor.AI if floor is Floor.VERIFYING else None
        case Input.DROPPED_OWING:
            return Floor.WAITING if floor is Floor.VERIFYING else None
        case Input.DROPPED:
            return Floor.OPEN if floor is Floor.VERIFYING else None
        case Input.SETTLED:
            return Floor.WAITING if floor is Floor.CALLER else None
        case Input.GIVEN_UP:
            return Floor.OPEN if floor is Floor.WAITING else None


@pytest.mark.parametrize(("floor", "given"), list(itertools.product(Floor, Input)), ids=lambda value: value.name)
def test_every_state_knows_every_input_or_refuses_it(floor: Floor, given: Input) -> None:
    expected = following(floor, given)
    if expected is not None:
        assert step(floor, given) is expected
        return
    with pytest.raises(CoreMisuse, match=floor.name) as refusal:
        step(floor, given)
    assert refusal.value.code == "core.floor"


def test_from_everywhere_the_caller_can_take_the_floor() -> None:
    assert {floor for floor, given in TRANSITIONS if given is Input.TAKEN} == set(Floor) - {Floor.CALLER}


def test_the_floor_is_the_callers_until_their_turn_is_settled() -> None:
    assert {given for floor, given in TRANSITIONS if floor is Floor.CALLER} == {Input.SETTLED}


def test_only_the_first_sample_gives_the_ai_the_floor() -> None:
    gained = {given for (floor, given), to in TRANSITIONS.items() if to is Floor.AI and floor is not Floor.AI}
    assert gained == {Input.RELEASED, Input.DROPPED_AI}


def test_every_floor_can_be_left_for_every_other() -> None:
    for start in Floor:
        reached, edge = {start}, {start}
        while edge:
            edge = {to for (floor, _), to in TRANSITIONS.items() if floor in edge} - reached
            reached |= edge
        assert reached == set(Floor)
