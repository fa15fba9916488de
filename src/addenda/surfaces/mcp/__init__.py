"""The way in for agents: a server of the Model Context Protocol, over stdio and streamable HTTP.

================== ===================================================================================================
module             what it is about
================== ===================================================================================================
``arguments``      what each tool takes
``results``        what each tool gives: texts of memories always as data, and said to be
``reading``        the tools that look: search, show, history, triples, explain, status
``proposing``      the tools that propose; there are none that approve, activate, roll back or erase
``tools``          the table of the tools
``server``         the protocol: listing tools, calling one, errors
``stdio``          one client, on stdin and stdout
``http``           many clients: the token of each request, the knowledge base it names, hosts and origins
================== ===================================================================================================

It needs the extra ``server``, so it is imported where it is used.
"""
