"""The server: REST, and everything that is served beside it, in one process.

================ =====================================================================================================
module           what it is about
================ =====================================================================================================
``app``          the application: where every way in over HTTP is put together
``serving``      listening: where it may listen, a port in use, ending gracefully
``access``       who calls, and which knowledge base they call about
``guards``       which hosts and origins are let in, and how often
``providing``    the OpenID provider whose accounts people may sign in with
``observing``    the log, the numbers, the id and the headers of every request
``numbers``      what Prometheus is told of the knowledge bases
``problems``     one shape for every error
``conditions``   ``If-Match``: nobody decides about what has changed meanwhile
``idempotency``  ``Idempotency-Key``: a request that is sent again is not carried out again
``streaming``    what happens, as it happens: server-sent events
``cursors``      where the next page of a list begins
``routing``      how routes are declared
``openapi``      the description of the interface
``shapes``       what goes in and out, typed
``routes``       the routes, by topic
================ =====================================================================================================

It needs the extra ``server``. Nothing here has a policy of its own: who may do what is decided by the knowledge base.
"""

from __future__ import annotations

from addenda.surfaces.http.app import create_app
from addenda.surfaces.http.providing import provided_in
from addenda.surfaces.http.serving import check_listening, serve

__all__ = ["check_listening", "create_app", "provided_in", "serve"]
