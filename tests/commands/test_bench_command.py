"""`torim bench` finds the measurements of the checkout and passes their verdict on."""

from __future__ import annotations

from pathlib import Path

import pytest

from torim import cli
from torim.commands import bench


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two measurements: one that passes its options on as an exit code, one that passes."""
    folder = tmp_path / "bench"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "verdict.py").write_text('"""Ends as told.\n\nMore."""\nimport sys\nsys.exit(int(sys.argv[1]))\n')
    (folder / "good.py").write_text('"""Ends well."""\n')
    monkeypatch.setattr(bench, "BENCH", folder)
    return folder


def test_the_list(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "list"]) == cli.OK
    assert capsys.readouterr().out.split("\n")[:2] == ["good            Ends well.", "verdict         Ends as told."]


def test_a_folder_may_be_a_measurement(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (scripts / "several").mkdir()
    (scripts / "several" / "__main__.py").write_text(
        '"""Ends as told, too."""\nimport sys\nsys.exit(int(sys.argv[1]))\n'
    )
    assert cli.main(["bench", "list"]) == cli.OK
    assert "several         Ends as told, too." in capsys.readouterr().out
    assert cli.main(["bench", "several", "3"]) == cli.FAILED


def test_a_measurement_decides_the_exit_code(scripts: Path) -> None:
    assert cli.main(["bench", "good"]) == cli.OK
    assert cli.main(["bench", "verdict", "0"]) == cli.OK
    assert cli.main(["bench", "verdict", "3"]) == cli.FAILED
    assert cli.main(["bench", "all", "3"]) == cli.FAILED


def test_among_all_one_that_needs_options_is_left_out(scripts: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "all", "2"]) == cli.OK
    assert "verdict needs options" in capfd.readouterr().out


def test_an_unknown_measurement_is_a_usage_mistake(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "speed"]) == cli.USAGE
    assert "torim bench list" in capsys.readouterr().err
