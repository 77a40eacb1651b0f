"""How loud a lane of a call is now, for whoever looks.

Keeping costs the media loop one append a frame; nothing is measured until somebody looks. It decides nothing.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from torim.audio import g711

WINDOW_MS = 400
KEPT = 32  # pieces of at least 20 ms: the window, and what was sent ahead of the ear
FULL_SCALE = 32_768


class Level:
    """The last sounds of one lane."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, bytes]] = deque(maxlen=KEPT)

    def add(self, payload: bytes, at_ms: int) -> None:
        """Mu-law audio that is heard at an instant."""
        self._pieces.append((at_ms, payload))

    def cleared(self, now_ms: int) -> None:
        """What would have been heard from now on never will be."""
        while self._pieces and self._pieces[-1][0] >= now_ms:
            self._pieces.pop()

    def peak(self, now_ms: int) -> int:
        """The loudest sample of the last moments, 0 to 1000 of full scale."""
        heard = b"".join(payload for at_ms, payload in self._pieces if now_ms - WINDOW_MS < at_ms <= now_ms)
        if not heard:
            return 0
        return int(np.abs(g711.decode(heard).astype(np.int32)).max()) * 1000 // FULL_SCALE
