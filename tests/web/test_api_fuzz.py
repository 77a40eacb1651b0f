"""Schemathesis on the whole API: whatever is sent, the server never fails and answers as its document says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import schemathesis
from api_scene import NOW, OWNER, Office
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import BaseSchema, Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from torim.web.api.app import api_document

EXAMPLES, MANY = 4, 40  # of each operation; every one is sent twice: as it is, and about things that exist
ENDLESS = "/api/v1/live/events"  # has its own test
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

PLAUSIBLE = {
    "service_id": "haircut",
    "staff_id": None,
    "starts_at": (NOW + timedelta(hours=25)).isoformat(),
    "number": "+972501234567",
    "contact_phone": "050-123-4567",
    "contact_email": "dana@torim.example",
}
OPERATIONS = [
    (path, method)
    for path, operations in json.loads(api_document())["paths"].items()
    for method in operations
    if path != ENDLESS
]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("fuzz"))
    made.person(OWNER)
    made.fill()
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def api(office: Office) -> BaseSchema:
    return schemathesis.openapi.from_asgi("/openapi.json", office.app, headers=office.session_headers())


def make_plausible(case: Case, office: Office) -> None:
    """Have a request come from somebody who is logged in, about things that exist."""
    for name in case.path_parameters or {}:
        if name in office.ids:
            case.path_parameters[name] = office.ids[name]
    case.cookies.clear()
    case.headers.pop("Authorization", None)
    if case.method in ("PUT", "PATCH", "POST"):
        case.headers["If-Match"] = "*"
    if isinstance(case.body, dict):
        case.body.update({name: value for name, value in PLAUSIBLE.items() if name in case.body})
    if "service_id" in (case.query or {}):
        case.query["service_id"] = PLAUSIBLE["service_id"]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_api_never_fails_and_answers_as_documented(path: str, method: str, api: BaseSchema, office: Office) -> None:
    explore(api, office, path, method, EXAMPLES)


@pytest.mark.deep
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_api_never_fails_however_long_it_is_tried(path: str, method: str, api: BaseSchema, office: Office) -> None:
    explore(api, office, path, method, MANY)


def explore(api: BaseSchema, office: Office, path: str, method: str, examples: int) -> None:
    """Send an operation whatever comes to mind, and check every answer."""

    @given(case=api[path][method].as_strategy())
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Case) -> None:
        case.call_and_validate(headers=office.session_headers(), checks=CHECKS)
        make_plausible(case, office)
        case.call_and_validate(headers=office.session_headers(), checks=CHECKS)

    send()
