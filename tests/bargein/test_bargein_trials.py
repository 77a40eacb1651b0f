"""What the bench tries: every place, every alignment, the same for the same seed."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from bargein_scene import small_corpus

from torim.audio import g711
from torim.errors import ConfigError
from torim.lab.bargein.beside import GAP_MS, LENGTH_MS, REPLY_MS, draw_beside
from torim.lab.bargein.corpus import Corpus, Kind, read_corpus
from torim.lab.bargein.lines import DELAYS_MS, ERLS_DB, RESPONSES, echo_grid
from torim.lab.bargein.sound import caller_track, voices_of
from torim.lab.bargein.trials import BEDS, Choice, Group, Place, Trial, draw


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return read_corpus(small_corpus(tmp_path_factory.mktemp("corpus")))


@pytest.fixture(scope="module")
def trials(corpus: Corpus) -> list[Trial]:
    return draw(corpus, Choice())


def test_the_same_seed_tries_the_same(corpus: Corpus, trials: list[Trial]) -> None:
    assert draw(corpus, Choice()) == trials
    assert draw(corpus, Choice(seed=2)) != trials
    assert [trial.number for trial in trials] == list(range(len(trials)))


def test_a_group_is_drawn_alike_whether_alone_or_with_others(corpus: Corpus, trials: list[Trial]) -> None:
    alone = draw(corpus, Choice(groups=(Group.DOUBLE_TALK,)))
    among = [trial for trial in trials if trial.group is Group.DOUBLE_TALK]
    assert [(t.line, t.statement_ms) for t in alone] == [(t.line, t.statement_ms) for t in among]


def test_speech_is_tried_at_every_place_and_other_sounds_at_two(trials: list[Trial]) -> None:
    sounds = [trial for trial in trials if trial.group is Group.SOUND]
    places = Counter((t.kind, t.place) for t in sounds)
    assert all(places[Kind.TURN, place] == 3 for place in Place)
    assert places[Kind.BODY, Place.MIDDLE] == 2
    assert places[Kind.BODY, Place.IDLE] == 1


def test_onsets_fall_where_the_place_says(trials: list[Trial]) -> None:
    bounds = {
        Place.MIDDLE: (-99_000, -3_500),
        Place.LAST_HALF: (-500, -20),
        Place.AFTER: (0, 350),
        Place.ASKED: (350, 1_020),
        Place.IDLE: (1_500, 3_020),
    }
    for trial in (t for t in trials if t.group is Group.SOUND):
        low, high = bounds[trial.place]
        assert low <= trial.onset_after_samples / 8 - trial.statement_ms <= high, trial.place


def test_a_short_acknowledgement_is_an_answer_unless_the_ai_talks_on(trials: list[Trial]) -> None:
    words = {t.place: t.is_turn for t in trials if t.group is Group.SOUND and t.kind is Kind.BACKCHANNEL}
    assert words == {place: place is not Place.MIDDLE for place in Place}


def test_nobody_must_be_obeyed_for_speech_to_others_or_echo(trials: list[Trial]) -> None:
    others = [t for t in trials if t.group in (Group.ASIDE, Group.BED, Group.ECHO)]
    assert others
    assert not any(t.is_turn for t in others)


def test_the_grid_holds_every_echo_once(trials: list[Trial]) -> None:
    grid = [line.echo for line in echo_grid(1) if line.echo]
    cells = {(path.erl_db, path.delay_ms, path.response) for path in grid}
    assert len(cells) == len(grid) == len(ERLS_DB) * len(DELAYS_MS) * len(RESPONSES)
    echoes = [t for t in trials if t.group is Group.ECHO and t.line.echo]
    assert sum(t.line.echo.erl_db >= 10 for t in echoes if t.line.echo) >= 300


def test_a_share_is_a_subset(corpus: Corpus, trials: list[Trial]) -> None:
    some = draw(corpus, Choice(share=0.3))
    assert 0.15 * len(trials) < len(some) < 0.45 * len(trials)


def test_the_onset_lies_where_the_track_says(trials: list[Trial]) -> None:
    for trial in trials:
        if trial.group in (Group.SOUND, Group.PAUSE):
            track = caller_track(trial)
            sound = np.abs(g711.decode(track.payload))
            assert sound[: track.onset_samples].max(initial=0) < 50
            assert sound[track.onset_samples : track.onset_samples + 800].max() > 300


def test_a_pause_lies_between_two_phrases(trials: list[Trial]) -> None:
    trial = next(t for t in trials if t.group is Group.PAUSE)
    first, second = trial.pieces
    end = first.clip.offset_samples - first.clip.onset_samples
    assert second.at_samples - end == dict(trial.tags)["pause_ms"] * 8


@pytest.mark.parametrize("name", BEDS)
def test_backgrounds_are_made(trials: list[Trial], name: str) -> None:
    trial = next(t for t in trials if t.computed == name)
    assert len(caller_track(trial).payload) > trial.statement_ms * 8


def test_statements_are_of_the_length_asked_for_and_end_in_speech(corpus: Corpus) -> None:
    voices = voices_of(corpus)
    assert voices is not None
    for voice in range(4):
        for length_ms in (900, 5_000, 15_000):
            statement = voices.statement(voice, length_ms)
            assert len(statement) == length_ms * 8
            assert np.abs(g711.decode(statement[-1600:])).max() > 500


def test_a_corpus_without_voices_for_the_ai_has_none(corpus: Corpus) -> None:
    assert voices_of(Corpus("bare", tuple(corpus.of(Kind.TURN)), ())) is None


def test_calls_that_go_on_speak_time_and_again_and_are_no_trials(corpus: Corpus, trials: list[Trial]) -> None:
    conversations = draw_beside(corpus, Choice(), 8)
    assert conversations == draw_beside(corpus, Choice(), 8)
    assert not {c.number for c in conversations} & {t.number for t in trials}
    for conversation in conversations:
        assert LENGTH_MS / 3 - GAP_MS[1] < conversation.offset_samples / 8 < LENGTH_MS + 10_000
        gaps = [b.at_samples - a.at_samples for a, b in pairwise(conversation.pieces)]
        assert min(gaps) >= GAP_MS[0] * 8
        assert conversation.reply_ms == REPLY_MS
    assert len({c.offset_samples for c in conversations}) == len(conversations)


def test_calls_go_on_only_with_callers_who_speak(corpus: Corpus) -> None:
    with pytest.raises(ConfigError, match="speak"):
        draw_beside(Corpus("noises", tuple(corpus.of(Kind.NOISE)), ()), Choice(), 1)
