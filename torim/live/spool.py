"""Writing files away from the media loop: one thread per process, bounded, and a full disk costs no call.

It decides only what to give up when the disk refuses or lags: the newest data, with one warning until a write
succeeds again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

PENDING_MAX = 20_000  # writes: some minutes of a busy worker's timelines and recordings


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes for one file: appended, or at an offset. Bytes may be made in the writing thread."""

    path: Path
    data: Callable[[], bytes]
    offset_bytes: int | None = None


class Spool:
    """The process's file writer."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._queue: queue.SimpleQueue[Write | threading.Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="torim-spool", daemon=True)
        self._thread.start()
        self._refusing = False
        self.lost_writes = 0

    def submit(self, write: Write) -> None:
        """Queue a write; never waits. Data beyond the bound is dropped and counted."""
        if self._queue.qsize() >= PENDING_MAX:
            self._lose("the disk cannot keep up")
            return
        self._queue.put(write)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything submitted so far is written; False when the time ran out. Blocking."""
        written = threading.Event()
        self._queue.put(written)
        return written.wait(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is pending and stop the thread. Blocking."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            try:
                _write(item)
                self._refusing = False
            except (OSError, ValueError) as error:
                self._lose(f"{type(error).__name__}: {error}")

    def _lose(self, why: str) -> None:
        self.lost_writes += 1
        if not self._refusing:
            self._refusing = True
            self._warn(f"cannot write call files ({why}); calls go on: free space in the data directory")


def _write(item: Write) -> None:
    data = item.data()
    with _opened(item) as file:
        if item.offset_bytes is not None:
            file.seek(item.offset_bytes)
        file.write(data)


def _opened(item: Write) -> BinaryIO:
    mode: Literal["ab", "r+b"] = "ab" if item.offset_bytes is None else "r+b"
    try:
        return item.path.open(mode)
    except FileNotFoundError:
        item.path.parent.mkdir(parents=True, exist_ok=True)
        return item.path.open(mode)
