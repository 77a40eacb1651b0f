"""The numbers of one call."""

import pytest

from torim.core.actions import Note
from torim.core.events import CallerTranscript, ResponseDone, ResponseStatus, TurnCommitted
from torim.core.reasons import Level, Reason
from torim.live.tally import Tally, cost, percentile


@pytest.mark.parametrize(
    ("values", "p50", "p95"),
    [([], None, None), ([7], 7, 7), ([3, 1, 2], 2, 3), (list(range(1, 101)), 50, 95), ([5, 9], 5, 9)],
)
def test_percentiles(values: list[int], p50: int | None, p95: int | None) -> None:
    assert (percentile(values, 50), percentile(values, 95)) == (p50, p95)


def test_an_answer_is_measured_once_from_the_end_of_the_callers_words() -> None:
    tally = Tally()
    tally.sounded(100)  # the greeting answers nobody
    tally.turn_ended(1000)
    tally.turn_ended(2000)  # the caller went on
    tally.sounded(2650)
    tally.sounded(2670)
    tally.turn_ended(9000)
    tally.sounded(9400)
    measures = tally.measures(2, None)
    assert (measures.response_ms_p50, measures.response_ms_p95) == (400, 650)


def test_stops_false_alarms_and_tokens_are_counted() -> None:
    tally = Tally()
    for ms in (40, 80, 60):
        tally.stopped(ms)
    for reason in (Reason.RESUMED, Reason.RESUMED_AT_DEADLINE, Reason.CUT):
        tally.note(Note(reason, Level.INFO))
    for _ in range(2):
        tally.responded(ResponseDone("R", ResponseStatus.COMPLETED, usage=(("input_tokens", 10), ("output_tokens", 5))))
    found = tally.measures(1, None)
    assert (found.stop_ms_p50, found.stop_ms_p95, found.stop_ms_max) == (60, 80, 80)
    assert (found.false_alarm_count, found.barge_in_count) == (2, 1)
    assert found.usage == {"input_tokens": 20, "output_tokens": 10} and found.cost_estimate is None


def test_a_call_in_which_nothing_was_measured_has_no_numbers() -> None:
    found = Tally().measures(0, "gpt-realtime")
    assert found.stop_ms_max is None and found.response_ms_p95 is None and found.cost_estimate == 0


def test_the_price_of_a_call_counts_what_was_cached_as_cached() -> None:
    usage = {
        "input_token_details.text_tokens": 1000,
        "input_token_details.audio_tokens": 2000,
        "input_token_details.cached_tokens": 1500,
        "input_token_details.cached_tokens_details.text_tokens": 500,
        "input_token_details.cached_tokens_details.audio_tokens": 1000,
        "output_token_details.text_tokens": 100,
        "output_token_details.audio_tokens": 400,
    }
    dollars = (500 * 4 + 1000 * 32 + 1500 * 0.4 + 100 * 16 + 400 * 64) / 1e6
    assert cost(usage, "gpt-realtime-2") == pytest.approx(dollars)
    assert cost(usage, "a-local-model") is None and cost(usage, None) is None


def test_it_knows_when_a_transcript_has_grown() -> None:
    tally = Tally()
    assert not tally.take_growth()
    tally.happened(TurnCommitted("I1"))
    tally.happened(CallerTranscript("I1", "yes"))
    assert tally.take_growth() and not tally.take_growth()
