"""Measure the start: CPU of `torim --help`, and how soon a server is ready for calls.

    python -m bench.start [--repeats 5]

`ready` is from the start of the process to the first 200 of `/readyz`, with a new data directory (so the database
is made, too) and the embedded engine. `python -c pass` in the same run is the floor.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE_S = 30.0


def cpu_s(command: list[str]) -> float:
    """CPU seconds of a command, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ready_s() -> float:
    """Wall seconds until a new server answers `/readyz` with 200."""
    port, media_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"TORIM_DATA_DIR": folder, "TORIM_PORT": str(port), "TORIM_MEDIA_PORT": str(media_port)}
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("TORIM_", "OPENAI_", "TWILIO_"))}
        began = time.monotonic()
        server = subprocess.Popen(
            [sys.executable, "-m", "torim", "serve"],
            env=environment | settings,
            cwd=Path(__file__).resolve().parent.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not _ready(port):
                if time.monotonic() - began > PATIENCE_S or server.poll() is not None:
                    raise SystemExit("the server did not become ready; run `torim serve` to see why")
                time.sleep(0.01)
            return time.monotonic() - began
        finally:
            server.terminate()
            server.wait(PATIENCE_S)


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    repeats = range(args.repeats)
    floor = statistics.median(cpu_s([sys.executable, "-c", "pass"]) for _ in repeats)
    help_cpu = statistics.median(cpu_s([sys.executable, "-m", "torim", "--help"]) for _ in repeats)
    ready = [ready_s() for _ in repeats]
    print(f"python -c pass   {floor:6.3f} s CPU")
    print(f"torim --help     {help_cpu:6.3f} s CPU (goal 0.5), {help_cpu / floor:.1f} x the floor")
    print(f"ready for calls  {statistics.median(ready):6.2f} s median, {max(ready):.2f} s worst (goal 2)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
