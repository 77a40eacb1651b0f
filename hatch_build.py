"""The wheel's build hook: puts the built web client into the wheel.

It decides only whether Node must be fetched for the build: not if the bundle is built, nor if npm is here, nor
with `TORIM_SKIP_WEB=1`. An editable install never builds; `make run` and `make client` do.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the web client before the files of a wheel are collected."""

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling."""
        tool = _tool(Path(self.root))
        return [] if self._skipped(tool) or tool.npm(Path(self.root)) else [tool.NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the client unless it is built; `version` is "editable" for a link to this directory."""
        tool = _tool(Path(self.root))
        if version != "editable" and not self._skipped(tool):
            tool.build(Path(self.root))

    def _skipped(self, tool: ModuleType) -> bool:
        return os.environ.get("TORIM_SKIP_WEB") == "1" or tool.is_built(Path(self.root))


def _tool(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_client", root / "tools" / "build_client.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("tools/build_client.py is missing; take the whole source distribution.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
