"""The OpenID provider with whose accounts people may sign in, where the settings name one.

Nothing is asked of the provider here: it is discovered when somebody signs in first, so that a server starts without a
network. The library that checks what a provider says is in the extra ``oidc``, and is imported only where one is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from addenda.errors import InvalidInput, MissingDependency
from addenda.settings import Settings, environment_name
from addenda.surfaces.accounts.limits import Limiter
from addenda.surfaces.http.guards import LOOPBACK, names_in

if TYPE_CHECKING:
    from addenda.surfaces.oidc import SignIn

START = "/sign-in/account"
"""Path at which a sign-in begins."""

BACK = "/sign-in/account/back"
"""Path to which the provider sends the browser back."""

_NAMES = tuple(f"oidc_{name}" for name in ("issuer", "client_id", "client_secret", "address"))
_STARTS_AT_ONCE = 100
_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Provided:
    """A provider, and what this server does to keep it from being used against somebody."""

    sign_in: SignIn
    host: str
    """What people know the provider by."""
    address: str
    """Where browsers reach this server, without a slash at the end."""
    starts: Limiter
    """How often one address may begin: so often that it cannot crowd out the attempts of others."""
    turns: anyio.CapacityLimiter
    """How many wait for the provider at a time, so that a slow one keeps no page waiting that does not need it."""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach this server over TLS, so that cookies must not go without."""
        return self.address.startswith("https://")


def provided_in(settings: Settings) -> Provided | None:
    """The provider that the settings name, which is not asked anything yet; None where they name none.

    Raises InvalidInput when some of its settings are missing (naming them) or hold no address that can be used, and
    MissingDependency without the extra ``oidc``.
    """
    issuer, client_id = settings.oidc_issuer, settings.oidc_client_id
    secret, address = settings.oidc_client_secret, settings.oidc_address
    if issuer is None or client_id is None or secret is None or address is None:
        _check_none(settings)
        return None
    home = _home(address, names_in(settings.allowed_hosts))
    try:
        from addenda.surfaces.oidc import ATTEMPT_SECONDS, MOST_ATTEMPTS, Provider, SignIn
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"signing in at {issuer!r} needs libraries of the extra `oidc`, and {error.name!r} is not installed; run: "
            "pip install 'addenda[oidc]'"
        ) from error
    sign_in = SignIn(Provider(issuer, client_id, secret, home + BACK))
    rate = (MOST_ATTEMPTS - _STARTS_AT_ONCE) / ATTEMPT_SECONDS
    host = urlsplit(issuer).netloc.rpartition("@")[2]
    return Provided(sign_in, host, home, Limiter(rate, _STARTS_AT_ONCE), anyio.CapacityLimiter(_AT_A_TIME))


def _check_none(settings: Settings) -> None:
    """Raise InvalidInput when some of the provider's settings are there, and others not."""
    missing = [environment_name(name) for name in _NAMES if getattr(settings, name) is None]
    if len(missing) < len(_NAMES):
        given = [environment_name(name) for name in _NAMES if environment_name(name) not in missing]
        raise InvalidInput(
            f"to sign in with accounts of a provider, {', '.join(missing)} must be set too; set what is missing, or "
            f"unset {', '.join(given)}"
        )


def _home(address: str, names: tuple[str, ...]) -> str:
    """The server's own address, in the form that paths are put behind."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidInput(_no_address(address)) from None
    if not host or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise InvalidInput(_no_address(address))
    if host not in LOOPBACK | {name.lower() for name in names}:
        raise InvalidInput(
            f"the provider would send browsers back to {host!r}, and this server does not go by that name; add it to "
            "ADDENDA_ALLOWED_HOSTS, or correct ADDENDA_OIDC_ADDRESS"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _no_address(address: str) -> str:
    return (
        f"ADDENDA_OIDC_ADDRESS is {address!r}, and browsers cannot be sent back there; give the server's address "
        "without a path, for example https://addenda.example.com"
    )
