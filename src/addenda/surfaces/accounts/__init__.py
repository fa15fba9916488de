"""Who comes in over HTTP: browser sessions, proof that a request is meant, and how many requests one may make.

A program presents its token with every request. A browser presents it once and gets a session for it
(:class:`Sessions`), with a token against forged requests; :class:`Limiter` slows down who asks too often, and who
guesses tokens. No web framework is needed here, and what somebody may do is the knowledge base's business: all that
comes out of a session is the :class:`~addenda.knowledge_base.Person` as they are now.
"""

from __future__ import annotations

from addenda.surfaces.accounts.limits import Limiter, address_key
from addenda.surfaces.accounts.sessions import Opened, Sessions

__all__ = ["Limiter", "Opened", "Sessions", "address_key"]
