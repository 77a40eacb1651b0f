"""Secrets of the web side: passwords by argon2, tokens by SHA-256, and new ones.

A password is slow to check on purpose, so at most two are checked at a time. A token has 256 random bits, so a fast
hash keeps it. Nothing here is logged.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_MIN_CHARS = 10
PASSWORD_MAX_CHARS = 256
KEY_PREFIX = "torim_"

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(2)
# Checked where there is no account, so that an unknown address takes as long as a wrong password.
_NOBODY = _hasher.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """The argon2id hash of a password. Takes some 50 ms."""
    with _slots:
        return _hasher.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether a password is the one behind a hash; None fits nothing and takes as long."""
    with _slots:
        try:
            return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(password_hash: str) -> bool:
    """Whether a hash was made with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


def new_token(prefix: str = "") -> str:
    """256 random bits as URL-safe text."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    """An identifier that nobody guesses or repeats; it is no secret."""
    return secrets.token_hex(8)


def hash_token(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """The token that pages send with changes: made of the session's, which it does not give away."""
    return hmac.digest(session_token.encode(), b"torim csrf", "sha256").hex()


def same(given: str, wanted: str) -> bool:
    """Whether two tokens are equal, in constant time."""
    return hmac.compare_digest(given.encode(), wanted.encode())
