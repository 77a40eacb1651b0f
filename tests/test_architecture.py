"""The shape of the code: the real package obeys every rule, and every rule catches what it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.architecture import ARROWS, CLOCKS, EDGES, WIDE, check, violations

ROOT = Path(__file__).resolve().parent.parent


def rules(path: str, source: str) -> str:
    return "\n".join(str(found) for found in violations(path, source))


def test_the_package_obeys_every_rule() -> None:
    assert "\n".join(map(str, check(ROOT))) == ""


def test_every_folder_of_the_package_is_a_room() -> None:
    folders = {item.name for item in (ROOT / "torim").iterdir() if (item / "__init__.py").is_file()}
    assert folders <= set(ARROWS)


def test_everything_that_is_excused_exists() -> None:
    assert [path for path in (*EDGES, *CLOCKS) if not (ROOT / path).is_file()] == []
    assert [name for path, name in WIDE if f"class {name}" not in (ROOT / path).read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("torim/core/call.py", "from torim.live import bridge"),
        ("torim/core/call.py", "from torim import live"),
        ("torim/core/call.py", "import torim.audio.g711"),
        ("torim/core/call.py", "from ..audio import g711"),
        ("torim/core/call.py", "def late():\n    from torim.desk import business"),
        ("torim/core/call.py", "import numpy"),
        ("torim/audio/vad.py", "import scipy"),
        ("torim/carriers/twilio.py", "from torim.engines import base"),
        ("torim/engines/openai_realtime.py", "from torim.carriers import base"),
        ("torim/desk/receptionist.py", "from torim.storage import store"),
        ("torim/desk/receptionist.py", "from torim.config import Config"),
        ("torim/lab/ear.py", "from torim.live import bridge"),
        ("torim/live/bridge.py", "from torim.lab import ear"),
        ("torim/live/bridge.py", "from torim.commands import serve"),
        ("torim/config.py", "from torim.live import logs"),
    ],
)
def test_a_wrong_arrow_is_caught(path: str, source: str) -> None:
    assert "must not import" in rules(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("torim/core/call.py", "from torim.core.events import Event\nfrom torim.errors import CoreMisuse"),
        ("torim/core/call.py", "from .events import Event\nfrom dataclasses import dataclass"),
        ("torim/live/bridge.py", "import asyncio\nfrom torim.core.call import Call"),
        ("torim/storage/store.py", "import sqlalchemy\nfrom torim.desk.booking import Book"),
        ("torim/commands/serve.py", "from torim.live import serve\nfrom torim import __version__"),
    ],
)
def test_a_right_arrow_passes(path: str, source: str) -> None:
    assert rules(path, source) == ""


def test_a_new_room_must_be_declared() -> None:
    assert "is not a room" in rules("torim/utils/things.py", "")


@pytest.mark.parametrize("room", ["core", "audio", "carriers", "engines"])
@pytest.mark.parametrize(
    "source",
    [
        "import asyncio",
        "import socket",
        "import logging",
        "from random import random",
        "import urllib.request",
        "import time",
        "def f(task):\n    async def g():\n        await task",
        "text = open('file').read()",
        "text = path.read_text()",
        "print('here')",
        "at = datetime.now(UTC)",
        "at = datetime.datetime.utcnow()",
        "day = date.today()",
    ],
)
def test_an_impure_act_in_a_pure_room_is_caught(room: str, source: str) -> None:
    assert rules(f"torim/{room}/thing.py", source) != ""


def test_chance_in_numpy_is_caught() -> None:
    assert "lots" in rules("torim/audio/vad.py", "import numpy as np\nnoise = np.random.rand()")


@pytest.mark.parametrize("room", ["desk", "live", "web"])
@pytest.mark.parametrize("source", ["import time\nat = time.monotonic()", "at = datetime.now(UTC)"])
def test_a_second_clock_is_caught(room: str, source: str) -> None:
    assert "reads the clock" in rules(f"torim/{room}/thing.py", source)


def test_the_one_clock_may_be_read() -> None:
    assert rules("torim/live/clock.py", "at = datetime.now(UTC)") == ""


def test_what_has_grown_too_large_is_caught() -> None:
    long_function = "def f():\n" + "    x = 1\n" * 70
    deep_function = "def f():\n" + "".join("    " * n + "if x:\n" for n in range(1, 7)) + "    " * 7 + "pass\n"
    wide_class = "class C:\n    def f(self):\n" + "".join(f"        self.a{n} = 0\n" for n in range(20))
    assert "71 lines" in rules("torim/desk/a.py", long_function)
    assert "nests 6 deep" in rules("torim/desk/a.py", deep_function)
    assert "sets 20 attributes" in rules("torim/desk/a.py", wide_class)
    assert "501 lines in one file" in rules("torim/desk/a.py", "x = 1\n" * 501)
