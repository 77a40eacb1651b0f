"""How often a login may be tried: by address and e-mail together, by address, and by e-mail.

Pure: the instant is an argument. An attempt counts before its password is checked, so that many at once are no way
around; a success takes it back. Nobody is locked out for good, and a stranger cannot lock an owner out at once: the
bound by e-mail alone is the widest.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

WINDOW_S = 15 * 60
PAIR_MAX, PEER_MAX, EMAIL_MAX = 5, 30, 60
KEYS_MAX = 50_000  # beyond it the oldest are forgotten


@dataclass(frozen=True, slots=True)
class _Bound:
    key: tuple[str, str]
    most: int


class Attempts:
    """The login attempts of one process in the last quarter of an hour."""

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()  # handlers run in threads

    def begin(self, peer: str, email: str, now_s: float) -> int:
        """Count one attempt; gives the seconds to wait before the next one, 0 if this one may go on."""
        with self._lock:
            return self._begin(_bounds(peer, email), now_s)

    def _begin(self, bounds: Sequence[_Bound], now_s: float) -> int:
        waits = [self._wait_s(bound, now_s) for bound in bounds]
        if any(waits):
            return int(max(waits)) + 1
        for bound in bounds:
            self._tried.setdefault(bound.key, deque()).append(now_s)
        while len(self._tried) > KEYS_MAX:
            self._tried.pop(next(iter(self._tried)))
        return 0

    def succeeded(self, peer: str, email: str) -> None:
        """The password was right: what this person tried before is forgiven."""
        with self._lock:
            self._forgive(*_bounds(peer, email))

    def _forgive(self, pair: _Bound, by_peer: _Bound, by_email: _Bound) -> None:
        forgiven = len(self._tried.pop(pair.key, ()))
        for bound in (by_peer, by_email):
            tried = self._tried.get(bound.key)
            for _ in range(min(forgiven, len(tried or ()))):
                assert tried is not None
                tried.pop()

    def _wait_s(self, bound: _Bound, now_s: float) -> float:
        tried = self._tried.get(bound.key)
        if tried is None:
            return 0.0
        while tried and tried[0] <= now_s - WINDOW_S:
            tried.popleft()
        if not tried:
            del self._tried[bound.key]
            return 0.0
        return max(0.0, tried[0] + WINDOW_S - now_s) if len(tried) >= bound.most else 0.0


def _bounds(peer: str, email: str) -> tuple[_Bound, _Bound, _Bound]:
    name = email.lower()
    return (
        _Bound((peer, name), PAIR_MAX),
        _Bound((peer, ""), PEER_MAX),
        _Bound(("", name), EMAIL_MAX),
    )
