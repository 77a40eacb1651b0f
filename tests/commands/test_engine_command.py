"""`torim engine serve` as a process: it says where it listens, answers a client, and ends when told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[2]


TOKEN = "not-a-real-token"


def test_it_serves_those_who_know_its_token_until_told_to_stop() -> None:
    command = [sys.executable, "-m", "torim", "engine", "serve", "--port", "0"]
    pipe, env = subprocess.PIPE, os.environ | {"TORIM_ENGINE_TOKEN": TOKEN}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://(\S+)", process.stdout.readline())
            assert found
            url = f"ws://{found[1]}/realtime?model=torim-embedded"
            with connect(url, additional_headers={"Authorization": f"Bearer {TOKEN}"}, proxy=None) as link:
                assert json.loads(link.recv(timeout=5))["type"] == "session.created"
            with pytest.raises(InvalidStatus) as refused:
                connect(url, proxy=None)
            assert refused.value.response.status_code == 401
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
