"""Operating curves: the same trials again with one threshold moved, so that every choice is seen with its price.

Decides which thresholds are moved over which values, and which figures a point shows. It runs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from torim.core.settings import ListenSettings
from torim.lab.bargein.corpus import Kind
from torim.lab.bargein.judge import Outcome
from torim.lab.bargein.panel import is_due, is_long
from torim.lab.bargein.stats import Figure, percentile, share
from torim.lab.bargein.trials import Group, Place, Trial

SWEEPS: dict[str, tuple[float, ...]] = {
    "speech_min": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    "sure_over_speech_ms": (64, 96, 128, 160, 224, 320, 448, 576),
    "sure_pitched_ms": (64, 96, 128, 192, 256, 384, 512),
    "noise_verdict_ms": (150, 200, 300, 400, 500),
    "voiced_arm_ms": (40, 60, 80, 120, 200),
    "gate_margin_db": (6, 8, 10, 12, 15),
    "absolute_floor_db": (-58, -55, -52, -49, -46, -43),
}


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a threshold and what it gives."""

    value: float
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Curve:
    """One threshold moved over its values; ``default`` is where it stands."""

    setting: str
    default: float
    points: list[Point]


def sweeps(chosen: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """The sweeps asked for as ``name=1,2,3``, or all that the present settings know."""
    if chosen:
        pairs = (text.split("=") for text in chosen)
        return {name: tuple(float(value) for value in values.split(",")) for name, values in pairs}
    known = {item.name for item in fields(ListenSettings)}
    return {name: values for name, values in SWEEPS.items() if name in known}


def of_interest(trials: Sequence[Trial]) -> list[Trial]:
    """The trials on which a threshold's price shows: sounds in mid-statement, half of the frequent kinds."""
    middle = [trial for trial in trials if trial.group is Group.SOUND and trial.place is Place.MIDDLE]
    rare = [trial for trial in middle if trial.kind in (Kind.BACKCHANNEL, Kind.MUSIC)]
    return rare + [trial for trial in middle if trial not in rare][::2]


def point(value: float, outcomes: Sequence[Outcome]) -> Point:
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
    return Point(value, figures)
