"""The description of the interface: OpenAPI 3.1, with one shape for every problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from addenda.surfaces.http.problems import Problem

TAGS = {
    "addenda": "The life of a change: proposed, decided, made live, taken back.",
    "answers": "Asking, why an answer is what it is, and what came of it.",
    "jobs": "Long work: testing, activating, learning, training.",
    "files": "Spreadsheets in and out.",
    "reading": "What the memories hold.",
    "governing": "People, policy, relations, the suite, thresholds.",
    "audit": "What happened, and evidence that nothing was altered.",
    "server": "How the server does.",
}
"""What the routes are grouped by."""

_REF = "#/components/schemas/{model}"


def describe_with(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The function that makes the description of an application, once."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                openapi_version="3.1.0",
                routes=app.routes,
                tags=[{"name": name, "description": text} for name, text in TAGS.items()],
            )
            schemas = cast("dict[str, Any]", made.setdefault("components", {}).setdefault("schemas", {}))
            problem = Problem.model_json_schema(ref_template=_REF)
            schemas |= problem.pop("$defs", {})
            schemas["Problem"] = problem
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            app.openapi_schema = made
        return app.openapi_schema

    return describe
