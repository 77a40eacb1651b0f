"""The file that an export of a caller's data is: a ZIP with readable JSON and the recordings beside it."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path

from torim.storage.privacy import Export


def write_export(found: Export, target: Path | None = None) -> Path:
    """Write an export to a file, a temporary one by default; blocks."""
    if target is None:
        with tempfile.NamedTemporaryFile(prefix="torim-export-", suffix=".zip", delete=False) as file:
            target = Path(file.name)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(found.data, ensure_ascii=False, indent=2, default=str))
        for name, path in found.files.items():
            if path.is_file():
                archive.write(path, name)
    return target
