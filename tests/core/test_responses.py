"""Every engine response by its id: every state with every input, and what is derived from them."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torim.core.actions import Purpose
from torim.core.responses import ACTIVE, PENDING, TRANSITIONS, Input, Response, Responses, State

# What each state does with each input, said once more and independently; what is missing is refused.
SAID = {
    State.REQUESTED: {
        Input.CREATED: State.LIVE,
        Input.CANCEL: State.DOOMED,
        Input.REJECTED: State.ENDED,
        Input.LOST: State.ENDED,
    },
    State.DOOMED: {
        Input.CREATED: State.CANCELLING,
        Input.CANCEL: State.DOOMED,
        Input.REJECTED: State.ENDED,
        Input.LOST: State.ENDED,
    },
    State.LIVE: {
        Input.AUDIO_DONE: State.LIVE,
        Input.CANCEL: State.CANCELLING,
        Input.DONE: State.ENDED,
        Input.LOST: State.ENDED,
    },
    State.CANCELLING: {
        Input.AUDIO_DONE: State.CANCELLING,
        Input.CANCEL: State.CANCELLING,
        Input.NOT_ACTIVE: State.CANCELLING,
        Input.DONE: State.ENDED,
        Input.LOST: State.ENDED,
    },
    State.ENDED: dict.fromkeys((Input.AUDIO_DONE, Input.DONE, Input.NOT_ACTIVE, Input.LOST), State.ENDED),
}


def asked(table: Responses, key: str = "r1", now_ms: int = 0) -> Response:
    return table.request(key, f"create-{key}", Purpose.REPLY, now_ms)


def in_state(table: Responses, state: State, key: str = "r1") -> Response:
    """A response brought to a state by the events that lead there."""
    response = asked(table, key)
    if state is State.DOOMED:
        table.take(response, Input.CANCEL, 0)
    elif state is not State.REQUESTED:
        table.created(f"R-{key}", key, 0)
    if state is State.CANCELLING:
        table.take(response, Input.CANCEL, 0)
    elif state is State.ENDED:
        table.take(response, Input.DONE, 0)
    assert response.state is state
    return response


@pytest.mark.parametrize(("state", "given_input"), list(itertools.product(State, Input)), ids=lambda value: value.name)
def test_every_state_knows_every_input_or_refuses_it(state: State, given_input: Input) -> None:
    table = Responses()
    response = in_state(table, state)
    following = SAID[state].get(given_input)
    assert table.take(response, given_input, 77) is (following is not None)
    assert response.state is (following or state)
    assert response.changed_ms == (0 if following is None else 77)
    assert TRANSITIONS.get((state, given_input)) is following


def test_audio_done_ends_nothing() -> None:
    table = Responses()
    in_state(table, State.LIVE)
    table.take(table.get("R-r1"), Input.AUDIO_DONE, 5)  # type: ignore[arg-type]
    assert table.active_id == "R-r1"


@pytest.mark.parametrize("state", State)
def test_the_active_id_is_derived_from_the_state(state: State) -> None:
    table = Responses()
    in_state(table, state)
    assert table.active_id == ("R-r1" if state in ACTIVE else None)
    assert (table.alive is not None) == (state is not State.ENDED)
    assert (table.pending is not None) == (state in PENDING)


def test_a_created_response_is_found_by_its_echoed_key() -> None:
    table = Responses()
    wish = asked(table)
    response, ours = table.created("R1", "r1", 10)
    assert ours
    assert response is wish is table.get("R1")
    assert (response.state, response.created_ms, response.name) == (State.LIVE, 10, "R1")


def test_a_server_that_echoes_nothing_is_matched_to_the_open_request() -> None:
    table = Responses()
    wish = asked(table)
    assert table.created("R1", None, 10) == (wish, True)


def test_a_response_that_nobody_asked_for_is_known_as_such() -> None:
    table = Responses()
    response, ours = table.created("R1", None, 10)
    assert not ours
    assert response.state is State.LIVE
    assert table.active_id == "R1"


def test_a_key_that_was_used_before_does_not_move_an_old_response() -> None:
    table = Responses()
    old = in_state(table, State.ENDED)
    response, ours = table.created("R9", "r1", 10)
    assert not ours
    assert response is not old
    assert old.state is State.ENDED
    assert table.get("R-r1") is old


def test_a_doomed_request_is_cancelling_from_its_creation() -> None:
    table = Responses()
    in_state(table, State.DOOMED)
    response, ours = table.created("R1", "r1", 10)
    assert ours
    assert response.state is State.CANCELLING


def test_a_response_that_the_engine_runs_comes_before_one_that_we_asked_for() -> None:
    table = Responses()
    asked(table)
    table.created("R7", "somebody-else", 5)
    assert table.active_id == "R7"
    assert table.pending is not None
    assert table.alive is table.get("R7")


def test_an_error_names_its_request() -> None:
    table = Responses()
    wish = asked(table)
    assert table.by_command("create-r1") is wish
    assert table.by_command("create-r2") is None
    assert table.by_command(None) is None


def test_logs_name_the_newest_response() -> None:
    table = Responses()
    assert table.last_name is None
    asked(table)
    assert table.last_name == "r1"
    table.created("R1", "r1", 0)
    assert table.last_name == "R1"


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(Input)), max_size=40))
def test_the_active_id_is_none_exactly_when_every_created_response_is_over(steps: list[tuple[int, Input]]) -> None:
    table = Responses()
    responses = [asked(table, f"r{number}") for number in range(4)]
    for number, given_input in steps:
        response = responses[number]
        if given_input is Input.CREATED and response.state in PENDING:
            table.created(f"R{number}", response.key, 0)
        elif given_input is not Input.CREATED:
            table.take(response, given_input, 0)
        running = [r for r in table if r.response_id is not None and r.state is not State.ENDED]
        assert (table.active_id is None) == (not running)
        assert table.active_id in {None, *(r.response_id for r in running)}
