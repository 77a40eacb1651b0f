"""A small folder of recordings for the bench: voices that a machine made, a cough-like burst, noise."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from torim.audio import g711
from torim.engines.tones import voice_like
from torim.lab.bargein.corpus import Samples, write_wav

RATE = 8000
COLUMNS = ("file", "cls", "lang", "label", "speaker", "onset_s", "offset_s", "active_dbfs", "source", "attribution")


def voice(length_ms: int, seed: int = 0) -> Samples:
    return g711.decode(voice_like(length_ms, seed)).astype(np.float64) / 32768


def noise(length_ms: int, level: float = 0.05) -> Samples:
    return np.random.default_rng(1).normal(0, level, length_ms * 8)


def recording(folder: Path, name: str, sound: Samples, cls: str, lead_ms: int = 200, **more: str) -> dict[str, str]:
    """Write one recording with silence around its sound; gives its line of the manifest."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.concatenate([np.zeros(lead_ms * 8), sound, np.zeros(800)])
    write_wav(path, [(samples * 32767).astype(np.int16)])
    active = 10 * np.log10(np.mean(sound**2))
    return {
        "file": name,
        "cls": cls,
        "onset_s": f"{lead_ms / 1000}",
        "offset_s": f"{(lead_ms + len(sound) / 8) / 1000}",
        "active_dbfs": f"{active:.1f}",
        "source": f"somebody/recordings:{name}",
        **more,
    }


def folder_of(folder: Path, rows: list[dict[str, str]]) -> Path:
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def small_corpus(folder: Path) -> Path:
    """One of each kind, and two voices for the AI."""
    return folder_of(
        folder,
        [
            recording(folder, "speech_en/long.wav", voice(1200, 1), "en_command", speaker="ann"),
            recording(folder, "speech_en/other.wav", voice(900, 1), "en_command", speaker="ann"),
            recording(folder, "digits/short.wav", voice(400, 2), "en_digit", speaker="bob", label="7"),
            recording(folder, "backchannel/yes.wav", voice(300, 3), "he_ken", speaker="dan"),
            recording(folder, "cough_etc/cough.wav", noise(400, 0.2), "cough"),
            recording(folder, "noise/rain.wav", noise(1500), "rain"),
            recording(folder, "music/song.wav", voice(1500, 4), "music"),
            recording(folder, "agent/one.wav", voice(4000, 6), "agent_lj", lead_ms=50, speaker="lj"),
            recording(folder, "agent/two.wav", voice(4000, 7), "agent_call", lead_ms=50, speaker="call"),
            recording(folder, "dialog/talk.wav", voice(2000, 5), "call40"),
        ],
    )
