"""The caller's audio on its way to the engine: 50 frames a second, always, on one clock.

It decides how long audio is kept and when silence stands in for frames that the carrier did not send. It
never withholds, reorders or drops a frame of the caller while the engine's link is up, whatever the AI is
doing.

Frames that come after all, when silence has stood in for them, are appended too: they may be words. The clock of
appended audio then runs ahead of the wall clock, for good. Spans stay right all the same: engine, ears and kept
audio all count what was appended, and every verdict of the ears tells the core where that clock stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

FRAME_BYTES = 160
FRAME_MS = 20
SILENCE_FRAME = b"\xff" * FRAME_BYTES  # mu-law zero
KEPT_IDLE_BYTES = 8 * 8000  # enough for a voice note whose turn was just committed
KEPT_TURN_BYTES = 30 * 8000  # an open turn is replayed from its beginning
GAP_MS = 300  # shorter gaps are jitter: the frames come later, and all of them are forwarded
FILL_MAX_MS = 20_000  # a longer gap is a lost line
REPLAY_CHUNK_BYTES = 8000


class Uplink:
    """Frames, the clock of appended audio, and the recent audio of one call."""

    def __init__(self, append: Callable[[bytes], None]) -> None:
        self._append = append
        self._rest = b""  # less than a frame
        self._kept = bytearray()
        self._total_bytes = 0  # caller audio so far, silence that stood in included
        self._base_bytes = 0  # where the clock of the engine's link begins
        self._open_bytes = 0  # everything before is committed
        self._commit_bytes: int | None = None  # where the commit under way ends
        self._live = False
        self.turn_open = False
        self._real_at_ms = 0  # when the last real frame came
        self._filled_ms = 0  # silence inserted since then

    # --- in -------------------------------------------------------------------------------------------

    def frames(self, payload: bytes, now_ms: int) -> Sequence[bytes]:
        """Cut what the carrier sent into whole frames; a remainder waits for the next message."""
        self._real_at_ms = now_ms
        self._filled_ms = 0
        if len(payload) == FRAME_BYTES and not self._rest:
            return (payload,)
        data = self._rest + payload
        whole_bytes = len(data) - len(data) % FRAME_BYTES
        self._rest = data[whole_bytes:]
        return [data[start : start + FRAME_BYTES] for start in range(0, whole_bytes, FRAME_BYTES)]

    def missing_frames(self, now_ms: int) -> int:
        """How many frames of silence keep the clock now; 0 within ordinary jitter."""
        gap_ms = now_ms - self._real_at_ms
        if gap_ms <= GAP_MS:
            return 0
        missing = (min(gap_ms, FILL_MAX_MS) - self._filled_ms) // FRAME_MS
        self._filled_ms += missing * FRAME_MS
        return missing

    def silent_ms(self, now_ms: int) -> int:
        """Milliseconds since the carrier last sent audio."""
        return now_ms - self._real_at_ms

    def push(self, frame: bytes) -> int:
        """Append one frame to the engine or keep it for the next link; the clock after it, in ms."""
        self._kept += frame
        self._total_bytes += FRAME_BYTES
        if self._live:
            self._append(frame)
        limit_bytes = KEPT_TURN_BYTES if self.turn_open or not self._live else KEPT_IDLE_BYTES
        if len(self._kept) > limit_bytes:
            self._trim(limit_bytes)
        return (self._total_bytes - self._base_bytes) >> 3

    # --- the engine's link ----------------------------------------------------------------------------

    @property
    def audio_ms(self) -> int:
        """The clock of appended audio of the present link (or of the next one, while there is none)."""
        return (self._total_bytes - self._base_bytes) >> 3

    def link_down(self) -> None:
        """Keep the audio from now on; the next link's clock begins at what is not committed."""
        self._live = False
        self._commit_bytes = None
        self._base_bytes = max(self._open_bytes, self._total_bytes - len(self._kept))

    def link_up(self) -> None:
        """Append what was kept, then let frames through as they come."""
        if self._live:
            return
        self._live = True
        kept = memoryview(bytes(self._since(self._base_bytes)))
        for start in range(0, len(kept), REPLAY_CHUNK_BYTES):
            self._append(bytes(kept[start : start + REPLAY_CHUNK_BYTES]))

    def commit_at(self, audio_ms: int | None = None) -> None:
        """A commit is under way up to an instant of the clock, or up to now."""
        end_bytes = self._total_bytes if audio_ms is None else self._base_bytes + audio_ms * 8
        self._commit_bytes = min(end_bytes, self._total_bytes)

    def committed(self) -> None:
        """The engine has made a user item of what was under way; it need not be kept."""
        end_bytes = self._total_bytes if self._commit_bytes is None else self._commit_bytes
        self._open_bytes = max(self._open_bytes, end_bytes)
        self._commit_bytes = None
        self.turn_open = False

    # --- spans ----------------------------------------------------------------------------------------

    def span(self, start_ms: int, end_ms: int) -> bytes | None:
        """The mu-law audio of a span on the appended clock; None if it is not kept (any more)."""
        start_bytes = self._base_bytes + start_ms * 8
        end_bytes = min(self._base_bytes + end_ms * 8, self._total_bytes)
        oldest_bytes = self._total_bytes - len(self._kept)
        if start_ms < 0 or start_bytes < oldest_bytes or end_bytes <= start_bytes:
            return None
        return bytes(self._kept[start_bytes - oldest_bytes : end_bytes - oldest_bytes])

    def _since(self, position_bytes: int) -> bytearray:
        return self._kept[max(0, position_bytes - (self._total_bytes - len(self._kept))) :]

    def _trim(self, limit_bytes: int) -> None:
        del self._kept[: len(self._kept) - limit_bytes]
        if not self._live:
            self._base_bytes = max(self._base_bytes, self._total_bytes - len(self._kept))
