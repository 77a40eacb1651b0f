"""How a pure peer breaks its link, for those that can.

A peer that may break the link has an attribute `closed`; whoever carries its messages looks at it after each
call and ends the connection once what was said before is delivered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class LinkClosed:
    """The link is broken: WebSocket close code (1006: without a farewell) and reason."""

    code: int
    reason: str = ""


@runtime_checkable
class ClosesLink(Protocol):
    """A peer that can break its link."""

    closed: LinkClosed | None


def closed_by(peer: object) -> LinkClosed | None:
    """How the peer broke its link, if it did."""
    return peer.closed if isinstance(peer, ClosesLink) else None
