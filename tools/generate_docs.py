"""Write the pages of `docs/` that come from the code: `python -m tools.generate_docs`, or `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools import module_page, setting_pages, state_diagrams
from torim.web.api.app import api_document

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES: Mapping[str, Callable[[], str]] = {
    "configuration.md": setting_pages.configuration,
    "modules.md": module_page.page,
    "openapi.json": api_document,
    "states.md": state_diagrams.page,
    "thresholds.md": setting_pages.thresholds,
}


def main() -> int:
    """Write every generated page."""
    for name, render in PAGES.items():
        (DOCS / name).write_text(render(), encoding="utf-8")
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
