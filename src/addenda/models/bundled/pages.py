"""The catalogue of the generated world as documents: a page for each product, part, person, site and policy.

Purpose: a corpus whose every fact is known, for making reflections and for scoring what a memory model learned. A page
tells the facts about its subject in sentences of the world's own `statements`, in a fixed order; what leads from one
subject to another (a spare part, a site, an engineer) is told on one page and goes on on another.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from addenda.models.bundled.world import World


def pages(world: World) -> Mapping[str, str]:
    """The text of each subject's page by the subject's name, in catalogue order."""
    told: dict[str, list[str]] = {}
    for fact in world.facts:
        english = [one for one in world.relations[fact.relation].statements if one.isascii()]
        chosen = english[sha256(f"{fact.subject} {fact.relation}".encode()).digest()[0] % len(english)]
        sentence = chosen.format(subject=fact.subject, object=fact.object)
        told.setdefault(fact.subject, []).append(sentence[:1].upper() + sentence[1:])
    return {subject: " ".join(sentences) + "\n" for subject, sentences in told.items()}
