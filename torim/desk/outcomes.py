"""What came of a call: closed lists, stored with the call. It decides nothing."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The most important thing that a call led to."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    MESSAGE = "message"
    TRANSFERRED = "transferred"
    QUESTION = "question"  # answered, and nothing else
    ABANDONED = "abandoned"  # the caller left before anything came of it
    NONE = "none"


class Sentiment(StrEnum):
    """How the caller sounded in words."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
