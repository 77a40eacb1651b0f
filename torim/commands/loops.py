"""Running a command's coroutine on the loop that the server uses, with the server's log kept down."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torim.config import Config

Result = TypeVar("Result")


def run_quietly(config: Config, work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end; of the log only warnings and worse are shown, unless DEBUG was asked for."""
    import uvloop

    from torim.live import logs

    level = "DEBUG" if config.log_level == "DEBUG" else "WARNING"
    logs.configure(level, config.log_format, config.secrets)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
