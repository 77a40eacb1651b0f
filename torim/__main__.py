"""``python -m torim``: the same as the ``torim`` command, for a checkout that is not installed."""

from __future__ import annotations

import sys

from torim.cli import main

if __name__ == "__main__":
    sys.exit(main())
