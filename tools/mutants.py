"""Break the core on purpose, one historical fault at a time, and see that the tests notice.

Each mutant is a small edit of the core in a temporary copy of the tree. A mutant that the tests do not kill is a
promise that nobody checks. `make check-deep` runs all of them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 120
SUITE = ("tests/core", "tests/sim")


@dataclass(frozen=True)
class Mutant:
    """One fault: in ``path``, ``old`` becomes ``new``."""

    name: str
    path: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        "audio.done ends the response, so nothing can be cancelled afterwards",
        "torim/core/responses.py",
        "(State.LIVE, Input.AUDIO_DONE): State.LIVE",
        "(State.LIVE, Input.AUDIO_DONE): State.ENDED",
    ),
    Mutant(
        "late deltas of a cancelled response are played",
        "torim/core/state.py",
        "response is not None and response.state is State.LIVE else None",
        "response is not None else None",
    ),
    Mutant(
        "truncation at what was received instead of what was heard",
        "torim/core/truncation.py",
        "item_id, content_index, item.heard_ms)",
        "item_id, content_index, item.received_ms)",
    ),
    Mutant(
        "truncation names another item",
        "torim/core/truncation.py",
        "TruncateItem(command, item_id,",
        "TruncateItem(command, next(iter(self._settled)),",
    ),
    Mutant(
        "a cancelled response is cancelled again",
        "torim/core/answers.py",
        "if alive is not None and alive.state in (State.REQUESTED, State.LIVE):\n            self._cancel(",
        "if alive is not None:\n            self._send_cancel(alive)\n            self._cancel(",
    ),
    Mutant(
        "a response is asked for while the caller speaks",
        "torim/core/state.py",
        "return wish.not_before_ms if quiet and free and",
        "return wish.not_before_ms if",
    ),
    Mutant(
        "a cancel before response.created is forgotten",
        "torim/core/responses.py",
        "(State.DOOMED, Input.CREATED): State.CANCELLING",
        "(State.DOOMED, Input.CREATED): State.LIVE",
    ),
    Mutant(
        "the carrier's buffer is not cleared",
        "torim/core/playout.py",
        "return [ClearAudio(self.epoch)]",
        "return []",
    ),
    Mutant(
        "sent but unheard samples are lost in a hold",
        "torim/core/playout.py",
        "if requeue:",
        "if False:",
    ),
    Mutant(
        "audio leaves while a sound is being verified",
        "torim/core/state.py",
        "return self.playout.gate is Gate.DUCKED",
        "self.playout.gate = Gate.OPEN\n            return True",
    ),
    Mutant(
        "the greeting lock is ignored",
        "torim/core/floor.py",
        "return barge_in_enabled and not greeting_locked",
        "return barge_in_enabled",
    ),
    Mutant(
        "a needless condition blocks barge-in once audio is done",
        "torim/core/state.py",
        "return self.floor is not Floor.AI or barge_in_allowed(",
        "return self.floor is not Floor.AI or self.active_response_id is not None and barge_in_allowed(",
    ),
    Mutant(
        "a tool of a cancelled response runs",
        "torim/core/replying.py",
        "if was is State.LIVE:",
        "if event.calls:\n        s.tools.start(event.calls, audible=False)\n    if was is State.LIVE:",
    ),
    Mutant(
        "a repeated tool call runs again",
        "torim/core/tools.py",
        "if call.call_id in self._ran:",
        "if False:",
    ),
    Mutant(
        "a benign cancel error is logged as ERROR",
        "torim/core/recovering.py",
        "s.out.note(Reason.CANCEL_RACED, Level.DEBUG",
        "s.out.note(Reason.CANCEL_RACED, Level.ERROR",
    ),
    Mutant(
        "what was sent counts as heard",
        "torim/core/playout.py",
        "heard_samples = clock - piece.plays_at",
        "heard_samples = len(piece.payload)",
    ),
    Mutant(
        "an undecided hold is never resumed",
        "torim/core/moves.py",
        "s.due.set(Due.VERIFY, now_ms + s.settings.verify_max_ms)",
        "pass",
    ),
    Mutant(
        "a mark returned by a clear counts as played",
        "torim/core/playout.py",
        "if position is None:\n            return False",
        "if position is None:\n            position = self._line_end",
    ),
    Mutant(
        "a response is asked for before response.done of the cancelled one",
        "torim/core/responses.py",
        "        if following is State.ENDED:\n",
        "        if following in (State.ENDED, State.CANCELLING):\n",
    ),
    Mutant(
        "words that never sounded are written down as heard",
        "torim/core/transcript.py",
        "if audio.heard_samples == 0:",
        "if False:",
    ),
    Mutant(
        "a live response outlives a verified onset",
        "torim/core/moves.py",
        "s.answers.cancel(now_ms)",
        "pass",
    ),
    Mutant(
        "the local endpoint never commits",
        "torim/core/hearing.py",
        "s.due.set(Due.COMMIT, now_ms + s.settings.commit_wait_ms)",
        "pass",
    ),
)


def _copy(target: Path) -> None:
    for name in ("torim", "tests", "pyproject.toml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)


def _break(path: Path, mutant: Mutant) -> None:
    text = path.read_text(encoding="utf-8")
    if mutant.old not in text:
        raise SystemExit(f"mutant '{mutant.name}' does not apply: {mutant.path} has changed; bring it up to date")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def _survives(mutant: Mutant | None, suite: list[str]) -> bool:
    """Whether the tests pass in spite of the fault; None is the tree as it is."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        _copy(tree)
        if mutant is not None:
            _break(tree / mutant.path, mutant)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not deep", *suite]
        try:
            return subprocess.run(command, cwd=tree, capture_output=True, timeout=PATIENCE_S).returncode == 0
        except subprocess.TimeoutExpired:
            return False  # a core that runs in circles is noticed, too


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="run the mutants whose name contains this")
    parser.add_argument("--suite", nargs="+", default=list(SUITE), help="the tests that must kill them")
    args = parser.parse_args()
    if not _survives(None, args.suite):
        print("the tests fail without any mutant; mend that first", file=sys.stderr)
        return 2
    survivors = []
    chosen = [mutant for mutant in MUTANTS if args.only in mutant.name]
    for number, mutant in enumerate(chosen, 1):
        began = time.monotonic()
        survived = _survives(mutant, args.suite)
        survivors += [mutant.name] * survived
        verdict = "SURVIVED" if survived else "killed"
        print(f"{number:>2}/{len(chosen)}  {verdict:<9}{time.monotonic() - began:5.1f} s  {mutant.name}", flush=True)
    print(f"{len(chosen) - len(survivors)} killed, {len(survivors)} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
