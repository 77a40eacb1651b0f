"""The stage matrix: whatever the stage of an answer, the AI falls silent and the caller is answered exactly once.

Calls over real sockets through Twilio's protocol, interrupted by sound at random instants, or by a key. A sample
always; with `deep` every cell of answers 1, 2 and 3, three times for each of nine ways to the engine. What counts as
obeyed is written in `torim/lab/matrix_judge.py`. `python -m bench.stages` prints the same as a table.
"""

from itertools import product
from pathlib import Path

import pytest
from acceptance_scene import SEED, Calls, place

from torim.lab import matrix
from torim.lab.matrix import ANSWERS, GREETINGS, SPOKEN, By, EngineWay

pytestmark = pytest.mark.timeout(600)  # the first test waits for all calls, which a starved machine places again
IN_STAGE_MIN = 0.7  # of the trials; a busy machine misses stages of 100 ms


def test_every_barge_in_of_the_sample_is_obeyed_and_answered_once(calls: Calls) -> None:
    assert calls.problems() == []


def test_the_sample_holds_every_stage_by_speech_and_by_key(calls: Calls) -> None:
    made = {(item.trial.cell.stage, item.trial.cell.by) for item in calls.judged()}
    assert made == {*product(ANSWERS, By), *product(GREETINGS, By)}


def test_the_sound_fell_where_it_should(calls: Calls) -> None:
    judged = calls.judged()
    assert sum(item.in_stage for item in judged) >= IN_STAGE_MIN * len(judged)


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("speed", [1.0, 4.0, 20.0])
@pytest.mark.parametrize("delay_ms", [0, 50, 150])
def test_every_cell_three_times(delay_ms: int, speed: float, tmp_path: Path) -> None:
    assert place(matrix.whole([EngineWay(delay_ms, speed)], 3, SEED), tmp_path).problems() == []


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_the_embedded_engine_is_interrupted_at_every_stage(tmp_path: Path) -> None:
    ways = [EngineWay(delay_ms, engine="embedded") for delay_ms in (0, 50)]
    assert place(matrix.sample(ways, 16, SEED, SPOKEN), tmp_path).problems() == []


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_the_fiftieth_answer_is_interrupted_like_the_first(tmp_path: Path) -> None:
    plan = matrix.long_call(EngineWay(50, 4.0), 50, SEED)
    assert place([plan], tmp_path).problems() == []
