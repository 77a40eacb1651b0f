"""The panel of a run: outcomes counted into the figures that are published.

Decides which trials each figure rests on; every trial of its situation counts, and those left out are named. It
judges no single trial and formats nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from torim.lab.bargein.corpus import Kind
from torim.lab.bargein.judge import Fault, Outcome
from torim.lab.bargein.stats import Figure, mean, percentile, rate, share
from torim.lab.bargein.trials import LONG_MS, Group, Place

CUT_BY_MS = 600.0
MUTED_MS = 1_000.0  # a first clear later than this was for something else
PAUSE_MAX_MS = 700


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what it is about, and its figures by column."""

    name: str
    n: int  # trials
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Table:
    """One part of the panel."""

    key: str
    title: str
    clock: str
    note: str
    rows: list[Row] = field(default_factory=list)


def panel(outcomes: Sequence[Outcome]) -> list[Table]:
    """Every table of a run; rows without trials are left out."""
    made = [outcome for outcome in outcomes if not outcome.failure]
    return [
        _stop(made),
        _false_stops(made),
        _false_holds(made),
        _tau(made),
        _replies(made),
        _truth(made),
        _echo(made),
        _double_talk(made),
        _stages(made),
    ]


# --- who counts where -------------------------------------------------------------------------------------------


def is_long(outcome: Outcome) -> bool:
    """A turn that must be obeyed anywhere."""
    return outcome.trial.active_ms >= LONG_MS


def is_due(outcome: Outcome) -> bool:
    """A turn that must be obeyed: a long one, or any word while the AI is not in the middle of something."""
    return outcome.trial.is_turn and (is_long(outcome) or outcome.trial.place is not Place.MIDDLE)


def _said(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Turns on the run's own line."""
    return [o for o in outcomes if o.trial.group is Group.SOUND and o.trial.is_turn]


def _table(
    table: Table,
    groups: Iterable[tuple[str, Sequence[Outcome]]],
    columns: Callable[[Sequence[Outcome]], dict[str, Figure]],
) -> Table:
    table.rows.extend(Row(name, len(group), columns(group)) for name, group in groups if group)
    return table


# --- the tables -------------------------------------------------------------------------------------------------


def _stop(outcomes: Sequence[Outcome]) -> Table:
    said = _said(outcomes)
    middle = [o for o in said if o.trial.place is Place.MIDDLE]
    groups = [
        ("turns that must be obeyed (all below but the short)", [o for o in said if is_due(o)]),
        ("turns of 0.7 s or more, mid-statement", [o for o in middle if is_long(o)]),
        ("short turns, mid-statement", [o for o in middle if not is_long(o)]),
    ]
    for place in Place:
        if place is not Place.MIDDLE:
            groups.append((f"any word, {place.value}", [o for o in said if o.trial.place is place]))
    note = (
        "Onset to the clear (hold), to the decision (cut), to the engine's cancel where it was still making the"
        " answer; at the ear to quiet, and to the last old sample, lowered or not. Obeyed: cut within 1 s and answered."
        " A hold counts where the AI was sounding at the onset and the clear came within 1 s; held in 1 s: of those in"
        " mid-statement."
    )
    return _table(Table("stop", "Stopping for the caller", "server; silence: ear", note), groups, _stop_columns)


def _stop_columns(group: Sequence[Outcome]) -> dict[str, Figure]:
    holds = [o.hold_ms for o in group if o.sounding and o.hold_ms is not None and o.hold_ms <= MUTED_MS]
    cuts = [o.cut_ms for o in group if o.cut_ms is not None and not o.early]
    over = [o for o in group if o.trial.place is Place.MIDDLE]
    quiets = [o.quiet_ms for o in group if o.quiet_ms is not None and o.quiet_ms <= MUTED_MS]
    cancels = [o.cancel_ms for o in group if o.cancel_ms is not None and not o.early]
    silences = [o.silence_ms for o in group if o.silence_ms is not None and o.sounding]
    n = len(group)
    return {
        "hold p50 ms": percentile(holds, 0.5),
        "hold p90 ms": percentile(holds, 0.9),
        "hold p99 ms": percentile(holds, 0.99),
        "hold max ms": percentile(holds, 1.0),
        "held in 1 s": share(sum(_held(o) for o in over), len(over)),
        "cut p50 ms": percentile(cuts, 0.5),
        "cut p90 ms": percentile(cuts, 0.9),
        "cut p99 ms": percentile(cuts, 0.99),
        "cancel p50 ms": percentile(cancels, 0.5),
        "cancel p90 ms": percentile(cancels, 0.9),
        "quiet p50 ms": percentile(quiets, 0.5),
        "quiet p90 ms": percentile(quiets, 0.9),
        "silence p50 ms": percentile(silences, 0.5),
        "silence p90 ms": percentile(silences, 0.9),
        "silence p99 ms": percentile(silences, 0.99),
        "obeyed in 1 s": share(sum(o.obeyed and not o.cut_before for o in group), n),
        "cut in 0.6 s": share(sum(o.cut_ms is not None and o.cut_ms <= CUT_BY_MS for o in group), n),
        "never cut": share(sum(o.cut_ms is None and not o.cut_before for o in group), n),
        "early": share(sum(o.early for o in group), n),
        "cut before": share(sum(o.cut_before for o in group), n),
        "by words": share(sum(o.by_words for o in group), n),
        "stale audio": share(sum(o.stale_ms > 0 for o in group), n),
    }


def _held(outcome: Outcome) -> bool:
    return outcome.hold_ms is not None and outcome.hold_ms <= MUTED_MS


def _false_stops(outcomes: Sequence[Outcome]) -> Table:
    """Sounds that are no turn, one at a time, in the middle of a statement and into silence."""
    sounds = [o for o in outcomes if o.trial.group is Group.SOUND and not o.trial.is_turn]
    asides = [o for o in outcomes if o.trial.group is Group.ASIDE]
    groups: list[tuple[str, Sequence[Outcome]]] = []
    for kind in (Kind.BACKCHANNEL, Kind.BODY, Kind.NOISE, Kind.MUSIC):
        own = [o for o in sounds if o.trial.kind is kind]
        groups += _by_place(kind.value, own)
    for cls in sorted({o.trial.cls for o in sounds}):
        groups += _by_place(f"  {cls}", [o for o in sounds if o.trial.cls == cls])
    groups += _by_place("speech to others (15 dB lower, modelled)", asides)
    note = "Committed stops (mid-statement) and invented turns (idle), by sound; sounds at the level of a talker."
    return _table(Table("false_stops", "Stopping for anything else", "server", note), groups, _false_columns)


def _by_place(name: str, group: Sequence[Outcome]) -> list[tuple[str, Sequence[Outcome]]]:
    return [
        (f"{name}, {place.value}", [o for o in group if o.trial.place is place]) for place in (Place.MIDDLE, Place.IDLE)
    ]


def _false_columns(group: Sequence[Outcome]) -> dict[str, Figure]:
    n = len(group)
    wrong = sum(bool({Fault.FALSE_CUT, Fault.FALSE_TURN} & set(o.faults)) for o in group)
    silences = [hold.silence_ms for o in group for hold in o.holds]
    return {
        "false stops": share(wrong, n),
        "answered": share(sum(o.replies > 0 for o in group), n),
        "by words": share(sum(o.by_words for o in group), n),
        "held": share(sum(bool(o.holds) for o in group), n),
        "silence p50 ms": percentile(silences, 0.5),
        "silence p90 ms": percentile(silences, 0.9),
    }


def _false_holds(outcomes: Sequence[Outcome]) -> Table:
    """Holds that proved false, against how long the AI spoke."""
    beds = [o for o in outcomes if o.trial.group is Group.BED]
    sounds = [o for o in outcomes if o.trial.group is Group.SOUND and o.trial.place is Place.MIDDLE]
    groups: list[tuple[str, Sequence[Outcome]]] = [("backgrounds, all", beds)]
    groups += [(f"  {name}", [o for o in beds if o.trial.cls == name]) for name in sorted({o.trial.cls for o in beds})]
    groups += [
        (f"{kind.value}, one at a time", [o for o in sounds if o.trial.kind is kind])
        for kind in (Kind.BACKCHANNEL, Kind.BODY, Kind.NOISE, Kind.MUSIC)
    ]
    note = "Backgrounds: recordings on end at -41 dBFS, made-up hum and clicks. Jump: samples skipped or repeated."
    return _table(Table("false_holds", "Holds that proved false", "server; silence: ear", note), groups, _hold_columns)


def _hold_columns(group: Sequence[Outcome]) -> dict[str, Figure]:
    minutes = sum(o.spoken_ms for o in group) / 60_000
    silences = [hold.silence_ms for o in group for hold in o.holds]
    jumps = [jump / 8 for o in group for jump in o.heard.jumps]
    return {
        "a minute": rate(len(silences), minutes, len(group)),
        "silence p50 ms": percentile(silences, 0.5),
        "silence p90 ms": percentile(silences, 0.9),
        "silence max ms": percentile(silences, 1.0),
        "cuts a minute": rate(sum(o.cuts > 0 for o in group), minutes, len(group)),
        "resumed with a jump": share(sum(bool(o.heard.jumps) for o in group), sum(bool(o.holds) for o in group)),
        "skipped max ms": percentile([jump for jump in jumps if jump > 0], 1.0),
        "repeated max ms": percentile([-jump for jump in jumps if jump < 0], 1.0),
    }


def _tau(outcomes: Sequence[Outcome]) -> Table:
    """The panel of tau-voice with its own windows and its own clock."""
    sounds = [o for o in outcomes if o.trial.group in (Group.SOUND, Group.ASIDE) and o.ticks is not None]
    turns = [o for o in sounds if o.trial.is_turn and o.trial.kind is Kind.TURN and o.trial.place is Place.MIDDLE]
    yields = [o.ticks.yield_ms / 1000 for o in turns if o.ticks and o.ticks.yielded and o.ticks.yield_ms is not None]
    kinds = {
        "S_BC (backchannels)": [o for o in sounds if o.trial.kind is Kind.BACKCHANNEL and not o.trial.is_turn],
        "S_VT (coughs, sneezes, cries)": [o for o in sounds if o.trial.kind is Kind.BODY],
        "S_ND (speech to others, modelled)": [o for o in sounds if o.trial.group is Group.ASIDE],
    }
    rows = [
        Row("L_Y s (mean, yielders)", len(yields), {"value": mean(yields)}),
        Row("R_Y", len(turns), {"value": share(sum(bool(o.ticks and o.ticks.yielded) for o in turns), len(turns))}),
    ]
    for name, group in kinds.items():
        kept = sum(bool(o.ticks and o.ticks.ignored) for o in group)
        rows.append(Row(name, len(group), {"value": share(kept, len(group))}))
    said = [o for o in outcomes if o.trial.group in (Group.SOUND, Group.PAUSE) and o.trial.is_turn]
    rows.append(Row("I_A (the AI began to speak while the caller did)", len(said), {"value": _talked_into(said)}))
    note = (
        "Yielded: the first 200 ms tick without any agent audio, within 2.0 s. Ignored: no such tick within 1.0 s, or"
        " (agent silent) no answer within 2.0 s of the sound's end. The sounds are this corpus's, not tau-voice's."
    )
    return Table("tau", "tau-voice windows", "ear, 200 ms ticks", note, [row for row in rows if row.n])


def _replies(outcomes: Sequence[Outcome]) -> Table:
    said = [o for o in outcomes if o.trial.group in (Group.SOUND, Group.PAUSE) and o.trial.is_turn]
    pauses = [o for o in said if o.trial.group is Group.PAUSE]
    groups: list[tuple[str, Sequence[Outcome]]] = [
        ("all turns", said),
        ("turns into silence", [o for o in said if o.trial.place is Place.IDLE and o.trial.group is Group.SOUND]),
        ("pauses up to 700 ms, all", pauses),
    ]
    lengths = sorted({dict(o.trial.tags)["pause_ms"] for o in pauses})
    groups += [
        (f"  a pause of {length:g} ms", [o for o in pauses if dict(o.trial.tags)["pause_ms"] == length])
        for length in lengths
    ]
    note = (
        "From the caller's last sound to the first sample of the reply, the engine's time deducted."
        " Talked into: the AI sounded again before the caller had finished."
    )
    return _table(Table("replies", "Answering", "server", note), groups, _reply_columns)


def _talked_into(group: Sequence[Outcome]) -> Figure:
    return share(sum(o.talked_into for o in group), len(group))


def _truth(outcomes: Sequence[Outcome]) -> Table:
    """What the engine was told that the caller had heard of a statement that was cut."""
    told = [o for o in outcomes if o.truth_ms is not None]
    groups: list[tuple[str, Sequence[Outcome]]] = [
        ("all statements that were truncated", told),
        ("  after a hold that proved false", [o for o in told if o.holds]),
    ]
    note = "The end of what is kept in the engine's conversation against the last sample at the ear."
    return _table(Table("truth", "Truth of what was heard", "ear", note), groups, _truth_columns)


def _truth_columns(group: Sequence[Outcome]) -> dict[str, Figure]:
    errors = [o.truth_ms for o in group if o.truth_ms is not None]
    sizes = [abs(error) for error in errors]
    return {
        "error p50 ms": percentile(sizes, 0.5),
        "error p90 ms": percentile(sizes, 0.9),
        "error max ms": percentile(sizes, 1.0),
        "told too much max ms": percentile([error for error in errors if error > 0], 1.0),
    }


def _reply_columns(group: Sequence[Outcome]) -> dict[str, Figure]:
    delays = [o.reply_ms for o in group if o.reply_ms is not None]
    n = len(group)
    return {
        "delay p50 ms": percentile(delays, 0.5),
        "delay p90 ms": percentile(delays, 0.9),
        "talked into": _talked_into(group),
        "answered": share(sum(o.replies > 0 for o in group), n),
        "answered twice": share(sum(o.replies > 1 for o in group), n),
    }


def _echo(outcomes: Sequence[Outcome]) -> Table:
    """Nobody speaks but the AI, and the line returns it."""
    echoes = [o for o in outcomes if o.trial.group is Group.ECHO]
    groups: list[tuple[str, Sequence[Outcome]]] = [
        ("ERL 10 dB or more, all", [o for o in echoes if erl_db(o) >= 10]),
        ("ERL below 10 dB, all", [o for o in echoes if erl_db(o) < 10]),
    ]
    for erl in sorted({erl_db(o) for o in echoes}):
        groups.append((f"  ERL {erl:g} dB", [o for o in echoes if erl_db(o) == erl]))
    for delay in sorted({_path(o)[1] for o in echoes}):
        groups.append((f"  delay {delay:g} ms", [o for o in echoes if _path(o)[1] == delay]))
    for response in sorted({_path(o)[2] for o in echoes}):
        groups.append((f"  {response}", [o for o in echoes if _path(o)[2] == response]))
    for leg in sorted({_leg(o) for o in echoes}):
        groups.append((f"  {leg}", [o for o in echoes if _leg(o) == leg]))
    note = (
        "The AI speaks for 6 s on a line that is new to the detector; nobody else does. After: its last echo was taken"
        " for a turn of the caller when it had finished."
    )
    return _table(Table("echo", "Echo alone", "server", note), groups, _echo_columns)


def erl_db(outcome: Outcome) -> float:
    """The echo return loss of a trial's line."""
    return _path(outcome)[0]


def _path(outcome: Outcome) -> tuple[float, float, str]:
    echo = outcome.trial.line.echo
    return (echo.erl_db, echo.delay_ms, echo.response.value) if echo else (99.0, 0.0, "none")


def _leg(outcome: Outcome) -> str:
    leg = outcome.trial.line.leg
    return f"{leg.codec.value}, {leg.loss:.0%} lost"


def _echo_columns(group: Sequence[Outcome]) -> dict[str, Figure]:
    n = len(group)
    minutes = sum(o.spoken_ms for o in group) / 60_000
    early = [o for o in group if any(hold.at_ms < 2_000 for hold in o.holds) or (o.cut_ms or 9e9) < 2_000]
    during = sum(o.cut_ms is not None and o.cut_ms < o.trial.statement_ms for o in group)
    return {
        "cut itself off": share(during, n),
        "answered itself after": share(sum(o.cuts > 0 for o in group) - during, n),
        "held itself": share(sum(bool(o.holds) for o in group), n),
        "in the first 2 s": share(len(early), n),
        "holds a minute": rate(sum(len(o.holds) for o in group), minutes, n),
    }


def _double_talk(outcomes: Sequence[Outcome]) -> Table:
    talks = [o for o in outcomes if o.trial.group is Group.DOUBLE_TALK]
    groups: list[tuple[str, Sequence[Outcome]]] = []
    for over in sorted({dict(o.trial.tags)["over_db"] for o in talks}):
        own = [o for o in talks if dict(o.trial.tags)["over_db"] == over]
        groups.append((f"{over:+g} dB over the echo, 0.7 s or more", [o for o in own if is_long(o)]))
        groups.append((f"{over:+g} dB over the echo, short", [o for o in own if not is_long(o)]))
    note = "Turns in mid-statement on lines with echo (ERL 6 to 20 dB, 20 to 500 ms). A cut before is the echo's."
    return _table(Table("double_talk", "Double talk", "server; silence: ear", note), groups, _stop_columns)


def _stages(outcomes: Sequence[Outcome]) -> Table:
    """Obeyed or not, by place and class."""
    said = _said(outcomes)
    groups = [
        (f"{cls}, {place.value}", [o for o in said if o.trial.cls == cls and o.trial.place is place])
        for cls in sorted({o.trial.cls for o in said})
        for place in Place
    ]
    note = "Each class of turn at each place in the AI's statement."
    return _table(Table("stages", "By class and place", "server", note), groups, _stage_columns)


def _stage_columns(group: Sequence[Outcome]) -> dict[str, Figure]:
    cuts = [o.cut_ms for o in group if o.cut_ms is not None]
    n = len(group)
    return {
        "obeyed in 1 s": share(sum(o.obeyed and not o.cut_before for o in group), n),
        "cut p50 ms": percentile(cuts, 0.5),
        "cut p90 ms": percentile(cuts, 0.9),
        "by words": share(sum(o.by_words for o in group), n),
    }
