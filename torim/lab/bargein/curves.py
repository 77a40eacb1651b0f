"""Operating curves: the same trials again with one threshold moved, so that every choice is seen with its price.

Decides which thresholds are moved over which values, and which figures a point shows. It runs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from torim.core.policy import OFF, RULES
from torim.core.settings import PATIENCE, ListenSettings, listen_settings
from torim.lab.bargein.corpus import Kind
from torim.lab.bargein.judge import Outcome
from torim.lab.bargein.panel import is_due, is_long
from torim.lab.bargein.stats import Figure, mean, percentile, share
from torim.lab.bargein.trials import Group, Place, Trial

POLICY = "policy"  # the presets, and the two ways to do without the learned verifier
SWEEPS: dict[str, tuple[str, ...]] = {
    POLICY: (*PATIENCE, RULES, OFF),
    "turn_statement_ms": ("200", "280", "360", "440", "520", "600", "700"),
    "odds_commit": ("-1", "0", "1", "2", "3"),
    "odds_drop": ("-6", "-4", "-3", "-2", "-1"),
    "odds_hold": ("-8", "-5", "-3", "-1", "0"),
    "speech_min": ("0.3", "0.4", "0.5", "0.6", "0.7", "0.8"),
    "voiced_arm_ms": ("40", "60", "80", "120", "200"),
    "gate_margin_db": ("6", "8", "10", "12", "15"),
    "absolute_floor_db": ("-58", "-55", "-52", "-49", "-46"),
}
FALSE_STOP_MS, MISSED_MS = 500.0, 1_000.0  # what each costs the single figure, in ms of delay


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a threshold, as it was given, and what it gives."""

    value: str
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Curve:
    """One threshold moved over its values; ``default`` is where it stands."""

    setting: str
    default: str
    points: list[Point]


def sweeps(chosen: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The sweeps asked for as ``name=1,2,3`` or by name alone, or all that the present settings know."""
    if not chosen:
        known = {POLICY, *(item.name for item in fields(ListenSettings))}
        return {
            name: _with(standing(name, ListenSettings()), values) for name, values in SWEEPS.items() if name in known
        }
    pairs = (text.partition("=") for text in chosen)
    return {name: tuple(values.split(",")) if values else SWEEPS.get(name, ()) for name, _, values in pairs}


def _with(value: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Values of a threshold with one more, in order."""
    return values if value in values else tuple(sorted((*values, value), key=float))


def preset(policy: str) -> ListenSettings:
    """The thresholds of one value of `POLICY`."""
    return listen_settings(policy) if policy in PATIENCE else replace(ListenSettings(), verification=policy)


def standing(name: str, settings: ListenSettings) -> str:
    """Where a threshold stands, as the values of its sweep are written."""
    if name == POLICY:
        return next((policy for policy in SWEEPS[POLICY] if preset(policy) == settings), "")
    value = getattr(settings, name, "")
    return value if isinstance(value, str) else f"{value:g}"


def of_interest(trials: Sequence[Trial]) -> list[Trial]:
    """The trials on which a threshold's price shows: sounds in mid-statement, half of the frequent kinds."""
    middle = [trial for trial in trials if trial.group is Group.SOUND and trial.place is Place.MIDDLE]
    rare = [trial for trial in middle if trial.kind in (Kind.BACKCHANNEL, Kind.MUSIC)]
    return rare + [trial for trial in middle if trial not in rare][::2]


def point(value: str, outcomes: Sequence[Outcome]) -> Point:
    """What one value of a threshold gives."""
    turns = [o for o in outcomes if is_due(o) and o.trial.kind is Kind.TURN]
    short = [o for o in outcomes if o.trial.kind is Kind.TURN and not is_long(o)]
    holds = [o.hold_ms for o in turns if o.hold_ms is not None and o.hold_ms <= 1_000]
    cuts = [o.cut_ms for o in turns if o.cut_ms is not None and not o.early]
    figures = {
        "hold p50 ms": percentile(holds, 0.5),
        "hold p90 ms": percentile(holds, 0.9),
        "cut p50 ms": percentile(cuts, 0.5),
        "cut p90 ms": percentile(cuts, 0.9),
        "turns obeyed": share(sum(o.obeyed for o in turns), len(turns)),
        "short turns obeyed": share(sum(o.obeyed for o in short), len(short)),
        "cost ms": mean([_delay_ms(o) for o in turns]),
    }
    kinds = {
        "backchannels": (Kind.BACKCHANNEL,),
        "body sounds": (Kind.BODY,),
        "noise and music": (Kind.NOISE, Kind.MUSIC),
    }
    for name, wanted in kinds.items():
        group = [o for o in outcomes if o.trial.kind in wanted]
        figures[f"{name} stop it"] = share(sum(o.cuts > 0 for o in group), len(group))
        figures[f"{name} hold it"] = share(sum(bool(o.holds) or o.cuts > 0 for o in group), len(group))
    figures["cost ms"] = _cost(figures["cost ms"], figures["body sounds stop it"], figures["backchannels stop it"])
    return Point(value, figures)


def _delay_ms(outcome: Outcome) -> float:
    return MISSED_MS if outcome.cut_ms is None or not outcome.obeyed else max(0.0, outcome.cut_ms)


def _cost(delay: Figure, *stops: Figure) -> Figure:
    """One number to compare by: the mean delay of turns, missed ones a second, and a price for each false stop."""
    known = [stop.value for stop in stops if stop.value is not None]
    if delay.value is None:
        return delay
    return Figure(delay.value + FALSE_STOP_MS * sum(known) / max(1, len(known)), delay.n)
