"""The web page: rendered by the server, complete without JavaScript, the same policy as everywhere.

================ =====================================================================================================
module           what it is about
================ =====================================================================================================
``pages``        where all pages are put together
``visiting``     who looks at a page: browser sessions, forms and their proof, language, light and dark
``rendering``    templates, and how values are shown in them
``routing``      how pages are declared, and what an error looks like
``words``        English, Japanese and Korean, as data files
``signing``      signing in and out
``vouching``     signing in with an account at a provider
``inbox``        what waits for a decision
``reviewing``    one proposal as a reviewer sees it
``differences``  what changes between two texts
``knowledge``    finding addenda, and the page of one
``changing``     proposing, and taking back
``importing``    spreadsheets in and out
``uploads``      files that somebody is looking at
``asking``       questions, with what is behind the answers
``health``       how the knowledge base does
``plots``        plots as SVG, made here
``governing``    people, tokens, policy, thresholds, relations
``working``      long work with progress
================ =====================================================================================================

It needs the extra ``server``. Nothing here has a policy of its own: who may do what is decided by the knowledge base.
"""

from __future__ import annotations

from addenda.surfaces.web.pages import add_pages

__all__ = ["add_pages"]
