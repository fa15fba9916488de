"""Listening: where the server may listen, a port that is taken, and ending without losing anything."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from addenda.errors import InvalidInput, StorageUnavailable
from addenda.settings import Settings
from addenda.surfaces.hosting import Hosting
from addenda.surfaces.http.app import create_app
from addenda.surfaces.http.guards import is_loopback, names_in

GRACE = 20
"""Seconds that requests in progress have to end when the server is stopped."""

_BACKLOG = 512


def check_listening(settings: Settings) -> None:
    """Raise InvalidInput when the server may not listen where the settings say."""
    if is_loopback(settings.host):
        return
    if not settings.public:
        raise InvalidInput(
            f"{settings.host!r} can be reached from other machines; put TLS in front of the server, give each person "
            "a token of their own, and then set ADDENDA_PUBLIC=true (or --public) and ADDENDA_ALLOWED_HOSTS to the "
            "names that it goes by. Without that it listens on 127.0.0.1 only"
        )
    if not names_in(settings.allowed_hosts):
        raise InvalidInput(
            f"{settings.host!r} can be reached under names that only you know; set ADDENDA_ALLOWED_HOSTS to them, "
            "parted by commas, for example addenda.example.com"
        )


def listening(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say.

    Raises InvalidInput when it may not listen there, or there is no such address, StorageUnavailable when the port is
    taken.
    """
    check_listening(settings)
    try:
        found = socket.getaddrinfo(settings.host.strip("[]"), settings.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise InvalidInput(f"there is no address {settings.host!r} on this machine ({error.strerror})") from error
    family, _, _, _, address = found[0]
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise _unusable(settings, error) from error
    return made


def serve(hosting: Hosting, settings: Settings, *, started: Callable[[str], None]) -> None:
    """Serve until somebody stops the process (Ctrl-C, SIGTERM); requests in progress are ended first.

    Models are loaded as soon as it answers, so that nobody's first question waits for that.

    Args:
        hosting: The knowledge bases.
        settings: Where, and under which limits.
        started: Called with the server's address, ``http://127.0.0.1:8331``, once it answers.

    Raises what :func:`listening` and :func:`create_app` raise.
    """
    warming = threading.Thread(target=hosting.warm_up, name="warming up")

    def answering() -> None:
        started(address_of(found))
        warming.start()

    with listening(settings) as found:
        _Server(configured(create_app(hosting, settings)), answering).run(sockets=[found])
    if warming.ident is not None:
        warming.join()


def configured(app: FastAPI) -> uvicorn.Config:
    """How the application is served: no access log (requests are logged by the application), no server header."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE,
    )


def address_of(listener: socket.socket) -> str:
    """The address of a server that listens there."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._told()


def _unusable(settings: Settings, error: OSError) -> InvalidInput | StorageUnavailable:
    if error.errno == errno.EADDRINUSE:
        return StorageUnavailable(
            f"port {settings.port} of {settings.host} is in use: end what listens there, or give another port "
            "(--port, ADDENDA_PORT; 0 takes a free one)"
        )
    if error.errno == errno.EACCES:
        return InvalidInput(f"port {settings.port} is not allowed to this user; give one above 1023")
    return InvalidInput(f"cannot listen on {settings.host!r} port {settings.port}: {error.strerror}; check the address")
