"""The replies we owe: merged wishes, one request at a time, tombstones, overdue responses, retries."""

import itertools

import pytest

from torim.core.abilities import EngineCapabilities
from torim.core.actions import Action, CancelResponse, CreateResponse, Note, Purpose
from torim.core.answers import PRECEDENCE, Answers
from torim.core.events import ResponseCreated, ResponseStatus
from torim.core.outbox import Outbox
from torim.core.reasons import Level, Reason
from torim.core.responses import Input, Response, State
from torim.core.settings import TurnSettings

SETTINGS = TurnSettings()


class Desk:
    """Answers with their outbox, in the words of a scene."""

    def __init__(self, **abilities: bool) -> None:
        self.out = Outbox()
        self.answers = Answers(SETTINGS, EngineCapabilities(**abilities), {Purpose.GREETING: "Say hello."}, self.out)

    def ask(self, purpose: Purpose = Purpose.REPLY, now_ms: int = 0) -> CreateResponse:
        self.answers.want(purpose)
        self.answers.ask(now_ms)
        (create,) = (action for action in self.did() if isinstance(action, CreateResponse))
        return create

    def created(self, name: str, key: str | None, now_ms: int = 0, *, wanted: bool = True) -> Response:
        return self.answers.created(ResponseCreated(name, key), now_ms, wanted)

    def live(self, name: str = "R1", now_ms: int = 0) -> Response:
        return self.created(name, self.ask(now_ms=now_ms).key, now_ms)

    def done(self, response: Response, now_ms: int = 0) -> None:
        self.answers.end(response, Input.DONE, ResponseStatus.COMPLETED, now_ms)

    def did(self) -> list[Action]:
        return self.out.take()

    def cancelled(self) -> list[str]:
        return [action.response_id for action in self.did() if isinstance(action, CancelResponse)]

    def notes(self) -> list[tuple[Reason, Level]]:
        return [(action.reason, action.level) for action in self.did() if isinstance(action, Note)]


# --- wishes -----------------------------------------------------------------------------------------------------


def test_a_wish_becomes_one_request_with_the_instructions_of_its_purpose() -> None:
    desk = Desk()
    assert desk.answers.owing is False
    create = desk.ask(Purpose.GREETING)
    assert (create.key, create.purpose, create.instructions) == ("r1", Purpose.GREETING, "Say hello.")
    assert desk.answers.wish is None
    assert desk.answers.owing  # until it has a sound


def test_a_purpose_without_a_prompt_uses_the_sessions_own() -> None:
    assert Desk().ask(Purpose.REPLY).instructions is None


def test_nothing_is_asked_while_a_response_is_alive() -> None:
    desk = Desk()
    response = desk.live()
    desk.answers.want(Purpose.REPLY)
    desk.answers.ask(10)
    assert not any(isinstance(action, CreateResponse) for action in desk.did())
    desk.done(response)
    desk.answers.ask(20)
    assert any(isinstance(action, CreateResponse) for action in desk.did())


@pytest.mark.parametrize(("first", "second"), list(itertools.product(Purpose, repeat=2)))
def test_where_two_wishes_meet_one_response_answers_both(first: Purpose, second: Purpose) -> None:
    desk = Desk()
    desk.answers.want(first, not_before_ms=700, over_audio=True)
    desk.answers.want(second, not_before_ms=300, over_audio=False)
    wish = desk.answers.wish
    assert wish is not None
    assert wish.purpose is max(first, second, key=PRECEDENCE.index)
    assert wish.not_before_ms == 700
    assert not wish.over_audio


def test_every_purpose_has_its_place() -> None:
    assert set(PRECEDENCE) == set(Purpose)


def test_keys_and_commands_are_never_used_twice() -> None:
    desk = Desk()
    creates = []
    for _ in range(5):
        creates.append(desk.ask())
        desk.done(desk.created(f"R{len(creates)}", creates[-1].key))
    assert len({create.key for create in creates}) == len({create.command_id for create in creates}) == 5


# --- created ----------------------------------------------------------------------------------------------------


def test_a_response_that_the_engine_made_is_adopted_and_pays_what_was_owed() -> None:
    desk = Desk()
    desk.answers.want(Purpose.REPLY)
    assert desk.created("R1", None).state is State.LIVE
    assert desk.answers.wish is None
    assert (Reason.RESPONSE_ADOPTED, Level.DEBUG) in desk.notes()


def test_a_response_that_the_engine_made_over_the_caller_is_cancelled_and_what_is_owed_stays_owed() -> None:
    desk = Desk()
    desk.answers.want(Purpose.REPLY)
    assert desk.created("R1", None, wanted=False).state is State.CANCELLING
    assert desk.answers.wish is not None
    assert desk.cancelled() == ["R1"]


def test_an_adopted_response_overtakes_our_request() -> None:
    desk = Desk()
    create = desk.ask()
    desk.created("R1", "not-ours")
    assert desk.created("R2", create.key).state is State.CANCELLING
    assert desk.cancelled() == ["R2"]


def test_a_response_that_we_asked_for_is_taken_even_if_it_is_not_wanted_any_more() -> None:
    """The floor decides by cancelling, before or after; not by the order of messages."""
    desk = Desk()
    create = desk.ask()
    assert desk.created("R1", create.key, wanted=False).state is State.LIVE


# --- cancelling -------------------------------------------------------------------------------------------------


def test_a_live_response_is_cancelled_once() -> None:
    desk = Desk()
    desk.live()
    desk.did()
    desk.answers.cancel(10)
    desk.answers.cancel(11)
    assert desk.cancelled() == ["R1"]


def test_a_request_gets_a_tombstone() -> None:
    desk = Desk()
    create = desk.ask()
    desk.answers.cancel(10)
    assert desk.cancelled() == []
    assert desk.created("R1", create.key).state is State.CANCELLING
    assert desk.cancelled() == ["R1"]


def test_a_response_that_is_over_is_not_cancelled() -> None:
    desk = Desk()
    desk.done(desk.live())
    desk.did()
    desk.answers.cancel(10)
    assert desk.cancelled() == []


def test_an_engine_that_cannot_cancel_is_not_told() -> None:
    desk = Desk(cancels=False)
    response = desk.live()
    desk.did()
    desk.answers.cancel(10)
    assert desk.cancelled() == []
    assert response.state is State.CANCELLING


# --- owing ------------------------------------------------------------------------------------------------------


def test_a_sound_pays_what_was_owed() -> None:
    desk = Desk()
    response = desk.live()
    assert desk.answers.owing
    response.audio_ms = 20
    assert not desk.answers.owing


def test_a_cancelled_response_owes_nothing() -> None:
    desk = Desk()
    desk.live()
    desk.answers.cancel(10)
    assert not desk.answers.owing


# --- overdue ----------------------------------------------------------------------------------------------------


def test_nothing_is_overdue_where_nothing_is_alive() -> None:
    desk = Desk()
    assert desk.answers.overdue_ms() is None
    assert desk.answers.give_up(0) is None


@pytest.mark.parametrize(
    ("state", "patience_ms"),
    [
        (State.REQUESTED, SETTINGS.created_overdue_ms),
        (State.DOOMED, SETTINGS.created_overdue_ms),
        (State.LIVE, SETTINGS.progress_overdue_ms),
        (State.CANCELLING, SETTINGS.cancel_overdue_ms),
    ],
)
def test_patience_depends_on_what_is_waited_for(state: State, patience_ms: int) -> None:
    desk = Desk()
    create = desk.ask()
    if state in (State.LIVE, State.CANCELLING):
        desk.created("R1", create.key)
    if state in (State.DOOMED, State.CANCELLING):
        desk.answers.cancel(0)
    assert desk.answers.overdue_ms() == patience_ms
    lost = desk.answers.give_up(patience_ms)
    assert lost is not None
    assert (lost.state, lost.status) == (State.ENDED, ResponseStatus.LOST)
    assert desk.answers.responses.active_id is None


def test_a_live_response_is_cancelled_when_it_is_given_up() -> None:
    desk = Desk()
    desk.live()
    desk.did()
    desk.answers.give_up(9000)
    assert desk.cancelled() == ["R1"]


def test_an_engine_that_cannot_cancel_may_take_its_time_to_be_done() -> None:
    desk = Desk(cancels=False)
    desk.live()
    desk.answers.cancel(0)
    assert desk.answers.overdue_ms() == SETTINGS.progress_overdue_ms


# --- retries ----------------------------------------------------------------------------------------------------


def test_each_retry_waits_longer_and_the_last_one_asks_the_caller() -> None:
    desk = Desk()
    waits = []
    for _ in range(SETTINGS.retries_max):
        assert desk.answers.retry(Purpose.REPLY, 1000)
        assert desk.answers.wish is not None
        waits.append((desk.answers.wish.purpose, desk.answers.wish.not_before_ms - 1000))
        desk.answers.wish = None
    assert waits == [(Purpose.REPLY, SETTINGS.retry_delay_ms), (Purpose.RETRY, 2 * SETTINGS.retry_delay_ms)]
    assert not desk.answers.retry(Purpose.REPLY, 1000)
    assert (Reason.RETRIES_SPENT, Level.WARNING) in desk.notes()


def test_a_greeting_stays_a_greeting_however_often_it_is_tried() -> None:
    desk = Desk()
    for _ in range(SETTINGS.retries_max):
        desk.answers.retry(Purpose.GREETING, 0)
    assert desk.answers.wish is not None
    assert desk.answers.wish.purpose is Purpose.GREETING
