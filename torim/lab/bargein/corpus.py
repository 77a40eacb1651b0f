"""Labelled recordings: what each is meant to be for the bench, where it begins, and how much of it sounds.

Reads a folder with `manifest.csv` (columns file, cls, onset_s, offset_s, active_dbfs; better with speaker, label,
source, attribution or group). Decides the kind of each recording by its folder and class, and which recordings
are held out. It judges nothing; what it cannot use it names.
"""

from __future__ import annotations

import csv
import hashlib
import re
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from torim.errors import ConfigError

Samples = npt.NDArray[np.float64]  # full scale is 1
RATE_HZ = 8000
FRAME_SAMPLES = 80  # of the corpus's onset rule: 10 ms
BRIDGED_FRAMES = 10  # a gap up to this long belongs to the sound: the closure of a consonant


class Kind(Enum):
    """What a sound is to the AI while it speaks."""

    TURN = "turn"
    BACKCHANNEL = "backchannel"
    BODY = "body sound"  # cough, sneeze, cry
    NOISE = "noise"
    MUSIC = "music"
    AGENT = "agent"  # a voice for the AI


_BY_NAME = {
    **dict.fromkeys(("speech", "speech_en", "speech_he", "digits", "turn"), Kind.TURN),
    "backchannel": Kind.BACKCHANNEL,
    **dict.fromkeys(("cough_etc", "cough", "sneeze", "cry", "baby_cry", "breath", "blow"), Kind.BODY),
    **dict.fromkeys(("noise", "thump", "click", "dtmf", "tone"), Kind.NOISE),
    **dict.fromkeys(("music", "melody"), Kind.MUSIC),
    "agent": Kind.AGENT,
}
_WORDS = {"he_lo": "לא", "he_ken": "כן", "he_yesno_seq": "כן לא"}
_DIGITS = "zero one two three four five six seven eight nine".split()


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One recording. ``samples`` are as recorded; onset and offset are the manifest's."""

    name: str
    cls: str
    kind: Kind
    group: str  # speaker or source: what is never divided
    samples: Samples
    onset_samples: int
    offset_samples: int
    active_db: float
    active_ms: int  # how long it sounds, gaps over 100 ms not counted
    words: str = ""  # what an engine might have understood

    def at_level(self, level_db: float | None) -> Samples:
        """The samples with their active level brought to one; None: as recorded."""
        if level_db is None:
            return self.samples
        gained: Samples = self.samples * 10 ** ((level_db - self.active_db) / 20)
        return gained

    @property
    def length_ms(self) -> int:
        """From onset to offset."""
        return (self.offset_samples - self.onset_samples) // 8


@dataclass(frozen=True, slots=True)
class Corpus:
    """A folder's recordings, and those that the bench cannot use with the reason."""

    name: str
    clips: tuple[Clip, ...]
    left_out: tuple[tuple[str, str], ...]

    def of(self, *kinds: Kind) -> list[Clip]:
        """The recordings of some kinds, in the manifest's order."""
        return [clip for clip in self.clips if clip.kind in kinds]


def read_corpus(folder: Path) -> Corpus:
    """Read a folder of recordings; raises `ConfigError` with advice."""
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise ConfigError(f"{manifest} is missing: name a folder of recordings with --corpus.", "bench.corpus")
    clips, left_out = [], []
    with manifest.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind = _kind(row)
            if kind is None:
                left_out.append((row["file"], f"class {row['cls']} has no expected behaviour"))
            elif row.get("doubt"):
                left_out.append((row["file"], f"marked in doubt: {row['doubt']}"))
            else:
                clips.append(_clip(folder, row, kind))
    return Corpus(folder.name, tuple(clips), tuple(left_out))


def _kind(row: Mapping[str, str]) -> Kind | None:
    """By class, then by label, then by folder; the class says more than the folder it lies in."""
    folder = row["file"].split("/")[0]
    label = (row.get("label") or "").strip()
    if folder in ("dialog", "echo"):
        return None
    for name in (row["cls"], label if row["cls"] == "synthetic" else "", folder):
        if name in _BY_NAME:
            return _BY_NAME[name]
    return None


def _clip(folder: Path, row: Mapping[str, str], kind: Kind) -> Clip:
    samples = read_wav(folder / row["file"])
    onset, offset = (round(float(row[key]) * RATE_HZ) for key in ("onset_s", "offset_s"))
    return Clip(
        name=row["file"],
        cls=row["cls"],
        kind=kind,
        group=_group(row),
        samples=samples,
        onset_samples=onset,
        offset_samples=offset,
        active_db=float(row["active_dbfs"]),
        active_ms=_active_ms(samples, onset, offset),
        words=_words(row, kind),
    )


def _group(row: Mapping[str, str]) -> str:
    """Who or what a recording comes from: the speaker, else the source, whole recordings of one page together."""
    page = re.search(r"https?://\S+", row.get("attribution") or "")
    source = re.sub(r"[#;].*$", "", row.get("source") or row["file"])
    return (row.get("speaker") or "").strip() or row.get("group") or (page[0] if page else source)


def _words(row: Mapping[str, str], kind: Kind) -> str:
    """What a good transcription would say; nothing for what holds no words."""
    if kind not in (Kind.TURN, Kind.BACKCHANNEL):
        return ""
    label = (row.get("label") or "").strip()
    if row["cls"] in _WORDS:
        return _WORDS[row["cls"]]
    if row["cls"].startswith("en_digit") and label.replace(" ", "").isdigit():
        return " ".join(_DIGITS[int(digit)] for digit in label.replace(" ", ""))
    return label or ("yes" if kind is Kind.BACKCHANNEL else "I have a question")


def read_wav(path: Path) -> Samples:
    """The samples of an 8 kHz mono WAV file, 16-bit or mu-law; raises `ConfigError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} is named in the manifest and cannot be read: {error}.", "bench.recording") from error
    return _samples(path, data)


def _samples(path: Path, data: bytes) -> Samples:
    from torim.audio import g711

    form, rate, body = _chunks(data)
    if rate != RATE_HZ or form not in (1, 7):
        raise ConfigError(f"{path}: recordings are 8 kHz mono, 16-bit or mu-law.", "bench.recording")
    pcm = np.frombuffer(body, "<i2") if form == 1 else g711.decode(body)
    return pcm.astype(np.float64) / 32768.0


def _chunks(data: bytes) -> tuple[int, int, bytes]:
    """Format, rate and audio of a RIFF file; the standard module knows no mu-law."""
    form = rate = 0
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt ":
            form = int.from_bytes(data[at + 8 : at + 10], "little")
            rate = int.from_bytes(data[at + 12 : at + 16], "little")
        if name == b"data":
            return form, rate, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return form, rate, b""


def write_wav(path: Path, channels: Sequence[npt.NDArray[np.int16]]) -> None:
    """Write 8 kHz 16-bit channels of equal length."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.stack(channels, axis=1).astype("<i2").tobytes())


def _active_ms(samples: Samples, onset: int, offset: int) -> int:
    """How long a clip sounds by the corpus's own rule (10 ms frames), short gaps included."""
    count = len(samples) // FRAME_SAMPLES
    frames = samples[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES)
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    high, low = np.percentile(levels, 99), max(float(np.percentile(levels, 10)), -75.0)
    threshold = max(high - 32, min(low + 12, high - 10))
    active = np.flatnonzero(levels > threshold)
    active = active[(active * FRAME_SAMPLES >= onset) & (active * FRAME_SAMPLES < offset)]
    gaps = np.diff(active)
    bridged = int(np.sum(gaps[(gaps > 1) & (gaps <= BRIDGED_FRAMES)] - 1))
    return 10 * (len(active) + bridged)


def held_out(clip: Clip, fraction: float) -> bool:
    """Whether a recording belongs to the held-out share: by its speaker or source, the same on every machine."""
    digest = hashlib.sha256(f"barge-in {clip.group}".encode()).digest()
    return int.from_bytes(digest[:6], "big") < fraction * 2**48
