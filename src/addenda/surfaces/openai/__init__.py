"""The OpenAI-compatible way in: an existing chatbot changes its ``base_url`` and its key, and nothing else.

``routing`` has the endpoints, to be mounted by whoever serves (:func:`router`). ``admission`` finds out from the
headers whose request it is, and ``bodies`` what it asks for; ``problems`` puts errors into OpenAI's shape. A local
model answers in ``speaking``. For a model behind an address ``upstream`` has the connections; ``passing`` lets bytes
through where no memory is in use, and ``relaying`` adds what the memories give, answering calls of the read tool in
between (``rounds``). ``hearing`` notices when a client hangs up.
"""

from __future__ import annotations

from addenda.surfaces.openai.routing import router

__all__ = ["router"]
