"""`torim caller`: everything that is kept of one caller, as a file; or its erasure."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from torim.commands import SubParsers, config_of

if TYPE_CHECKING:
    from torim.desk.business import Business
    from torim.storage.privacy import PrivacyStore


def add_parser(subparsers: SubParsers) -> None:
    """Declare the command and its two actions."""
    parser = subparsers.add_parser("caller", help="export or erase what is kept of a caller")
    parser.add_argument("--database-url", metavar="URL", help="database (default: that of the settings)")
    parser.add_argument("--business", metavar="ID", help="only this business (default: every one)")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    export = actions.add_parser("export", help="write calls, appointments, messages and recordings to a ZIP file")
    export.add_argument("number", help="telephone number of the caller")
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write")
    erase = actions.add_parser("erase", help="remove all of it, for good")
    erase.add_argument("number", help="telephone number of the caller")
    erase.add_argument("--yes", action="store_true", help="do it; without this only what would be removed is shown")


def run(args: argparse.Namespace) -> int:
    """Do it for every business asked for, and say what was done."""
    from torim.errors import ConfigError
    from torim.storage.privacy import PrivacyStore
    from torim.storage.store import Store

    config = config_of(args, TORIM_DATABASE_URL=args.database_url)
    store = Store(config.database_url)
    try:
        store.upgrade()
        businesses = [record.business for record in store.businesses.all() if args.business in (None, record.id)]
        if not businesses:
            raise ConfigError("There is no such business in this database.", "config.business")
        privacy = PrivacyStore(store.database, config.data_dir)
        act = _export if args.action == "export" else _erase
        for business in businesses:
            act(args, business, privacy, several=len(businesses) > 1)
    finally:
        store.close()
    return 0


def _export(args: argparse.Namespace, business: Business, privacy: PrivacyStore, *, several: bool) -> None:
    from torim.web.export_file import write_export

    found = privacy.export(business.id, _forms(args.number, business))
    name = f"{args.out.stem}-{business.id}{args.out.suffix}" if several else args.out.name
    target = write_export(found, args.out.with_name(name))
    data = found.data
    print(
        f"Wrote {target}: {len(data['calls'])} calls, {len(data['appointments'])} appointments,"
        f" {len(data['messages'])} messages, {len(found.files)} files of {business.id}."
    )


def _erase(args: argparse.Namespace, business: Business, privacy: PrivacyStore, *, several: bool) -> None:
    forms = _forms(args.number, business)
    if not args.yes:
        found = privacy.export(business.id, forms)
        print(
            f"{business.id} keeps {len(found.data['calls'])} calls, {len(found.data['appointments'])} appointments,"
            f" {len(found.data['messages'])} messages and {len(found.files)} files of this caller; nothing was removed."
            " Add --yes to remove them for good."
        )
        return
    done = privacy.erase(business.id, forms, datetime.now(UTC))
    print(
        f"Removed from {business.id}: what was said in {done.calls} calls, the contact of {done.appointments}"
        f" appointments, {done.messages} messages, {done.files} files."
    )


def _forms(text: str, business: Business) -> tuple[str, ...]:
    from torim.desk.numbers import country_of, e164
    from torim.errors import ConfigError

    number = e164(text, country_of(business.timezone))
    if number is None:
        raise ConfigError(f"{text!r} is no telephone number; write one such as +972-50-123-4567.", "config.number")
    return tuple(dict.fromkeys((number, text)))
