"""The command line: ``addenda COMMAND``.

================== ===================================================================================================
module             what it is about
================== ===================================================================================================
``app``            the table of commands, how one is found without loading the others, errors and exit codes
``context``        one call: settings, opening the knowledge base, who acts, tokens in files
``options``        options that several commands share
``output``         results on stdout, everything else on stderr; tables, JSON, progress
``selecting``      which addenda are meant: shortened ids, ``-`` for stdin, ``--all`` with filters
``reference``      ``docs/cli.md``, made from the commands themselves
the others         the commands, by topic
================== ===================================================================================================

Every command is a thin translation: who may do what is decided by the knowledge base.
"""

from __future__ import annotations

from addenda.surfaces.cli.app import main

__all__ = ["main"]
