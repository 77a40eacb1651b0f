"""Another agent on the same calls: what crosses its socket is told in our words, and judged by our judge."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from bargein_scene import small_corpus

from bench.peers import served
from bench.peers.placing import Peer, run_peer, translated
from torim.core.actions import ClearAudio, CreateResponse, Note, PlayAudio, Purpose
from torim.core.events import AudioDelta, ResponseCreated, VoiceEnded
from torim.core.reasons import Reason
from torim.lab.bargein.corpus import Kind, read_corpus
from torim.lab.bargein.judge import judge
from torim.lab.bargein.sound import voices_of
from torim.lab.bargein.trials import Choice, Group, Place, draw


def test_a_clear_is_a_decision_and_the_first_request_is_the_statement() -> None:
    notes = [
        (1, served.ASKED, 0),
        (2, served.VOICED, 0),
        (3, served.MEDIA, 0),
        (4, served.TAKEN, 17),
        (5, served.CLEAR, 0),
        (6, served.ENDED, 0),
        (7, served.ASKED, 1),
    ]
    entries, taken = translated(notes)
    assert taken == [(4, 17)]
    assert [type(item) for _, item in entries] == [
        *(CreateResponse, ResponseCreated, AudioDelta, PlayAudio),
        *(Note, ClearAudio, VoiceEnded, CreateResponse),
    ]
    assert [item.purpose for _, item in entries if isinstance(item, CreateResponse)] == [
        Purpose.GREETING,
        Purpose.REPLY,
    ]
    assert [(at, item.reason) for at, item in entries if isinstance(item, Note)] == [(5, Reason.CUT)]


def test_what_was_noted_survives_the_way_between_the_processes(tmp_path: Path) -> None:
    noted = served.Noted()
    noted.note(served.CLEAR)
    app = served.App(tmp_path, lambda call: pytest.fail("nobody calls"))
    app.calls["CA1"] = noted
    app.tell(tmp_path / "told.json", {"cpu_s": 1.0})
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert [tuple(note) for note in told["calls"]["CA1"]] == noted.notes
    assert told["facts"] == {"cpu_s": 1.0}


@pytest.mark.deep
def test_a_bare_detector_on_real_sockets_is_judged_as_we_are(tmp_path: Path) -> None:
    corpus = read_corpus(small_corpus(tmp_path))
    voices = voices_of(corpus)
    assert voices is not None
    drawn = draw(corpus, Choice(groups=(Group.SOUND,)))
    trials = [t for t in drawn if t.kind is Kind.TURN and t.place in (Place.MIDDLE, Place.IDLE)]
    made = run_peer(Peer("bare VAD", "bench.peers.bare_vad", sys.executable), trials, voices, 4, lambda done, of: None)
    outcomes = [judge(evidence) for evidence in made.evidence]
    assert [outcome.failure for outcome in outcomes] == [""] * len(trials)
    assert all(outcome.obeyed and outcome.stale_ms == 0 for outcome in outcomes), outcomes
