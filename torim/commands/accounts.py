"""`torim accounts`: who may log in to the web side."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from torim.commands import SubParsers, config_of

if TYPE_CHECKING:
    from torim.config import Config
    from torim.storage.access import AccessStore, Account
    from torim.storage.store import Store


def add_parser(subparsers: SubParsers) -> None:
    """Declare the command and its actions."""
    parser = subparsers.add_parser("accounts", help="list and manage who may log in")
    parser.add_argument("--database-url", metavar="URL", help="database (default: that of the settings)")
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("list", help="show every account")
    add = actions.add_parser("add", help="let somebody in; prints a link to choose a password")
    add.add_argument("email")
    add.add_argument("--name", help="as it is shown (default: the e-mail address)")
    add.add_argument("--role", choices=("owner", "staff"), default="owner")
    add.add_argument("--business", metavar="ID", action="append", help="only this business (may be repeated)")
    for name, words in (
        ("link", "print a new link to choose a password"),
        ("disable", "log somebody out for good"),
        ("enable", "let a disabled account in again"),
    ):
        actions.add_parser(name, help=words).add_argument("email")
    actions.add_parser("first-run", help="print a new link to make the first account")


def run(args: argparse.Namespace) -> int:
    """Do it and say what was done."""
    from torim.storage.access import AccessStore
    from torim.storage.store import Store

    config = config_of(args, TORIM_DATABASE_URL=args.database_url)
    store = Store(config.database_url)
    try:
        store.upgrade()
        _ACTIONS[args.action](args, config, store, AccessStore(store.database))
    finally:
        store.close()
    return 0


def _list(args: argparse.Namespace, config: Config, store: Store, access: AccessStore) -> None:
    found = access.accounts()
    for account in found:
        roles = ", ".join(f"{role} of {business_id}" for business_id, role in account.roles.items())
        state = "disabled" if account.disabled_at else "active" if account.password_hash else "no password yet"
        print(f"{account.email}  {account.name}  {roles or 'no business'}  ({state})")
    if not found:
        print("There is no account yet; `torim accounts first-run` prints a link to make the first one.")


def _add(args: argparse.Namespace, config: Config, store: Store, access: AccessStore) -> None:
    from torim.desk.business import load_business

    store.businesses.adopt(load_business(config.business_file), datetime.now(UTC))
    known = [record.id for record in store.businesses.all()]
    wanted = args.business or known
    if unknown := [business_id for business_id in wanted if business_id not in known]:
        raise _mistake(f"There is no business {unknown[0]!r}; choose among: {', '.join(known)}.")
    roles = dict.fromkeys(wanted, args.role)
    account = access.add_account(args.email, args.name or args.email, roles, datetime.now(UTC))
    print(f"{account.email} may log in as {args.role} of {', '.join(wanted)}, once a password is chosen:")
    _print_link(account, config, access)


def _link(args: argparse.Namespace, config: Config, store: Store, access: AccessStore) -> None:
    _print_link(_account(args.email, access), config, access)


def _disable(args: argparse.Namespace, config: Config, store: Store, access: AccessStore) -> None:
    account = _account(args.email, access)
    access.edit_account(account.id, account.version, {"disabled_at": int(datetime.now(UTC).timestamp())})
    print(f"{account.email} cannot log in any more and is logged out everywhere.")


def _enable(args: argparse.Namespace, config: Config, store: Store, access: AccessStore) -> None:
    account = _account(args.email, access)
    access.edit_account(account.id, account.version, {"disabled_at": None})
    print(f"{account.email} may log in again.")


def _first_run(args: argparse.Namespace, config: Config, store: Store, access: AccessStore) -> None:
    from torim.live.front_office import first_run

    address = first_run(config, access, config.port)
    if address is None:
        raise _mistake("There is an account already; `torim accounts add` lets more people in.")
    print(f"Make the first account here, once:\n{address}")


def _account(email: str, access: AccessStore) -> Account:
    account = access.account_by_email(email)
    if account is None:
        raise _mistake(f"There is no account {email!r}; `torim accounts list` shows them.")
    return account


def _print_link(account: Account, config: Config, access: AccessStore) -> None:
    from torim.live.front_office import web_address
    from torim.web.links import LINK_HOURS, password_path
    from torim.web.passwords import hash_token, new_token

    token = new_token()
    access.add_link(hash_token(token), account.id, datetime.now(UTC) + timedelta(hours=LINK_HOURS))
    print(f"{web_address(config, config.port)}{password_path(token)}\n(works once, for {LINK_HOURS} hours)")


def _mistake(advice: str) -> Exception:
    from torim.errors import AccessError

    return AccessError(advice, "access.not_found")


_ACTIONS = {
    "list": _list,
    "add": _add,
    "link": _link,
    "disable": _disable,
    "enable": _enable,
    "first-run": _first_run,
}
