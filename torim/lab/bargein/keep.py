"""The sound and the timeline of single trials, for a report and beside it.

Decides how a trial is told: left the caller as sent, right the AI as heard; the timeline counts from the onset. The
files hold the whole call, the report what lies around the sound.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from torim.audio import g711
from torim.core import timeline
from torim.core.actions import PlayAudio, SendMark
from torim.core.events import MarkReturned
from torim.lab.bargein.corpus import write_wav
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.judge import Outcome
from torim.lab.bargein.lines import words

SILENCE = b"\xff"
BEFORE_SAMPLES, AFTER_SAMPLES = 12_000, 20_000  # of the sound, in the report
MULAW = 7  # of a WAV file


@dataclass(frozen=True, slots=True)
class Kept:
    """One trial in a report: the name of its files without ending, its sound (a WAV file), its timeline."""

    name: str
    sound: bytes
    timeline: tuple[str, ...]


def keep(evidence: Evidence, outcome: Outcome, folder: Path) -> Kept:
    """Write a trial's recording and timeline, and give what the report shows of them."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"trial-{evidence.trial.number:05d}"
    caller = b"".join(evidence.mouth)
    count = max(len(caller), evidence.length_samples)
    heard = evidence.ear.recent(0, count)
    write_wav(folder / f"{name}.wav", [g711.decode(caller.ljust(count, SILENCE)), g711.decode(heard)])
    lines = told(evidence, outcome)
    (folder / f"{name}.call").write_text("\n".join(lines) + "\n", encoding="utf-8")
    begin = max(0, evidence.onset_samples - BEFORE_SAMPLES)
    end = min(count, evidence.offset_samples + AFTER_SAMPLES)
    return Kept(name, _mulaw_wav(caller.ljust(count, SILENCE)[begin:end], heard[begin:end]), tuple(lines))


def _mulaw_wav(left: bytes, right: bytes) -> bytes:
    """A stereo WAV file of mu-law bytes: half the size, and browsers play it."""
    data = bytes(byte for pair in zip(left, right, strict=True) for byte in pair)
    head = struct.pack("<HHIIHHH", MULAW, 2, 8_000, 16_000, 2, 8, 0)
    fact = struct.pack("<I", len(left))
    chunks = ((b"fmt ", head), (b"fact", fact), (b"data", data))
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(chunk)) + chunk for name, chunk in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def told(evidence: Evidence, outcome: Outcome) -> list[str]:
    """A trial in lines: what it was, what it came to, and what happened, in ms from the onset."""
    trial = evidence.trial
    names = " + ".join(piece.clip.name for piece in trial.pieces) or trial.cls
    lines = [
        f"# trial {trial.number}: {trial.group.value}, {trial.place.value}, {names}",
        f"# line: {words(trial.line)}",
        f"# the sound begins {evidence.onset_samples / 8000:.3f} s into the recording, and lasts {trial.active_ms} ms",
        f"# {'; '.join(fault.value for fault in outcome.faults) or 'as it should be'}",
        f"# hold {_ms(outcome.hold_ms)}, cut {_ms(outcome.cut_ms)}, silent {_ms(outcome.silence_ms)} (ear),"
        f" reply {_ms(outcome.reply_ms)} after the last sound",
    ]
    for at_ms, subject in evidence.entries:
        if not isinstance(subject, MarkReturned | SendMark | PlayAudio):
            line = timeline.render(round(at_ms), subject)
            lines.append(f"{at_ms - evidence.arrived_ms:+9.1f} {line.split(maxsplit=1)[1]}")
    return lines


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
