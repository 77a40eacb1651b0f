"""`torim db`: migrate the database, or copy it while it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from torim.commands import SubParsers, config_of


def add_parser(subparsers: SubParsers) -> None:
    """Declare the command and its two actions."""
    parser = subparsers.add_parser("db", help="migrate or back up the database")
    parser.add_argument("--database-url", metavar="URL", help="database (default: that of the settings)")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("upgrade", help="create the database or bring it to the newest schema")
    backup = actions.add_parser("backup", help="copy the database; safe while Torim runs (SQLite)")
    backup.add_argument("path", type=Path, metavar="PATH", help="file to write; an older one is replaced")


def run(args: argparse.Namespace) -> int:
    """Do it and say what was done."""
    from torim.storage.store import Store

    store = Store(config_of(args, TORIM_DATABASE_URL=args.database_url).database_url)
    try:
        if args.action == "upgrade":
            print(f"The database is at revision {store.upgrade()}.")
        else:
            size_bytes = store.backup(args.path)
            print(f"Wrote {args.path} ({size_bytes:,} bytes); its integrity check passed.")
    finally:
        store.close()
    return 0
