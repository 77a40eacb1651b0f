"""The people of the business: owners and staff, for owners who are logged in.

An account is made without a password: its person chooses one with a one-time link, so that nobody else ever knows it.
A business keeps at least one owner.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from torim.storage.access import Account
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.models import Email, Id, In, Out, PersonName, Utc
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Refusal, not_found
from torim.web.api.scopes import Role, Scope
from torim.web.api.versions import Expected, tag
from torim.web.links import LINK_HOURS, password_path
from torim.web.passwords import hash_token, new_token

router = APIRouter(prefix="/accounts", tags=["accounts"])
_log = logging.getLogger("torim.web")
Owner = Annotated[Principal, Depends(Needs(Scope.ACCESS))]


class AccountOut(Out):
    """A person of the business."""

    id: str
    email: str
    name: str
    language: str | None
    role: Role
    has_password: bool
    created_at: Utc
    disabled_at: Utc | None
    version: int


class AccountList(Out):
    """Everybody of the business, by e-mail."""

    items: list[AccountOut]


class OneTimeLink(Out):
    """A link that works once; it is shown only here."""

    path: str = Field(description="To be opened at this installation's address.")
    expires_at: Utc


class NewAccount(In):
    """A person to be let in."""

    email: Email
    name: PersonName
    role: Role


class Invited(Out):
    """A new account, and the link with which its person chooses a password."""

    account: AccountOut
    link: OneTimeLink


class AccountEdit(In):
    """What to change of an account; what is left out stays."""

    email: Email | None = None
    name: PersonName | None = None
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] | None = None
    role: Role | None = None
    disabled: bool | None = Field(default=None, description="A disabled account cannot log in; its sessions end.")


@router.get("")
def list_accounts(who: Owner, deps: Deps) -> AccountList:
    """Everybody who may log in to this business."""
    found = deps.access.accounts(who.business_id)
    return AccountList(items=[_shown(account, who) for account in found])


@router.post("", status_code=201, responses=refuses(409))
def add_account(body: NewAccount, who: Owner, deps: Deps) -> Invited:
    """Let somebody in; the link in the answer is for them to choose a password."""
    account = deps.access.add_account(body.email, body.name, {who.business_id: body.role.value}, deps.now())
    _log.info("[ACCESS] account added: email=%s role=%s by=%s", account.email, body.role, who.name)
    return Invited(account=_shown(account, who), link=make_link(account.id, deps))


@router.get("/{account_id}", responses=refuses(404))
def get_account(account_id: Id, who: Owner, deps: Deps, response: Response) -> AccountOut:
    """One person of the business."""
    account = _member(account_id, who, deps)
    tag(response, account.version)
    return _shown(account, who)


@router.patch("/{account_id}", responses=refuses(404, 409, 412, 428))
def edit_account(
    account_id: Id, body: AccountEdit, who: Owner, deps: Deps, response: Response, expected: Expected
) -> AccountOut:
    """Change an account; a change of role or a disabling ends its sessions."""
    account = _member(account_id, who, deps)
    changes: dict[str, Any] = {}
    if body.email is not None:
        changes["email"] = body.email.lower()
    if body.name is not None:
        changes["name"] = body.name
    if "language" in body.model_fields_set:
        changes["language"] = body.language
    if body.disabled is not None:
        changes["disabled_at"] = int(deps.now().timestamp()) if body.disabled else None
    new_role = body.role if body.role is not None and body.role != account.roles[who.business_id] else None
    role = None if new_role is None else (who.business_id, new_role.value)
    if changes.keys() & {"email", "disabled_at"} and len(account.roles) > 1:
        raise Refusal(403, "access.shared_account", "This person also belongs to another business: ask the operator.")
    version = account.version if expected is None else expected
    edited = deps.access.edit_account(account_id, version, changes, role, owners_of=who.business_id)
    _log.info("[ACCESS] account changed: email=%s fields=%s by=%s", edited.email, sorted(changes), who.name)
    tag(response, edited.version)
    return _shown(edited, who)


@router.post("/{account_id}/link", status_code=201, responses=refuses(404))
def make_password_link(account_id: Id, who: Owner, deps: Deps) -> OneTimeLink:
    """A link with which this person chooses a (new) password; an earlier one stops working."""
    account = _member(account_id, who, deps)
    if len(account.roles) > 1 and account_id != (who.account.id if who.account else None):
        raise Refusal(403, "access.shared_account", "This person also belongs to another business: ask the operator.")
    _log.info("[ACCESS] password link made: email=%s by=%s", account.email, who.name)
    return make_link(account.id, deps)


@router.delete("/{account_id}", status_code=204, responses=refuses(404, 409))
def remove_account(account_id: Id, who: Owner, deps: Deps) -> None:
    """Take somebody out of this business, and delete the account if it belongs to no other."""
    account = _member(account_id, who, deps)
    deps.access.remove_member(account.id, who.business_id)
    _log.info("[ACCESS] account removed: email=%s by=%s", account.email, who.name)


def make_link(account_id: str, deps: ApiDeps) -> OneTimeLink:
    """A new one-time link for an account."""
    token, expires_at = new_token(), deps.now() + timedelta(hours=LINK_HOURS)
    deps.access.add_link(hash_token(token), account_id, expires_at)
    return OneTimeLink(path=password_path(token), expires_at=expires_at)


def _member(account_id: str, who: Principal, deps: ApiDeps) -> Account:
    account = deps.access.account(account_id)
    if account is None or who.business_id not in account.roles:
        raise not_found("account")
    return account


def _shown(account: Account, who: Principal) -> AccountOut:
    return AccountOut(
        id=account.id,
        email=account.email,
        name=account.name,
        language=account.language,
        role=Role(account.roles[who.business_id]),
        has_password=account.password_hash is not None,
        created_at=account.created_at,
        disabled_at=account.disabled_at,
        version=account.version,
    )
