"""How telephone calls reach the business: its addresses for the carrier, and a check of the whole way."""

from __future__ import annotations

import logging
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from torim.desk.business import Business
from torim.desk.numbers import country_of, e164
from torim.web.api.business_of import business_of
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.models import Out
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.scopes import Scope
from torim.web.telephone_check import examine

router = APIRouter(prefix="/telephone", tags=["business"])
_log = logging.getLogger("torim.web")

Reads = Annotated[Principal, Depends(Needs(Scope.BUSINESS_READ))]
Owns = Annotated[Principal, Depends(Needs(Scope.BUSINESS_WRITE))]


class TelephoneOut(Out):
    """What is to be entered at the carrier."""

    public_url: str | None = Field(description="Null: TORIM_PUBLIC_URL is not set.")
    voice_url: str | None = Field(description="For incoming calls.")
    status_url: str | None = Field(description="For changes of a call's status.")
    has_token: bool = Field(description="TWILIO_AUTH_TOKEN is set; without it no carrier is let in.")


class TelephoneFinding(Out):
    """One thing that was looked at."""

    check: Literal["token", "address", "reach", "signed", "forged", "media", "number", "console"]
    grade: Literal["ok", "warn", "fail", "skipped"]
    code: str = Field(description="What was found, such as `signed.refused`.")
    advice: str
    values: dict[str, str]


class TelephoneCheck(Out):
    """Whether calls reach this installation, in the order in which things are to be mended."""

    good: bool = Field(description="Nothing failed.")
    findings: list[TelephoneFinding]


@router.get("", responses=refuses(404))
def get_telephone(who: Reads, deps: Deps) -> TelephoneOut:
    """What is to be entered at the carrier."""
    telephony = deps.telephony
    return TelephoneOut(
        public_url=telephony.public_url,
        voice_url=telephony.voice_url,
        status_url=telephony.status_url,
        has_token=bool(telephony.auth_token),
    )


@router.post("/check", responses=refuses(404))
async def check_telephone(who: Owns, deps: Deps) -> TelephoneCheck:
    """Go the way of a call from the public address on, and say what is wrong; no call is placed."""
    business = await run_in_threadpool(business_of, who, deps)
    numbers = [e164(text, country_of(business.timezone)) or text for text in business.numbers]
    strays = await run_in_threadpool(_strays, business, numbers, deps)
    found = await examine(deps.telephony, numbers, strays)
    shown = [TelephoneFinding.model_validate(finding) for finding in found]
    wrong = [finding.code for finding in found if finding.grade == "fail"]
    _log.info("[LIVE] telephone check: business=%s by=%s wrong=%s", business.id, who.name, wrong)
    return TelephoneCheck(good=not wrong, findings=shown)


def _strays(business: Business, numbers: list[str], deps: ApiDeps) -> list[str]:
    """The numbers that do not lead to this business."""
    found = {number: deps.store.businesses.by_number(number) for number in numbers}
    return [number for number, record in found.items() if record is None or record.id != business.id]
