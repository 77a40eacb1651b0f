"""Simulate 100,000 seeded calls, half of them with faults, and check every promise in each.

python -m bench.sim [--calls 100000] [--first-seed 0] [--processes 2]
python -m bench.sim --seed 33 --faults        the timeline of one call
"""

from __future__ import annotations

from torim.lab.sim.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main())
