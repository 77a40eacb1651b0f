"""A run's report as one page of HTML: figures, intervals, plots and the trials worth looking at, in a single file.

Decides what the page shows and in which order. Nothing is loaded from outside; sounds and timelines are inside.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from torim.lab.bargein import plots
from torim.lab.bargein.corpus import Kind
from torim.lab.bargein.curves import Curve
from torim.lab.bargein.goals import Verdict, judged
from torim.lab.bargein.judge import Outcome
from torim.lab.bargein.keep import Kept
from torim.lab.bargein.lines import DELAYS_MS, ERLS_DB
from torim.lab.bargein.panel import Row, Table, is_long
from torim.lab.bargein.report import Report
from torim.lab.bargein.stats import Figure, share
from torim.lab.bargein.table import goal_column, interval, shown
from torim.lab.bargein.trials import Group, Place

LONG_TABLES = ("stages", "matrix")  # folded away
COST = "mean delay of turns, a missed one 1 s, and half a second for each false stop"
STYLE = """
:root{--bg:#fbfaf7;--ink:#1f242c;--dim:#5d6470;--rule:#e3e0d8;--lane:#f2f0ea;--bad:#c0392b;--good:#1d7f58;--may:#a06a10;
--s0:#2c69b0;--s1:#c0562b;--s2:#1d7f58;--s3:#8a4fa3;--strong:#fff}
@media(prefers-color-scheme:dark){:root{--bg:#14171c;--ink:#e6e8ec;--dim:#9aa2ae;--rule:#2c313a;--lane:#1b1f26;
--bad:#ff7d72;--good:#69cfa0;--may:#edb654;--s0:#7fb2ef;--s1:#f2a07b;--s2:#69cfa0;--s3:#d3a1ea;--strong:#14171c}}
body{background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
body{margin:0 auto;max-width:1180px;padding:24px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 4px}h3{font-size:15px;margin:18px 0 2px}
p{margin:4px 0 10px;max-width:80ch}p,.dim,figcaption{color:var(--dim)}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:2px 18px;font-size:13px;margin:12px 0}
.facts b{font-weight:600;color:var(--ink)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px;white-space:nowrap}
th,td{padding:3px 9px;border-bottom:1px solid var(--rule);text-align:right;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--dim);vertical-align:bottom}td:first-child,th:first-child{text-align:left}
td.sub{padding-left:26px;color:var(--dim)}td small{display:block;color:var(--dim);font-size:11px}
.reached{color:var(--good)}.missed{color:var(--bad);font-weight:600}.likely{color:var(--may)}.untried{color:var(--dim)}
figure{margin:10px 0}figure svg{max-width:min(100%,720px);height:auto;display:block}
figure svg{background:var(--lane);border-radius:8px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:14px 22px}
.pair figure svg{width:100%}figcaption{font-size:13px}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .tick{fill:var(--dim);font-size:11px}
svg .grid{stroke:var(--rule)}svg .goal{stroke:var(--bad);stroke-dasharray:3 4}
svg .line{fill:none;stroke-width:2}svg .whisker{stroke-width:2}
svg .line.s0,svg .whisker.s0{stroke:var(--s0)}svg .line.s1,svg .whisker.s1{stroke:var(--s1)}
svg .line.s2,svg .whisker.s2{stroke:var(--s2)}svg .line.s3,svg .whisker.s3{stroke:var(--s3)}
svg .dot.s0{fill:var(--s0)}svg .dot.s1{fill:var(--s1)}svg .dot.s2{fill:var(--s2)}svg .dot.s3{fill:var(--s3)}
svg .cell{fill:var(--bg)}svg .bad{fill:var(--bad)}svg .strong{fill:var(--strong);font-weight:600}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;margin:6px 0;padding:0;font-size:13px}
.legend li::before{content:"";display:inline-block;width:14px;height:3px;margin:0 6px 4px 0;background:currentColor}
.legend .s0{color:var(--s0)}.legend .s1{color:var(--s1)}.legend .s2{color:var(--s2)}.legend .s3{color:var(--s3)}
details summary{cursor:pointer;color:var(--dim);font-size:13px}
td.files{text-align:left}pre{font-size:11px;margin:4px 0}audio{height:26px;width:210px;vertical-align:middle}
"""


def page(report: Report) -> str:
    """The whole page."""
    body = "".join(
        [
            "<h1>Barge-in bench</h1>",
            f"<p>{escape(str(report.facts.get('what', '')))}</p>",
            _facts(report),
            _goals(report),
            _speed(report.outcomes),
            _selectivity(report.outcomes),
            _echo(report.outcomes),
            _curves(report.curves) if report.curves else "",
            "<h2>Every figure</h2><p>Value, and under it the 95 % interval (shares: Wilson; percentiles: order"
            " statistics; rates: Poisson).</p>",
            "".join(_table(table) for table in report.tables),
            _trials(report),
            _left_out(report),
        ]
    )
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Barge-in bench</title><style>{STYLE}</style>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _facts(report: Report) -> str:
    items = (
        f"<div>{escape(name.replace('_', ' '))}: <b>{escape(str(value))}</b></div>"
        for name, value in report.facts.items()
        if name != "what"
    )
    return f'<div class="facts">{"".join(items)}</div>'


def _goals(report: Report) -> str:
    styles = {
        Verdict.REACHED: "reached",
        Verdict.LIKELY: "likely",
        Verdict.MISSED: "missed",
        Verdict.UNTRIED: "untried",
    }
    rows = []
    for goal, figure, verdict in judged(report.tables):
        column = goal_column(goal)
        limit = shown(column, Figure(goal.limit, 0))
        rows.append(
            f"<tr><td>{escape(goal.words)}</td><td>{'at least' if goal.at_least else 'at most'} {limit}</td>"
            f"<td>{shown(column, figure)}</td><td>{interval(column, figure)}</td><td>{figure.n or ''}</td>"
            f'<td class="{styles[verdict]}">{verdict.value}</td></tr>'
        )
    head = "<tr><th>goal</th><th>limit</th><th>measured</th><th>95 % interval</th><th>n</th><th></th></tr>"
    return f'<h2>Against the goals</h2><div class="wide"><table>{head}{"".join(rows)}</table></div>'


def _figure(plot: str, caption: str) -> str:
    return f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>" if plot else ""


# --- the plots ------------------------------------------------------------------------------------------------


def _speed(outcomes: Sequence[Outcome]) -> str:
    turns = [o for o in outcomes if o.trial.group is Group.SOUND and o.trial.is_turn]
    middle = [o for o in turns if o.trial.place is Place.MIDDLE]
    if not turns:
        return ""
    stages = plots.distributions(
        [
            ("hold (server)", _values(middle, "hold_ms"), len(middle)),
            ("quiet (ear)", _values(middle, "quiet_ms"), len(middle)),
            ("cut (server)", _values(middle, "cut_ms"), len(middle)),
        ],
        600,
        (50, 100, 200),
    )
    groups = {
        "0.7 s or more, mid-statement": [o for o in middle if is_long(o)],
        "short, mid-statement": [o for o in middle if not is_long(o)],
        "any word elsewhere": [o for o in turns if o.trial.place is not Place.MIDDLE],
    }
    cuts = plots.distributions(
        [(f"{name} ({len(group)})", _values(group, "cut_ms"), len(group)) for name, group in groups.items()],
        1_000,
        (600,),
    )
    replies = [o for o in outcomes if o.trial.is_turn and o.trial.group in (Group.SOUND, Group.PAUSE)]
    delays = _values(replies, "reply_ms")
    answers = plots.distributions([("reply, from the last sound", delays, len(delays))], 1_500, (700, 1_000))
    return (
        "<h2>How soon</h2>"
        + '<div class="pair">'
        + _figure(stages, f"Turns in mid-statement ({len(middle)}), from the onset. Dashed: 50, 100, 200 ms.")
        + _figure(cuts, "The decision to give the caller the floor. Dashed: 600 ms.")
        + _figure(answers, f"Replies ({len(delays)}), the engine's time deducted. Dashed: 700 and 1000 ms.")
        + "</div>"
    )


def _values(outcomes: Iterable[Outcome], name: str) -> list[float]:
    return [value for o in outcomes if (value := getattr(o, name)) is not None and not o.early]


def _selectivity(outcomes: Sequence[Outcome]) -> str:
    sounds = [o for o in outcomes if o.trial.group is Group.SOUND and o.trial.kind is not Kind.TURN]
    sounds = [o for o in sounds if not o.trial.is_turn]
    if not sounds:
        return ""
    rows = []
    for cls in sorted({o.trial.cls for o in sounds}, key=lambda cls: (_kind_of(sounds, cls), cls)):
        figures = []
        for place in (Place.MIDDLE, Place.IDLE):
            group = [o for o in sounds if o.trial.cls == cls and o.trial.place is place]
            figures.append(share(sum(bool(o.cuts or o.replies) for o in group), len(group)))
        rows.append((cls, figures))
    plot = plots.intervals(rows, ["stops the AI in mid-statement", "is answered when the AI is idle"], 0.05)
    return "<h2>What else stops it</h2>" + _figure(plot, "Share of sounds, with 95 % intervals. Dashed: 5 %.")


def _kind_of(outcomes: Sequence[Outcome], cls: str) -> str:
    return next(o.trial.kind.value for o in outcomes if o.trial.cls == cls and o.trial.kind is not None)


def _echo(outcomes: Sequence[Outcome]) -> str:
    echoes = [o for o in outcomes if o.trial.group is Group.ECHO]
    talks = [o for o in outcomes if o.trial.group is Group.DOUBLE_TALK]
    parts = []
    for title, wrong in (("cut or answered itself", _deceived), ("held itself", lambda o: bool(o.holds))):
        if echoes:
            rows = [(f"ERL {erl} dB", [_cell(echoes, erl, delay, wrong) for delay in DELAYS_MS]) for erl in ERLS_DB]
            plot = plots.grid([f"{delay} ms" for delay in DELAYS_MS], rows, "delay")
            parts.append(_figure(plot, f"Echo alone: calls in which the AI {title}."))
    overs = sorted({dict(o.trial.tags)["over_db"] for o in talks})
    bars = []
    for over in overs:
        for name, long in (("0.7 s or more", True), ("short", False)):
            group = [o for o in talks if dict(o.trial.tags)["over_db"] == over and is_long(o) is long]
            obeyed = share(sum(o.obeyed and not o.cut_before for o in group), len(group))
            before = share(sum(o.cut_before for o in group), len(group))
            bars.append((f"{over:+g} dB, {name}", [obeyed, before]))
    if bars:
        plot = plots.intervals(bars, ["obeyed within 1 s", "cut before by the echo"], 0.99)
        parts.append(_figure(plot, "Double talk: the caller's level over the AI's echo. Dashed: 99 %."))
    return f'<h2>Echo</h2><div class="pair">{"".join(parts)}</div>' if parts else ""


def _deceived(outcome: Outcome) -> bool:
    return outcome.cuts > 0


def _cell(echoes: Sequence[Outcome], erl: int, delay: int, wrong: object) -> tuple[int, int]:
    assert callable(wrong)
    own = [o for o in echoes if o.trial.line.echo and o.trial.line.echo.erl_db == erl]
    own = [o for o in own if o.trial.line.echo and o.trial.line.echo.delay_ms == delay]
    return sum(bool(wrong(o)) for o in own), len(own)


def _curves(curves: Sequence[Curve]) -> str:
    note = (
        "One threshold moved, all others as they are; sounds in mid-statement. The number at a point is the"
        " threshold's value, the larger dot the present one."
    )
    return f"<h2>Operating curves</h2><p>{note}</p>" + "".join(_curve(curve) for curve in curves)


def _curve(curve: Curve) -> str:
    figures = (
        _operating(curve, "body sounds stop it", "cut p90 ms", 800, False),
        _operating(curve, "backchannels stop it", "short turns obeyed", 1, True),
        _operating(curve, "noise and music hold it", "hold p90 ms", 300, False),
    )
    cost = ", ".join(f"{point.value}: {point.figures['cost ms'].value or 0:.0f}" for point in curve.points)
    words = f"<p>Single cost, ms ({COST}): {escape(cost)}</p>"
    head = f"<h3>{escape(curve.setting)} (now {escape(curve.default)})</h3>"
    return f'{head}{words}<div class="pair">{"".join(figures)}</div>'


def _operating(curve: Curve, x: str, y: str, most: float, percent: bool) -> str:
    spots = [
        plots.Spot(point.figures[x], point.figures[y], point.value, point.value == curve.default)
        for point in curve.points
        if point.figures[x].value is not None and point.figures[y].value is not None
    ]
    if not spots:
        return ""
    return f"<figure>{plots.operating(spots, x, y, most, percent)}</figure>"


# --- the tables -----------------------------------------------------------------------------------------------


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    columns = list(table.rows[0].figures)
    head = "".join(f"<th>{escape(name)}</th>" for name in ("", "n", *columns))
    rows = "".join(_row(row, columns) for row in table.rows)
    body = f'<p>{escape(table.note)}</p><div class="wide"><table><tr>{head}</tr>{rows}</table></div>'
    title = f"{escape(table.title)} <span class=dim>(clock: {escape(table.clock)})</span>"
    if table.key in LONG_TABLES:
        return f"<h3>{title}</h3><details><summary>{len(table.rows)} rows</summary>{body}</details>"
    return f"<h3>{title}</h3>{body}"


def _row(row: Row, columns: Sequence[str]) -> str:
    cells = "".join(
        f"<td>{shown(name, row.figures[name])}<small>{interval(name, row.figures[name])}</small></td>"
        for name in columns
    )
    sub = ' class="sub"' if row.name.startswith("  ") else ""
    return f"<tr><td{sub}>{escape(row.name.strip())}</td><td>{row.n}</td>{cells}</tr>"


def _trials(report: Report) -> str:
    kept = [o for o in report.outcomes if o.trial.number in report.kept]
    if not kept:
        return ""
    head = (
        "<tr><th>trial</th><th>what</th><th>hold</th><th>cut</th><th>silence</th><th>reply</th><th></th><th></th></tr>"
    )
    rows = "".join(_kept_row(o, report.kept[o.trial.number]) for o in kept)
    note = (
        "Left the caller as sent, right the AI as heard, around the sound; the timeline counts ms from the onset. The"
        " whole calls lie beside this page, in trials/."
    )
    return f'<h2>Wrong and slow trials</h2><p>{note}</p><div class="wide"><table>{head}{rows}</table></div>'


def _kept_row(outcome: Outcome, kept: Kept) -> str:
    trial = outcome.trial
    said = " + ".join(piece.clip.name for piece in trial.pieces) or trial.cls
    times = "".join(
        f"<td>{'-' if value is None else f'{value:.0f}'}</td>"
        for value in (outcome.hold_ms, outcome.cut_ms, outcome.silence_ms, outcome.reply_ms)
    )
    faults = "; ".join(fault.value for fault in outcome.faults)
    sound = f'<audio controls preload="none" src="data:audio/wav;base64,{b64encode(kept.sound).decode()}"></audio>'
    told = escape("\n".join(kept.timeline))
    files = f"{sound}<details><summary>timeline, {kept.name}</summary><pre>{told}</pre></details>"
    what = f"{trial.group.value}, {trial.place.value}<small>{escape(said)}</small>"
    style = "missed" if faults else "dim"
    verdict = escape(faults or "slow")
    head = f'<td>{trial.number}</td><td style="text-align:left">{what}</td>'
    return f'<tr>{head}{times}<td class="{style}">{verdict}</td><td class="files">{files}</td></tr>'


def _left_out(report: Report) -> str:
    rows = "".join(_entries(report.left_out))
    if not rows:
        return "<h2>Left out</h2><p>Nothing: every recording was used, every trial was made.</p>"
    return f'<h2>Left out</h2><div class="wide"><table>{rows}</table></div>'


def _entries(items: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, why in items:
        yield f'<tr><td>{escape(name)}</td><td style="text-align:left">{escape(why)}</td></tr>'
