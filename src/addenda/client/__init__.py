"""A Python client for a server of Addenda: :class:`Client` blocks, :class:`AsyncClient` awaits.

Both have the verbs of the command line, typed. Errors are those of :mod:`addenda.errors`. It needs the extra
``remote`` (``pip install 'addenda[remote]'``), and nothing of what a knowledge base needs.
"""

from addenda.client.changes import Draft
from addenda.client.clients import AsyncClient, AsyncJob, Client, Job

__all__ = ["AsyncClient", "AsyncJob", "Client", "Draft", "Job"]
