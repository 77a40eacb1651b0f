"""The two-channel recording of a call: left the caller, right what the caller heard of the AI.

It lays both on the clock of the call and writes 8 kHz 16-bit WAV away from the media loop. Right holds the
audio at the time the ledger plays it; what a clear took back is silent. It decides nothing.
"""

from __future__ import annotations

import struct
from collections import deque
from pathlib import Path

import numpy as np

from torim.audio import g711
from torim.live.spool import Spool, Write

SAMPLES_PER_MS = 8
SETTLED_MS = 1_500  # older than this nothing changes any more: neither a late frame nor a clear
BLOCK_MS = 1_000  # written at a time
HEADER_BYTES = 44
_SILENCE = b"\xff"


class Recording:
    """One call's recording; collected on the loop, interleaved and written by the spool's thread."""

    def __init__(self, path: Path, spool: Spool) -> None:
        self.path = path
        self._spool = spool
        self._caller = bytearray()  # from `_written` on
        self._far: deque[tuple[int, bytes]] = deque()  # (start sample, mu-law), in order
        self._written_samples = 0
        spool.submit(Write(path, lambda: _header(0)))

    def caller(self, frame: bytes, now_ms: int) -> None:
        """A caller frame that ended about now. Gaps beyond a second's jitter become silence."""
        begins = now_ms * SAMPLES_PER_MS - len(frame)
        gap = begins - self._written_samples - len(self._caller)
        if gap > SETTLED_MS // 2 * SAMPLES_PER_MS:
            self._caller += _SILENCE * gap
        self._caller += frame

    def played(self, payload: bytes, play_at_ms: int) -> None:
        """AI audio that plays from an instant on."""
        self._far.append((play_at_ms * SAMPLES_PER_MS, payload))

    def cleared(self, now_ms: int) -> None:
        """What had not played by now was never heard."""
        now = now_ms * SAMPLES_PER_MS
        while self._far and self._far[-1][0] + len(self._far[-1][1]) > now:
            start, payload = self._far.pop()
            if start < now:
                self._far.append((start, payload[: now - start]))
                return

    def flush(self, now_ms: int) -> None:
        """Write what has settled, in blocks."""
        settled = (now_ms - SETTLED_MS) * SAMPLES_PER_MS
        if settled - self._written_samples >= BLOCK_MS * SAMPLES_PER_MS:
            self._write(settled)

    def end(self, now_ms: int) -> None:
        """Write the rest and put the length into the header."""
        self._write(max(now_ms * SAMPLES_PER_MS, self._written_samples + len(self._caller)))
        samples = self._written_samples
        self._spool.submit(Write(self.path, lambda: _header(samples), 0))

    def _write(self, until: int) -> None:
        count = until - self._written_samples
        if count <= 0:
            return
        caller = bytes(self._caller[:count]).ljust(count, _SILENCE)
        del self._caller[:count]
        far = self._take_far(self._written_samples, until)
        self._written_samples = until
        self._spool.submit(Write(self.path, lambda: _interleave(caller, far)))

    def _take_far(self, start: int, until: int) -> bytes:
        block = bytearray(_SILENCE * (until - start))
        while self._far and self._far[0][0] < until:
            begins, payload = self._far.popleft()
            fits = payload[: until - begins]
            if len(fits) < len(payload):
                self._far.appendleft((until, payload[until - begins :]))
            late = max(0, start - begins)  # written already: only a clock that jumped gets here
            block[begins + late - start : begins - start + len(fits)] = fits[late:]
            if len(fits) < len(payload):
                break
        return bytes(block)


def _interleave(caller: bytes, far: bytes) -> bytes:
    return np.column_stack((g711.decode(caller), g711.decode(far))).astype("<i2").tobytes()


def _header(samples: int) -> bytes:
    return wav_header(samples, channels=2)


def wav_header(samples: int, channels: int) -> bytes:
    """The header of a 16-bit PCM WAV file at 8 kHz."""
    frame_bytes = 2 * channels
    size = samples * frame_bytes
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + size,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        g711.SAMPLE_RATE_HZ,
        g711.SAMPLE_RATE_HZ * frame_bytes,
        frame_bytes,
        16,
        b"data",
        size,
    )
