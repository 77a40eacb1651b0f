"""Training the verifier: on any folder with a manifest, and the same weights every time."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from audio_sounds import Samples, noise, syllables

from tools import train_verifier
from tools.verifier_echoes import hear_over_echo
from tools.verifier_sounds import FAR_VARIANTS, SPEEDS, hear
from torim.audio import canceller
from torim.audio.verifier import CLASSES, FEATURES, OVER_ECHO
from torim.core.listening import FarEnd
from torim.errors import ConfigError
from torim.lab.bargein.corpus import Kind, read_corpus, write_wav

HEADER = ("file", "cls", "label", "speaker", "onset_s", "offset_s", "active_dbfs", "group", "source", "attribution")
LEAD_MS = 200


def made_up(folder: Path) -> Path:
    """Computed recordings: two of each class for two made-up sources, and a voice of ours."""
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, HEADER)
        rows.writeheader()
        for number in range(4):
            sounds = {"turn": syllables(4, -20, number), "cough": noise(300, -20, number), "noise": _thumps(number)}
            for cls, sound in sounds.items():
                rows.writerow(_written(folder, cls, number, sound))
        rows.writerow(_written(folder, "agent", 0, syllables(8, -20, 9)))
    return folder


def _thumps(number: int) -> Samples:
    at = np.arange(4_000) / 8_000
    return 0.3 * np.sin(2 * np.pi * (60 + 20 * number) * at) * np.exp(-(at % 0.25) * 30)


def _written(folder: Path, cls: str, number: int, sound: Samples) -> dict[str, str | float]:
    name = f"{cls}/{cls}_{number}.wav"
    (folder / cls).mkdir(exist_ok=True)
    whole = np.concatenate([np.zeros(LEAD_MS * 8), sound, np.zeros(800)])
    write_wav(folder / name, [(whole * 32_767).clip(-32_768, 32_767).astype(np.int16)])
    onset_s = LEAD_MS / 1_000
    return {
        **dict.fromkeys(HEADER, ""),
        "file": name,
        "cls": cls,
        "group": f"{cls} of {number % 2}",
        "onset_s": onset_s,
        "offset_s": onset_s + len(sound) / 8_000,
        "active_dbfs": -20.0,
    }


needs_canceller = pytest.mark.skipif(not canceller.available(), reason=f"needs {canceller.EXTRA}")


@needs_canceller
def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    folder = made_up(tmp_path / "sounds")
    for name in ("once.npz", "again.npz"):
        assert train_verifier.main(["--corpus", str(folder), "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    stored = np.load(tmp_path / "once.npz")
    assert stored["inner"].shape == (train_verifier.UNITS, FEATURES)
    assert stored["outer"].shape == (len(CLASSES), train_verifier.UNITS)
    assert stored[f"{OVER_ECHO}inner"].shape == stored["inner"].shape
    assert not np.array_equal(stored[f"{OVER_ECHO}inner"], stored["inner"])


def test_without_the_canceller_nothing_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canceller, "available", lambda: False)
    with pytest.raises(ConfigError, match="echo"):
        next(hear_over_echo(read_corpus(made_up(tmp_path)).clips, (0,)))


@needs_canceller
def test_over_its_echo_our_voice_stops_at_the_trigger_and_comes_back_lower(tmp_path: Path) -> None:
    heard = [each for each in hear_over_echo(read_corpus(made_up(tmp_path)).clips, (0, 1)) if each.trigger_ms]
    assert heard, "most are noticed"
    for each in heard:
        assert each.far_end == FarEnd(sounding=True, since_played_ms=0), "the question was open for long"
        assert each.said < each.trigger_ms * 8 + len(each.payload) - (each.trigger_ms + 350) * 8 + 160
        assert len(list(each.examples((2, 4)))) >= 2


def test_every_line_of_a_recording_is_another(tmp_path: Path) -> None:
    clips = read_corpus(made_up(tmp_path)).clips[:1]
    payloads = [heard.payload for heard in hear(clips, train_verifier.VARIANTS)]
    assert len(set(payloads)) == len(train_verifier.VARIANTS)


def test_a_recording_said_faster_keeps_its_marks(tmp_path: Path) -> None:
    clips = read_corpus(made_up(tmp_path)).clips[:1]
    plain, other = hear(clips, (0, FAR_VARIANTS - 1))
    lasts_ms = plain.offset_ms - plain.onset_ms
    assert lasts_ms * 0.79 <= other.offset_ms - other.onset_ms <= lasts_ms * 1.26
    assert other.offset_ms - other.onset_ms != lasts_ms


def test_from_far_off_speech_may_begin_in_its_middle(tmp_path: Path) -> None:
    clips = [clip for clip in read_corpus(made_up(tmp_path)).clips if clip.kind is Kind.TURN]
    far = range(FAR_VARIANTS, len(train_verifier.VARIANTS))
    lasting_ms = [heard.offset_ms - heard.onset_ms for heard in hear(clips, far)]
    whole_ms = clips[0].length_ms / SPEEDS[1]
    assert any(each < 0.9 * whole_ms for each in lasting_ms) and any(each >= whole_ms for each in lasting_ms)
