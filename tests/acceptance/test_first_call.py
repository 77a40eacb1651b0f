"""What a process still has to load is loaded before it takes calls: an import of 200 ms would silence live calls."""

import subprocess
import sys
from pathlib import Path

SERVE = """
import asyncio, sys
from pathlib import Path
from torim.config import Config
from torim.live.serve import running

async def main():
    async with running(Config(data_dir=Path(sys.argv[1]), port=0, media_port=0, engine="scripted")):
        print("torim.engines.embedded.server" in sys.modules)

asyncio.run(main())
"""


def test_the_fall_back_engine_is_loaded_before_the_first_call(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", SERVE, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]
