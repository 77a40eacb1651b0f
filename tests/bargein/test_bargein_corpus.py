"""Recordings as the bench reads them: what each is for, how long it sounds, which are held out."""

from pathlib import Path

import numpy as np
import pytest
from bargein_scene import folder_of, noise, recording, small_corpus, voice

from torim.audio import g711
from torim.errors import ConfigError
from torim.lab.bargein.corpus import Kind, held_out, read_corpus, read_wav


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_corpus(tmp_path)


def test_every_recording_has_a_kind_or_a_reason(folder: Path) -> None:
    corpus = read_corpus(folder)
    kinds = {clip.name: clip.kind for clip in corpus.clips}
    assert kinds["speech_en/long.wav"] is Kind.TURN
    assert kinds["backchannel/yes.wav"] is Kind.BACKCHANNEL
    assert kinds["cough_etc/cough.wav"] is Kind.BODY
    assert kinds["music/song.wav"] is Kind.MUSIC
    assert [name for name, _ in corpus.left_out] == ["dialog/talk.wav"]


def test_words_are_what_an_engine_might_have_understood(folder: Path) -> None:
    words = {clip.name: clip.words for clip in read_corpus(folder).clips}
    assert words["digits/short.wav"] == "seven"
    assert words["backchannel/yes.wav"] == "כן"
    assert words["noise/rain.wav"] == ""


def test_a_made_up_sound_goes_by_its_label(tmp_path: Path) -> None:
    rows = [
        recording(tmp_path, f"synthetic/{label}.wav", noise(300), "synthetic", label=label)
        for label in ("breath", "click", "melody")
    ]
    kinds = [clip.kind for clip in read_corpus(folder_of(tmp_path, rows)).clips]
    assert kinds == [Kind.BODY, Kind.NOISE, Kind.MUSIC]


def test_sound_is_counted_without_its_pauses(tmp_path: Path) -> None:
    broken = np.concatenate([voice(400), np.zeros(3200), voice(400)])
    rows = [recording(tmp_path, "turn/two.wav", broken, "turn")]
    clip = read_corpus(folder_of(tmp_path, rows)).clips[0]
    assert clip.length_ms == 1200
    assert 700 <= clip.active_ms <= 820


def test_a_level_is_brought_to_another(folder: Path) -> None:
    clip = read_corpus(folder).clips[0]
    gain = clip.at_level(clip.active_db + 6) / np.where(clip.samples == 0, 1, clip.samples)
    assert gain.max() == pytest.approx(2.0, rel=0.01)
    assert clip.at_level(None) is clip.samples


def test_mu_law_files_are_read(tmp_path: Path) -> None:
    wave = (np.sin(np.arange(800) / 5) * 8000).astype(np.int16)
    body = g711.encode(wave)
    head = b"RIFF" + (50 + len(body)).to_bytes(4, "little") + b"WAVEfmt " + (18).to_bytes(4, "little")
    form = b"\x07\0\x01\0" + (8000).to_bytes(4, "little") * 2 + b"\x01\0\x08\0\0\0"
    fact = b"fact" + (4).to_bytes(4, "little") + (800).to_bytes(4, "little")
    path = tmp_path / "x.wav"
    path.write_bytes(head + form + fact + b"data" + len(body).to_bytes(4, "little") + body)
    assert np.abs(read_wav(path) * 32768 - wave).max() < 300


def test_speakers_and_sources_are_never_divided(folder: Path) -> None:
    clips = read_corpus(folder).clips
    of_ann = {held_out(clip, 0.5) for clip in clips if clip.group == "ann"}
    assert len(of_ann) == 1
    assert not any(held_out(clip, 0.0) for clip in clips)
    assert all(held_out(clip, 1.0) for clip in clips)


def test_recordings_of_one_page_belong_together(tmp_path: Path) -> None:
    page = "https://freesound.org/people/x/sounds/1/"
    rows = [
        recording(tmp_path, f"noise/{n}.wav", noise(300), "rain", attribution=f"by x, {page} cut {n}") for n in "ab"
    ]
    groups = {clip.group for clip in read_corpus(folder_of(tmp_path, rows)).clips}
    assert groups == {page}


def test_a_folder_without_manifest_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.csv"):
        read_corpus(tmp_path)


def test_a_missing_or_foreign_recording_is_named(tmp_path: Path) -> None:
    rows = [recording(tmp_path, "turn/a.wav", voice(300), "turn")]
    folder = folder_of(tmp_path, rows)
    (folder / "turn/a.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(ConfigError, match="8 kHz"):
        read_corpus(folder)
    (folder / "turn/a.wav").unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_corpus(folder)
