"""What may be done, by whom: the scopes, and which of them a role has and an API key may be given.

Nothing else in the product decides this.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Scope(StrEnum):
    """One kind of thing that may be done in a business."""

    APPOINTMENTS_READ = "appointments:read"
    APPOINTMENTS_WRITE = "appointments:write"
    CALLS_READ = "calls:read"
    CALLS_CONTROL = "calls:control"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    BUSINESS_READ = "business:read"
    BUSINESS_WRITE = "business:write"
    PRIVACY = "privacy"
    METRICS = "metrics:read"
    ACCESS = "access"  # accounts, API keys and calendar addresses: for people only


class Role(StrEnum):
    """What a person is in a business."""

    OWNER = "owner"
    STAFF = "staff"


SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.OWNER: frozenset(Scope),
    Role.STAFF: frozenset(
        {
            Scope.APPOINTMENTS_READ,
            Scope.APPOINTMENTS_WRITE,
            Scope.CALLS_READ,
            Scope.CALLS_CONTROL,
            Scope.MESSAGES_READ,
            Scope.MESSAGES_WRITE,
            Scope.BUSINESS_READ,
        }
    ),
}


class KeyScope(StrEnum):
    """A scope that an API key may be given: all but `access`."""

    APPOINTMENTS_READ = "appointments:read"
    APPOINTMENTS_WRITE = "appointments:write"
    CALLS_READ = "calls:read"
    CALLS_CONTROL = "calls:control"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    BUSINESS_READ = "business:read"
    BUSINESS_WRITE = "business:write"
    PRIVACY = "privacy"
    METRICS = "metrics:read"
