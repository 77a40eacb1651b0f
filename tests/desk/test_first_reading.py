"""What a process reads for the first time may be read by several threads at once."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys, threading, tomllib
from importlib.resources import files
from torim.desk.business import business_from
from torim.desk.tools import ARGUMENTS, decode
from torim.errors import BookingError

raw = tomllib.loads(files("torim.desk").joinpath("sample.toml").read_text(encoding="utf-8"))
sys.setswitchinterval(1e-6)

def settings():
    business_from(raw, "sample")

def arguments():
    for name in ARGUMENTS:
        try:
            decode(name, '{{"slot_id": "x", "service_id": "y"}}')
        except BookingError:
            pass

def read(start):
    start.wait()
    {reads}()

for _ in range(12):
    child = os.fork()  # has read nothing yet
    if child == 0:
        start = threading.Barrier(8)
        threads = [threading.Thread(target=read, args=(start,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, "a process died of it"
"""


@pytest.mark.parametrize("reads", ["settings", "arguments"])
def test_it_can_be_read_by_many_threads_at_once(reads: str) -> None:
    program = PROGRAM.format(reads=reads)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
