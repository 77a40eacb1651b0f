"""The first settings that a process reads may be read by several threads at once."""

import subprocess
import sys

PROGRAM = """
import os, sys, threading, tomllib
from importlib.resources import files
from torim.desk.business import business_from

raw = tomllib.loads(files("torim.desk").joinpath("sample.toml").read_text(encoding="utf-8"))
sys.setswitchinterval(1e-6)

def read(start):
    start.wait()
    business_from(raw, "sample")

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


def test_it_can_be_read_by_many_threads_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
