"""The four tests for which this product exists, with sound through the telephone protocol, on two engines.

1. Cut in during the first answer. 2. Cut in during the second: also after the engine has sent all of its audio.
3. Speak 100 ms after the AI has finished: no answer may start while the caller speaks. 4. No ERROR lines in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest
from acceptance_scene import ENGINES, Calls

from torim.core.actions import CancelResponse, ClearAudio, CreateResponse, Note
from torim.core.events import AudioDone, ResponseCreated, ResponseDone, TurnCommitted
from torim.core.reasons import Level
from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.matrix import Stage
from torim.lab.matrix_call import Played
from torim.lab.matrix_judge import HOLD_MS, Judged, judge
from torim.lab.record import Utterance

Kind = TypeVar("Kind")

# The first test waits for all calls, which a starved machine places more than once.
pytestmark = [pytest.mark.parametrize("engine", ENGINES), pytest.mark.timeout(600)]
GREETING, FIRST, SECOND, THIRD = range(4)  # trials of the call


def stopped(played: Played, index: int) -> Judged:
    """A trial of the call, which silenced the AI in time; without a word of the old answer after it."""
    judged = judge(played)[index]
    assert judged.problems == ()
    assert judged.sounding
    assert judged.hold_audio_ms is not None and judged.hold_audio_ms <= HOLD_MS
    return judged


def entries(played: Played, kind: type[Kind], begin: int, end: int) -> Iterator[tuple[int, Kind]]:
    """Entries of the server's timeline between two instants of the caller's clock."""
    clock = played.record.clock
    for entry in played.record.timeline:
        at_samples = clock.samples(entry.at_ms)
        if isinstance(entry.subject, kind) and begin <= at_samples < end:
            yield at_samples, entry.subject


def until_next(played: Played, index: int) -> tuple[int, int]:
    """From a trial's first sound to the next one's."""
    said = played.said
    return said[index].onset_samples, said[index + 1].onset_samples if index + 1 < len(said) else 1 << 60


def test_1_the_first_answer_is_interrupted(engine: str, calls: Calls) -> None:
    played = calls.to(engine)
    for trial in (GREETING, FIRST):
        stopped(played, trial)
        assert len(list(entries(played, ClearAudio, *until_next(played, trial)))) >= 1
        assert len(list(entries(played, CreateResponse, *until_next(played, trial)))) == 1


def test_2_the_second_answer_is_interrupted_after_all_its_audio_was_sent(engine: str, calls: Calls) -> None:
    played = calls.to(engine)
    judged = judge(played)[SECOND]
    assert judged.problems == ()
    assert judged.trial.cell.stage is Stage.BEFORE_DONE
    onset, end = until_next(played, SECOND)
    _, sent = list(entries(played, AudioDone, 0, onset))[-1]
    done_before = {item.response_id for _, item in entries(played, ResponseDone, 0, onset)}
    if not judged.in_stage:
        pytest.skip("this machine was too busy to speak between two events")
    assert sent.response_id not in done_before
    assert [item.response_id for _, item in entries(played, CancelResponse, onset, end)] == [sent.response_id]


def test_3_no_answer_starts_while_the_caller_speaks_100_ms_after_the_end(engine: str, calls: Calls) -> None:
    played = calls.to(engine)
    said: Utterance = played.said[THIRD]
    assert judge(played)[THIRD].problems == ()
    onset, end = until_next(played, THIRD)
    committed = min(at for at, _ in entries(played, TurnCommitted, onset, end))
    assert list(entries(played, CreateResponse, onset, committed)) == []
    assert list(entries(played, ResponseCreated, onset, committed)) == []
    assert committed > said.end_samples
    assert len(list(entries(played, CreateResponse, committed, end))) == 1
    quiet_ms = (said.onset_samples - last_heard(played, onset)) / SAMPLES_PER_MS
    assert quiet_ms >= 60


def last_heard(played: Played, until: int) -> int:
    """When the ear heard the AI's last sample before an instant."""
    return max(span.end_samples for span in played.record.heard() if span.start_samples < until)


def test_4_nothing_is_logged_at_error(engine: str, calls: Calls) -> None:
    notes = [item for _, item in entries(calls.to(engine), Note, 0, 1 << 60)]
    assert notes
    assert [note for note in notes if note.level >= Level.ERROR] == []
    assert calls.outcome.errors == []
