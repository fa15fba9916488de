"""Requests that nobody thought of, made from the description of the interface, with authentication on."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error

from tests.surfaces.http.serving import Desk

BEYOND = {"train", "extract", "reindex", "follow_job"}
"""Not asked for at random: training and such take long, and a stream of a job that is waited for too."""


def described(desk: Desk) -> schemathesis.BaseSchema:
    """The interface as the server describes it."""
    with desk.client(None) as client:
        return schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())


def asks(desk: Desk, examples: int) -> None:
    """Ask every operation about so many things; none may end in a fault, and every problem has its one shape."""
    schema = described(desk)
    operations = [found.ok() for found in schema.get_all_operations()]
    chosen = [one for one in operations if one.definition.raw["operationId"] not in BEYOND]
    assert len(chosen) > 60
    statuses: set[int] = set()

    @settings(max_examples=examples, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        for operation in chosen:
            case = data.draw(operation.as_strategy())
            if "kb" in (case.path_parameters or {}):
                case.path_parameters["kb"] = "ours"
            headers = {"Authorization": f"Bearer {desk.tokens['admin']}", "Host": desk.address.removeprefix("http://")}
            answer = case.call(base_url=desk.address, headers=headers)
            statuses.add(answer.status_code)
            case.validate_response(answer, checks=[not_a_server_error])
            if answer.status_code >= 400 and answer.content:
                assert answer.headers["content-type"][0].startswith("application/problem+json"), answer.content

    ask()
    assert {200, 422} <= statuses
    assert not statuses & {401, 421}


def test_the_description_is_openapi_3_1_and_names_every_operation(desk: Desk) -> None:
    with desk.client(None) as client:
        document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert all(one["tags"] and (one.get("description") or one.get("summary")) for one in operations)
    text = str(document)
    assert "HTTPValidationError" not in text
    assert "#/components/schemas/Problem" in text


def test_no_request_makes_the_server_fail(desk: Desk) -> None:
    asks(desk, 3)


@pytest.mark.loop
def test_no_request_makes_the_server_fail_for_long(desk: Desk) -> None:
    asks(desk, int(os.environ.get("ADDENDA_TEST_EXAMPLES", "25")))
