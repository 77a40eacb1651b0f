"""The command line: cheap help, one module per command, errors as advice with an exit code."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from torim import __version__, cli
from torim.errors import ConfigError, EngineError

ROOT = Path(__file__).resolve().parent.parent
# Everything that costs noticeable time to import; `torim --help` must not pay for any of it.
HEAVY = (
    "numpy",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "httpx",
    "picows",
    "structlog",
    "torim.core",
    "torim.live",
)
PROBE = "import sys, time; from torim.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"


def probe(tail: str) -> str:
    done = subprocess.run([sys.executable, "-c", PROBE + tail], capture_output=True, text=True, cwd=ROOT, check=True)
    return done.stdout.splitlines()[-1]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in cli.COMMANDS)


def test_help_imports_nothing_heavy_and_is_cheap() -> None:
    loaded = probe(f"print([name for name in {HEAVY!r} if name in sys.modules], time.process_time())")
    modules, cpu_s = loaded.rsplit(" ", 1)
    assert modules == "[]"
    assert float(cpu_s) < 0.3


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == cli.USAGE
    assert "commands:" in capsys.readouterr().out


def test_an_unknown_command_is_a_usage_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["sevre"])
    assert caught.value.code == cli.USAGE
    assert "sevre" in capsys.readouterr().err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"torim {__version__}\n"


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    assert f"torim {name}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_a_command_says_of_itself_what_the_list_says(name: str) -> None:
    module, summary = cli.COMMANDS[name]
    parser = cli.parser_for(name)
    action = next(item for item in parser._actions if item.dest == "command")
    helps = {choice.dest: choice.help for choice in action._get_subactions()}
    assert helps[name] == summary
    assert callable(importlib.import_module(module).run)


def test_a_bad_setting_is_advice_not_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORIM_PROT", "1")
    monkeypatch.setenv("TORIM_WORKERS", "many")
    assert cli.main(["serve"]) == cli.USAGE
    shown = capsys.readouterr().err
    assert shown.startswith("torim: 2 problems [config.invalid]\n  - ")
    assert "Did you mean TORIM_PORT?" in shown


def test_the_settings_file_may_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--config", str(tmp_path / "missing.toml"), "serve"]) == cli.USAGE
    assert "missing.toml" in capsys.readouterr().err


def test_one_problem_is_one_line() -> None:
    assert cli.advice(ConfigError("Set it.", "config.x")) == "torim: Set it. [config.x]"
    assert cli.advice(EngineError("")) == "torim: engine.protocol [engine.protocol]"


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "torim", "--version"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == f"torim {__version__}\n"
