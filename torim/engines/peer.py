"""The port of a Realtime server that lives in this process: text of the GA protocol in, text out.

A peer decides what a server would answer; it never reads a clock, waits, or touches a socket. Time comes in
as whole milliseconds since the link was opened, waiting goes out as a deadline.
"""

from __future__ import annotations

from typing import Protocol


class RealtimePeer(Protocol):
    """One connection to a Realtime server, seen from its client."""

    def open(self, now_ms: int) -> list[str]:
        """The server events that greet a new connection."""

    def receive(self, message: str | bytes, now_ms: int) -> list[str]:
        """Take one client event and give the server events that follow at once."""

    def wake(self, now_ms: int) -> list[str]:
        """A deadline has come: give the server events that are due."""

    def next_deadline_ms(self) -> int | None:
        """When to call `wake` next; None while nothing is under way."""
