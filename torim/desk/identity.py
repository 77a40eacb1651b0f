"""Whose appointments a call may see: those of the calling number, and of a number proved by a one-time code.

It decides who somebody is, as far as a telephone can tell. A code is kept as a hash, expires, and bears few wrong
answers; the code itself, and the time, are given to it. It sends nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from hashlib import blake2b
from threading import Lock

from torim.desk.numbers import e164

CODE_DIGITS = 6
CODE_GOOD_FOR = timedelta(minutes=5)
WRONG_MAX = 3
CODES_OF_A_CALL = 2
CODES_OF_A_NUMBER = 3  # within the time below, over all calls: nobody is flooded with messages
CODES_OF_ALL = 60  # within the same time, to all numbers: text messages cost, and some numbers earn by them
CODES_WITHIN = timedelta(hours=1)
# What Twilio gives as the calling number of a caller who has none to show.
_NOBODY = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})

MakeCode = Callable[[], str]  # six random digits
SendText = Callable[[str, str], None]  # number and text; raises `TorimError` if it was not sent; may block


class Checked(Enum):
    """What a code that was read out turned out to be."""

    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"  # none is open, it has expired, or too many were wrong


@dataclass(slots=True)
class _Open:
    """A code that was sent and not yet answered."""

    number: str
    digest: bytes
    expires_at: datetime
    wrong: int = 0


def calling_number(given: str | None, country: str | None) -> str | None:
    """The calling number in one form; None if it was withheld or is none."""
    return None if given in _NOBODY else e164(given, country)


@dataclass(slots=True)
class Identity:
    """Whom a call has proved to be; safe to share between the threads of its tools."""

    caller: str | None = None  # E.164; None: withheld
    _proved: set[str] = field(default_factory=set)
    _open: _Open | None = None
    _sent: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers whose appointments this call may see."""
        own = (self.caller,) if self.caller else ()
        with self._lock:
            return (*own, *sorted(self._proved - set(own)))

    def may_ask(self) -> bool:
        """Whether this call may have another code sent."""
        with self._lock:
            return self._sent < CODES_OF_A_CALL

    def opened(self, number: str, code: str, call_id: str, now: datetime) -> None:
        """A code is about to be sent to a number; it takes the place of an earlier one."""
        with self._lock:
            self._sent += 1
            self._open = _Open(number, _digest(code, call_id), now + CODE_GOOD_FOR)

    def withdrawn(self) -> None:
        """The code could not be sent."""
        with self._lock:
            self._open = None

    def check(self, said: str, call_id: str, now: datetime) -> Checked:
        """Hold what the caller read out against the code that was sent."""
        digits = "".join(letter for letter in said if letter.isdecimal())
        with self._lock:
            code = self._open
            if code is None or now > code.expires_at:
                self._open = None
                return Checked.SPENT
            if hmac.compare_digest(code.digest, _digest(digits, call_id)):
                self._proved.add(code.number)
                self._open = None
                return Checked.RIGHT
            code.wrong += 1
            if code.wrong >= WRONG_MAX:
                self._open = None
                return Checked.SPENT
            return Checked.WRONG


class CodeLimit:
    """How many codes were sent lately, to a number and to all, by this process; safe to share between threads."""

    def __init__(self) -> None:
        self._sent: dict[str, list[datetime]] = {}
        self._lock = Lock()

    def allows(self, number: str, now: datetime) -> bool:
        """Whether a number may be sent one more code; counts it if so."""
        with self._lock:
            self._forget(now)
            sent = self._sent.setdefault(number, [])
            if len(sent) >= CODES_OF_A_NUMBER or sum(map(len, self._sent.values())) >= CODES_OF_ALL:
                return False
            sent.append(now)
            return True

    def _forget(self, now: datetime) -> None:
        recent = {number: [at for at in sent if now - at < CODES_WITHIN] for number, sent in self._sent.items()}
        self._sent = {number: sent for number, sent in recent.items() if sent}


def _digest(code: str, call_id: str) -> bytes:
    """A code's hash, salted with the call so that equal codes of two calls differ."""
    return blake2b(code.encode(), key=call_id.encode()[:64], digest_size=32).digest()
