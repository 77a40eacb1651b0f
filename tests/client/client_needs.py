"""What a scene of the web client lacks on this machine: it is left out and says why, but in CI it fails."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def cannot(why: str) -> NoReturn:
    """End the scene for a want of this machine."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
