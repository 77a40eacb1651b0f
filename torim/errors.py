"""Every error that Torim raises, and whose fault each one is.

TorimError
  ConfigError     the operator's: a setting is missing, unknown or impossible
  CarrierError    the telephone side's: a message that breaks its protocol, a bad signature or token
  EngineError     the speech engine's: refused session, broken protocol, no way to reach it
  StorageError    the database's or the disk's
  BookingError    the caller's wish cannot be met (slot taken, closed, unknown service)
  AccessError     somebody's on the web side: not logged in, not allowed, a link that is used up
  CoreMisuse      ours: a bug in the code that drives the core

A peer's failure during a call is not raised: it enters the core as an event, so that recovery is decided and
tested in one place.
"""

from __future__ import annotations


class TorimError(Exception):
    """Base of every error of Torim, with a machine-readable code and a message written as advice.

    Args:
        message: What is wrong and what to do about it, in one or two sentences.
        code: A short stable identifier such as ``config.unknown_setting``.
    """

    default_code = "torim.error"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.default_code


class ConfigError(TorimError):
    """A setting is missing, unknown or impossible."""

    default_code = "config.invalid"


class CarrierError(TorimError):
    """The telephone side sent something that breaks its own protocol."""

    default_code = "carrier.protocol"


class EngineError(TorimError):
    """The speech engine refused, broke its protocol, or cannot be reached."""

    default_code = "engine.protocol"


class StorageError(TorimError):
    """The database or the disk refused."""

    default_code = "storage.failed"


class BookingError(TorimError):
    """The appointment cannot be made as asked."""

    default_code = "booking.refused"


class AccessError(TorimError):
    """Somebody on the web side is not known, or may not do this."""

    default_code = "access.refused"


class CoreMisuse(TorimError):
    """The code that drives the core broke its contract: a bug of ours."""

    default_code = "core.misuse"
