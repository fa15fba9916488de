"""The routes of the REST interface, by topic.

Each translates: a request into a call of the knowledge base, and what came of it into JSON. None has a policy of its
own. They are plain functions, which the framework runs beside its event loop: the knowledge base is synchronous.
"""

from __future__ import annotations

from addenda.surfaces.http.routes import (
    addenda,
    answers,
    auditing,
    deciding,
    files,
    governing,
    holding,
    jobs,
    people,
    server,
)

ROUTERS = (
    server.router,
    addenda.router,
    deciding.router,
    jobs.router,
    files.router,
    answers.router,
    holding.router,
    people.router,
    governing.router,
    auditing.router,
)
"""Every router."""
