"""Workers that start late, or die before they are ready: the fleet stays in order, and a dead worker is replaced."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from torim.config import Config
from torim.errors import ConfigError
from torim.live.dispatch import Dispatcher
from torim.live.ends import CallEnds
from torim.live.fleet import Fleet, Run

PORT = 8091


def waits_for_stop(connection: Connection) -> None:
    while connection.recv() != "stop":
        pass


def late(config: Config, number: int, port: int, secret: bytes, connection: Connection) -> None:
    """Is ready only when it is told to stop: the fleet has given up waiting."""
    waits_for_stop(connection)
    connection.send(("ready", PORT))
    time.sleep(0.3)  # the other side reads it while this process still lives


def unlucky(config: Config, number: int, port: int, secret: bytes, connection: Connection) -> None:
    """Dies once it was ready; the one after it dies at once, and one cannot start; then all is well."""
    lives = config.data_dir / "lives"
    with lives.open("a") as file:
        file.write("x")
    life = len(lives.read_text())
    if life == 2:
        os._exit(1)
    if life == 3:
        connection.send(("failed", "The port is taken.", "config.media_port"))
        return
    connection.send(("ready", PORT + life))
    if life > 1:
        waits_for_stop(connection)


def play(tmp_path: Path, run: Run, scene: Callable[[Fleet, Dispatcher], Awaitable[None]], **times: float) -> list[Any]:
    """Run a scene; what the loop had to complain about."""
    complaints: list[Any] = []

    async def whole() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        config = Config(data_dir=tmp_path, media_port=0, workers=1)
        dispatcher = Dispatcher([], config.max_calls, time.monotonic)
        fleet = Fleet(config, b"s" * 32, CallEnds(), dispatcher, lambda lost: None, run=run, **times)
        try:
            await scene(fleet, dispatcher)
        finally:
            await fleet.stop()
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(whole(), 60))
    return complaints


def test_a_worker_that_is_ready_too_late_is_told_so_and_nothing_breaks(tmp_path: Path) -> None:
    async def scene(fleet: Fleet, dispatcher: Dispatcher) -> None:
        with pytest.raises(ConfigError, match="did not start in time"):
            await fleet.start()

    assert play(tmp_path, late, scene, ready_max_s=0.2) == []


def test_a_dead_worker_is_replaced_however_often_its_successors_die(tmp_path: Path) -> None:
    async def scene(fleet: Fleet, dispatcher: Dispatcher) -> None:
        await fleet.start()
        while (target := dispatcher.choose("CA1")) is None or str(PORT + 4) not in target.url:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    assert play(tmp_path, unlucky, scene, restart_s=0.01) == []
    assert (tmp_path / "lives").read_text() == "xxxx"


def test_a_fleet_whose_worker_dies_at_its_start_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "lives").write_text("x")

    async def scene(fleet: Fleet, dispatcher: Dispatcher) -> None:
        with pytest.raises(ConfigError, match="did not start; see its log"):
            await fleet.start()

    assert play(tmp_path, unlucky, scene) == []
