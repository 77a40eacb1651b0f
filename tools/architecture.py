"""The shape of the code, checked on its syntax trees: which room may import which, and which rooms are pure.

The rules are the tables at the top; docs/architecture.md says why. It reads source text only and never
imports what it checks. `python -m tools.architecture` prints every violation and fails if there is one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# A room is a folder of `torim/`, or the name of a module that stands beside them. Each may import itself,
# `torim.errors`, the package `torim` (its version) and the rooms listed here.
ARROWS: dict[str, tuple[str, ...]] = {
    "errors": (),
    "core": (),
    "audio": ("core",),
    "carriers": ("core", "audio"),
    "engines": ("core", "audio"),
    "desk": ("core",),
    "storage": ("core", "desk"),
    "jobs": ("core", "desk", "storage"),
    "live": ("core", "audio", "carriers", "engines", "desk", "storage", "jobs", "web", "config"),
    "web": ("core", "carriers", "engines", "desk", "storage", "live", "config"),
    "lab": ("core", "audio", "carriers", "engines", "desk", "storage"),
    "config_values": (),
    "config": ("config_values",),
    "commands": (
        *("core", "audio", "carriers", "engines", "desk", "storage", "jobs", "live", "web", "lab"),
        *("config", "config_values"),
    ),
    "cli": ("commands",),
    "__main__": ("cli",),
    "__init__": (),
}

# Third-party packages that a room may import; a room that is not listed may import any that is installed.
THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "errors": (),
    "core": (),
    "audio": ("numpy", "livekit"),
    "carriers": ("msgspec",),
    "engines": ("msgspec", "numpy"),
    "desk": ("msgspec", "holidays", "pyluach", "phonenumbers", "icalendar", "dateutil"),
    "config": (),
    "config_values": (),
    "cli": (),
}

PURE = ("core", "audio", "carriers", "engines")
# The input and output edges inside otherwise pure rooms, each with the one thing it does.
EDGES: dict[str, str] = {
    "torim/audio/__init__.py": "asks numpy for one thread",
    "torim/audio/weights/__init__.py": "reads the vendored weights",
    "torim/engines/embedded/edge.py": "runs a session on the event loop and performs its jobs",
    "torim/engines/embedded/endpoint_voice.py": "waits for a speech endpoint",
    "torim/engines/embedded/endpoints.py": "asks model endpoints over HTTP",
    "torim/engines/embedded/espeak_worker.py": "the espeak-ng library, as a program of its own",
    "torim/engines/embedded/server.py": "links in this process and WebSockets",
    "torim/engines/embedded/voice.py": "runs espeak-ng",
    "torim/engines/peer_server.py": "serves a peer on a socket or in this process",
}
# Rooms that act in time without reading it, but for the modules that exist to read it.
CLOCKLESS = ("desk", "jobs", "live", "web")
CLOCKS = ("torim/live/clock.py", "torim/web/fresh.py")

IMPURE_MODULES = {
    *("asyncio", "concurrent", "contextvars", "http", "logging", "multiprocessing", "os"),
    *(
        "random",
        "sched",
        "secrets",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "ssl",
    ),
    *("structlog", "subprocess", "sys", "tempfile", "threading", "time", "uuid"),
}
IMPURE_SUBMODULES = {"urllib.request", "numpy.random"}
IMPURE_CALLS = {"open", "print", "input", "breakpoint", "eval", "exec"}
FILE_METHODS = {"read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink"}
WALL_CLOCK = {"now", "utcnow", "today"}
CLOCK_CALLS = {
    "time",
    "time_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
}
WAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)

FUNCTION_LINES, FILE_LINES, NESTING, ATTRIBUTES = 60, 500, 4, 18
# Classes that may be wider, each with why that is not state.
WIDE: dict[tuple[str, str], str] = {
    ("torim/audio/vad.py", "_Workspace"): "views of one set of buffers, made once and never set again",
}
NESTERS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule, at one line of one file."""

    path: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


def violations(path: str, source: str) -> list[Violation]:
    """Every rule that a file breaks.

    Args:
        path: The file's path in the repository, such as ``torim/core/call.py``.
        source: Its text.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return [Violation(path, error.lineno or 1, "does not parse")]
    found = [*_arrows(path, tree), *_size(path, source, tree)]
    if room_of(path) in PURE and path not in EDGES:
        found += _impure(tree)
    elif room_of(path) in CLOCKLESS and path not in CLOCKS:
        found += _clock_reads(tree)
    return [Violation(path, line, rule) for line, rule in sorted(found)]


def check(root: Path) -> list[Violation]:
    """Every violation in the package under a checkout's root."""
    files = sorted((root / "torim").rglob("*.py"))
    return [
        found
        for file in files
        for found in violations(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    ]


def room_of(path: str) -> str:
    """The room that a file belongs to."""
    parts = Path(path).with_suffix("").parts
    return parts[1]


def _arrows(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    room = room_of(path)
    if room not in ARROWS:
        yield 1, f"{room} is not a room: add it to tools/architecture.py and docs/architecture.md"
        return
    for line, module in _imports(path, tree):
        top, _, rest = module.partition(".")
        target = rest.partition(".")[0]
        if top != "torim":
            yield from _third_party(room, path, line, top)
        elif target not in (room, "", "errors", "__version__", *ARROWS[room]):
            yield line, f"{room} must not import {target}"


def _third_party(room: str, path: str, line: int, top: str) -> Iterator[tuple[int, str]]:
    if top in sys.stdlib_module_names or path in EDGES or room not in THIRD_PARTY:
        return
    if top not in THIRD_PARTY[room]:
        yield line, f"{room} must not import {top}"


def _imports(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each imported module as an absolute name, wherever the statement stands."""
    package = Path(path).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            # `from torim import live` names a room, `from torim.core import call` a module of one.
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def _impure(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, module in _imports("", tree):
        top, *rest = module.split(".")
        if top in IMPURE_MODULES or ".".join((top, *rest[:1])) in IMPURE_SUBMODULES:
            yield line, f"a pure room must not import {module}"
    for node in ast.walk(tree):
        if isinstance(node, WAITS):
            yield node.lineno, "a pure room must not wait: return a deadline"
        elif isinstance(node, ast.Call) and (rule := _impure_call(node)):
            yield node.lineno, rule
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("np.random", "numpy.random"):
            yield node.lineno, "a pure room must not draw lots"
    yield from _clock_reads(tree)


def _impure_call(node: ast.Call) -> str | None:
    name = node.func
    if isinstance(name, ast.Name) and name.id in IMPURE_CALLS:
        return f"a pure room must not call {name.id}()"
    if isinstance(name, ast.Attribute) and name.attr in FILE_METHODS:
        return f"a pure room must not touch files: .{name.attr}()"
    return None


def _clock_reads(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, method = ast.unparse(node.func.value), node.func.attr
            if method in WALL_CLOCK and owner.split(".")[-1] in ("datetime", "date"):
                yield node.lineno, f"reads the clock: {owner}.{method}(); time comes as an argument"
            elif method in CLOCK_CALLS and owner == "time":
                yield node.lineno, f"reads the clock: time.{method}(); time comes as an argument"
    for line, module in _imports("", tree):
        if module.startswith("time.") and module != "time.struct_time":
            yield line, f"reads the clock: from time import {module.partition('.')[2]}"


def _size(path: str, source: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    if (lines := source.count("\n")) > FILE_LINES:
        yield 1, f"{lines} lines in one file (at most {FILE_LINES})"
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            yield from _function_size(node)
        elif isinstance(node, ast.ClassDef) and (path, node.name) not in WIDE:
            yield from _class_size(node)


def _function_size(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[int, str]]:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines > FUNCTION_LINES:
        yield node.lineno, f"{node.name} has {lines} lines (at most {FUNCTION_LINES})"
    if (depth := _nesting(node)) > NESTING:
        yield node.lineno, f"{node.name} nests {depth} deep (at most {NESTING})"


def _class_size(node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    if (count := len(_attributes(node))) > ATTRIBUTES:
        yield node.lineno, f"{node.name} sets {count} attributes (at most {ATTRIBUTES})"


def _nesting(node: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, _nesting(child, depth + (isinstance(child, NESTERS) and not is_elif)))
    return deepest


def _attributes(node: ast.ClassDef) -> set[str]:
    return {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute)
        and isinstance(inner.ctx, ast.Store)
        and isinstance(inner.value, ast.Name)
        and inner.value.id == "self"
    }


def main() -> int:
    """Print every violation in this checkout; 1 if there is any."""
    found = check(Path(__file__).resolve().parent.parent)
    for violation in found:
        print(violation)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
