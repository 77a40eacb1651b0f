"""`torim appointments`: the appointment book as a table or as JSON.

Hebrew and English stand in one table: cells are padded by what a terminal shows and isolated, so that a
right-to-left name does not reorder its neighbours.
"""

from __future__ import annotations

import argparse
import io
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from torim.commands import SubParsers, config_of

if TYPE_CHECKING:
    from torim.desk.book import Appointment
    from torim.desk.business import Business
    from torim.storage.store import Store

HEADINGS = ("WHEN", "SERVICE", "NAME", "PHONE", "STATUS", "ID")
_ISOLATE, _POP = "\u2068", "\u2069"  # first-strong isolate, and its end
_RIGHT_TO_LEFT = ("R", "AL", "AN")


def add_parser(subparsers: SubParsers) -> None:
    """Declare the command and its options."""
    parser = subparsers.add_parser("appointments", help="list the appointments")
    parser.add_argument("--all", action="store_true", help="also those that are over")
    parser.add_argument("--transcript", action="store_true", help="show what was said in each one's call")
    parser.add_argument("--json", action="store_true", help="print JSON, transcripts included")
    parser.add_argument("--database-url", metavar="URL", help="database (default: that of the settings)")


def run(args: argparse.Namespace) -> int:
    """Print the appointments of the configured business, the next one first."""
    from torim.desk.business import load_business
    from torim.storage.store import Store

    config = config_of(args, TORIM_DATABASE_URL=args.database_url)
    business = load_business(config.business_file)
    store = Store(config.database_url)
    try:
        store.upgrade()
        since = None if args.all else datetime.now(UTC)
        found = store.appointments(business.id, since=since)
        _print(_as_json(found, business, store) if args.json else _as_text(found, business, store, args))
    finally:
        store.close()
    return 0


def _print(text: str) -> None:
    """Print whatever the encoding of the terminal can show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    print(text)


def _transcript(made: Appointment, business: Business, store: Store) -> str:
    """The stored transcript; of a call that never ended properly, the turns that were saved."""
    from torim.desk.report import readable_transcript

    if made.call_transcript is not None or made.call_id is None:
        return made.call_transcript or ""
    return readable_transcript(store.turns(business.id, made.call_id), business.opening_language)


def _as_json(found: Sequence[Appointment], business: Business, store: Store) -> str:
    import json
    from dataclasses import asdict

    rows = [
        {
            **{name: _plain(value) for name, value in asdict(made).items()},
            "starts_at_local": made.starts_at.astimezone(ZoneInfo(made.timezone)).isoformat(),
            "service": business.service_name(made.service_id, business.opening_language),
            "call_transcript": _transcript(made, business, store),
        }
        for made in found
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _as_text(found: Sequence[Appointment], business: Business, store: Store, args: argparse.Namespace) -> str:
    if not found:
        hint = "" if args.all else " `--all` also shows those that are over."
        return f"No appointments.{hint}"
    lines = list(_table([HEADINGS, *(_cells(made, business) for made in found)]))
    if not args.transcript:
        return "\n".join(lines)
    blocks = [lines[0]]
    for line, made in zip(lines[1:], found, strict=True):
        blocks += [line, *_indented(made.call_summary or ""), *_indented(_transcript(made, business, store))]
    return "\n".join(blocks)


def _cells(made: Appointment, business: Business) -> tuple[str, ...]:
    local = made.starts_at.astimezone(ZoneInfo(made.timezone))
    name = made.contact_name or (f"voice note {made.name_note}" if made.name_note else "-")
    return (
        f"{local:%a %Y-%m-%d %H:%M}",
        business.service_name(made.service_id, business.opening_language),
        name,
        made.contact_phone or "-",
        made.status,
        made.id,
    )


def _indented(text: str) -> Iterator[str]:
    return (f"    {_isolated(line)}" for line in text.splitlines())


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (_isolated(cell) + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _isolated(cell: str) -> str:
    """A cell that its neighbours' direction cannot touch; plain where nothing runs from right to left."""
    mixed = any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in cell)
    return f"{_ISOLATE}{cell}{_POP}" if mixed else cell


def _width(text: str) -> int:
    """Columns that a terminal needs for a text."""
    shown = (char for char in text if not unicodedata.combining(char))
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in shown)
