"""The documentation says what is there: generated pages are current, and names in the others exist."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.architecture import ARROWS
from tools.generate_docs import PAGES
from tools.module_page import summary
from tools.readme_timeline import excerpt, shown
from tools.state_diagrams import MACHINES, mermaid
from torim.cli import COMMANDS
from torim.config import FILE_VARIABLE, settings
from torim.core.reasons import Reason
from torim.core.timeline import parse

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PROSE = sorted([*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"])
DEPLOYED = [*PROSE, ROOT / "Dockerfile", ROOT / "Makefile", *sorted((ROOT / "deploy").iterdir())]
WORDS_AFTER_TORIM = {*COMMANDS, "--help", "--version", "--config"}


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.name)


@pytest.mark.parametrize(("name", "render"), PAGES.items())
def test_a_generated_page_is_current(name: str, render: Callable[[], str]) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == render(), "run `make docs`"


@each(PROSE)
def test_a_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@each(DEPLOYED)
def test_a_setting_that_is_named_exists(path: Path) -> None:
    known = {item.env for item in settings()} | {FILE_VARIABLE}
    named = set(re.findall(r"\b(?:TORIM_[A-Z_]+[A-Z]|ENABLE_[A-Z_]+)\b", path.read_text(encoding="utf-8")))
    assert named - known == set()


@each(PROSE)
def test_a_command_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL))
    named = re.findall(r"(?:^|[`/\s])torim ([a-z-]+)\b", code)
    programs = {word for word in named if re.search(rf"(`|bin/|^ *)torim {word}\b", code, flags=re.MULTILINE)}
    assert programs - WORDS_AFTER_TORIM == set()


@each(PROSE)
def test_a_make_target_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)\b", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert named - targets == set()


@each(PROSE)
def test_a_file_of_ours_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:torim|tools|tests|bench|docs|deploy)/[\w./-]*\w)/?`", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_support_quotes_real_log_lines() -> None:
    text = (DOCS / "support.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^(\[[A-Z_-]+\]) (.*?)(?:  +\(DEBUG\)|(?: \w+=\.\.\.)+)?$", text, flags=re.MULTILINE)
    known = {reason.value for reason in Reason}
    assert quoted
    assert [line for line in quoted if line not in known] == []


def test_support_explains_every_line_about_a_barge_in() -> None:
    text = (DOCS / "support.md").read_text(encoding="utf-8")
    wanted = [reason for reason in Reason if reason.tag in ("[BARGE-IN]", "[ECHO_CHECK]")]
    assert [reason for reason in wanted if f"{reason.tag} {reason.sentence}" not in text] == []


def test_the_map_shows_every_room() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    folders = [room for room in ARROWS if (ROOT / "torim" / room).is_dir()]
    assert [room for room in folders if not re.search(rf"^  {room}/", text, flags=re.MULTILINE)] == []


def test_every_module_says_what_it_is_for() -> None:
    files = [file for file in (ROOT / "torim").rglob("*.py") if file.name != "__init__.py"]
    assert [file.name for file in files if "versions" not in file.parts and not summary(file)] == []


def test_a_diagram_is_drawn_from_the_table_alone() -> None:
    table = {("up", "drop: now"): "down", ("up", "lost"): "down", ("down", "raise"): "up"}
    assert mermaid(table).splitlines() == [
        "stateDiagram-v2",
        "    [*] --> up",
        "    up --> down: drop, now / lost",
        "    down --> up: raise",
    ]


def test_every_machine_is_drawn() -> None:
    assert [title for title, *_ in MACHINES] == ["A response of the engine", "The floor", "A call"]


def test_the_readme_shows_a_barge_in_as_a_timeline() -> None:
    told = [line.what.split()[0] for line in shown()]
    order = [told.index(word) for word in ("audio_done", "clear", "voice_sure", "cancel", "truncate", "create")]
    assert order == sorted(order)


ANSWER = """\
   100  torim   play 60ms
   100  engine  created resp_77 key=r4
   200  engine  audio_done resp_77 item=item_88
   300  caller  voice_onset audio_ms=300 speech=0.6 echo=0.1
   300  torim   clear epoch=2
   400  caller  voice_sure audio_ms=400 speech=0.9
   400  torim   cancel resp_77
   400  torim   truncate item_88 210ms
   450  engine  done resp_77 cancelled
   900  torim   create r5 reply command=create-9
  1000  engine  created resp_99 key=r5
"""


def test_an_excerpt_keeps_instants_and_shortens_ids() -> None:
    rows = [row.partition(" <-")[0].rstrip() for row in excerpt(parse(ANSWER)).splitlines()]
    assert rows == [
        "     0  engine  created R1",
        "   100  engine  audio_done R1",
        "   200  caller  voice_onset speech=0.6",
        "   200  torim   clear",
        "   300  caller  voice_sure speech=0.9",
        "   300  torim   cancel R1",
        "   300  torim   truncate I1 210ms",
        "   350  engine  done R1 cancelled",
        "   800  torim   create reply",
    ]


def test_a_timeline_without_such_a_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="no barge-in"):
        excerpt(parse(ANSWER.replace("audio_done", "audio")))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_pins_by_hash_and_names_no_index(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-")] == []
    pins = [index for index, line in enumerate(lines) if "==" in line]
    assert pins
    assert all(lines[index + 1].strip().startswith("--hash=sha256:") for index in pins)


def test_both_locks_agree() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==\S+(?: ; [^\\\n]+)?)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")
