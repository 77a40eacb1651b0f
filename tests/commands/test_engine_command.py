"""`torim engine serve` as a process: it says where it listens, answers a client, and ends when told."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[2]


def test_it_serves_until_told_to_stop() -> None:
    command = [sys.executable, "-m", "torim", "engine", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://(\S+)", process.stdout.readline())
            assert found
            with connect(f"ws://{found[1]}/realtime?model=torim-embedded") as link:
                assert json.loads(link.recv(timeout=5))["type"] == "session.created"
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
