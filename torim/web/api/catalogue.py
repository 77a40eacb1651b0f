"""What can be booked, with whom and when: services, staff and free slots."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from torim.desk.business import Business, Service, Staff
from torim.desk.slots import Slot, free_slots
from torim.web.api.business_of import business_of
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.models import Id, Out, Utc
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.scopes import Scope

router = APIRouter(tags=["appointments"])
ReadsBusiness = Annotated[Principal, Depends(Needs(Scope.BUSINESS_READ))]
ReadsAppointments = Annotated[Principal, Depends(Needs(Scope.APPOINTMENTS_READ))]
SLOTS_MAX = 500


class ServiceOut(Out):
    """Something that can be booked."""

    id: str
    name: dict[str, str] = Field(description="By language.")
    duration_min: int
    buffer_before_min: int
    buffer_after_min: int
    price: str | None


class ServiceList(Out):
    """The services of the business, in its order."""

    items: list[ServiceOut]


class StaffOut(Out):
    """Somebody who performs services."""

    id: str
    name: dict[str, str] = Field(description="By language.")
    services: list[str] = Field(description="Ids of the services; empty: all of them.")
    capacity: int


class StaffList(Out):
    """The staff of the business, in its order; empty where it names nobody."""

    items: list[StaffOut]


class SlotOut(Out):
    """A free time."""

    id: str
    starts_at: Utc
    ends_at: Utc
    starts_at_local: datetime = Field(description="By the wall clock of the business, with its offset.")
    timezone: str
    staff_ids: list[str] = Field(description="Who is free; empty where the business names no staff.")


class SlotList(Out):
    """Free times, in order."""

    items: list[SlotOut]


@router.get("/services")
def list_services(who: ReadsBusiness, deps: Deps) -> ServiceList:
    """The services that can be booked."""
    return ServiceList(items=[_service(item) for item in business_of(who, deps).services])


@router.get("/staff")
def list_staff(who: ReadsBusiness, deps: Deps) -> StaffList:
    """Who performs services."""
    return StaffList(items=[_member(item) for item in business_of(who, deps).staff])


@router.get("/slots", responses=refuses(404))
def list_slots(
    who: ReadsAppointments,
    deps: Deps,
    service_id: Annotated[Id, Query()],
    first: Annotated[date | None, Query(description="First day, by the business's calendar; today by default.")] = None,
    days: Annotated[int, Query(ge=1, le=62)] = 7,
    staff_id: Annotated[Id | None, Query(description="Only with this member of staff.")] = None,
    limit: Annotated[int, Query(ge=1, le=SLOTS_MAX)] = 200,
) -> SlotList:
    """Free times of a service, by the rules of the business: hours, holidays, notice, horizon, what is taken."""
    business = business_of(who, deps)
    today = deps.now().astimezone(business.zone).date()
    begin = min(max(first or today, today), today + timedelta(days=business.horizon_days + 1))
    last = begin + timedelta(days=days)
    found = free(business, service_id, begin, staff_id, deps)
    within = takewhile(lambda slot: slot.local.date() < last, found)
    return SlotList(items=[slot_out(business, slot) for slot in islice(within, limit)])


def free(business: Business, service_id: str, first: date, staff_id: str | None, deps: ApiDeps) -> list[Slot]:
    """The free slots of a service from a day on, at most `SLOTS_MAX`; blocks."""
    now = deps.now()
    service = business.service(service_id)
    until = now + timedelta(days=business.horizon_days + 2)
    busy = deps.store.busy(business.id, now - timedelta(days=1), until, now)
    return list(islice(free_slots(business, service, busy, now, first, staff_id), SLOTS_MAX))


def slot_out(business: Business, slot: Slot) -> SlotOut:
    """A slot as the API shows it."""
    return SlotOut(
        id=slot.id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        starts_at_local=slot.local,
        timezone=slot.timezone,
        staff_ids=[staff_id for staff_id in slot.staff_ids if staff_id],
    )


def _service(service: Service) -> ServiceOut:
    return ServiceOut(
        id=service.id,
        name=service.name,
        duration_min=service.duration_min,
        buffer_before_min=service.buffer_before_min,
        buffer_after_min=service.buffer_after_min,
        price=service.price,
    )


def _member(member: Staff) -> StaffOut:
    return StaffOut(id=member.id, name=member.name, services=list(member.services), capacity=member.capacity)
