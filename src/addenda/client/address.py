"""Where a server is, and whether a token may travel there."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from addenda.errors import InvalidInput

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine."""

DEFAULT_KB = "default"
"""What a knowledge base is called that its server was not told a name for."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server, one of its knowledge bases, and who asks."""

    origin: str
    """Scheme, host, port, and the path where the server begins, without a slash at the end."""
    kb: str
    loopback: bool
    token: str | None = field(repr=False)

    @property
    def base(self) -> str:
        """Where the paths of the knowledge base begin."""
        return f"{self.origin}/api/v1/kb/{quote(self.kb, safe='')}"


def address_of(url: str, *, kb: str | None, token: str | None, allow_plain_http: bool) -> Address:
    """Read what was given.

    Args:
        url: Such as ``https://addenda.example.com``; ``#NAME`` behind it names the knowledge base.
        kb: The knowledge base, where the address does not name it.
        token: Of who asks.
        allow_plain_http: Whether a token may go unencrypted to another machine.

    Raises InvalidInput; the address is quoted without what stands before an ``@``.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidInput(f"the server's address cannot be read; {_FORM}") from None
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(f"the server's address has a name or a password in it; leave it out, {_TOKEN}")
    if parts.scheme not in ("http", "https") or not host or parts.query:
        raise InvalidInput(f"{url!r} is no server's address; {_FORM}")
    if kb is not None and parts.fragment:
        raise InvalidInput(f"the knowledge base is named twice, {kb!r} and {parts.fragment!r}; leave one out")
    loopback = host.lower() in LOOPBACK
    if parts.scheme == "http" and not loopback and not allow_plain_http:
        raise InvalidInput(
            f"{url!r} is not encrypted, and your token would travel in the clear; use https://, or allow it "
            "(allow_plain_http=True, ADDENDA_PLAIN_HTTP=true) where the network between is yours alone"
        )
    if token is not None and (not token.isascii() or not token.isprintable() or " " in token):
        raise InvalidInput("the token has characters that no token has; check where it was copied from")
    origin = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return Address(origin, kb or parts.fragment or DEFAULT_KB, loopback, token)


_FORM = "give one such as https://addenda.example.com, or http://127.0.0.1:8331#NAME for a knowledge base NAME"
_TOKEN = "and give the token as `token` or in ADDENDA_TOKEN_FILE"  # noqa: S105 (words about it)
