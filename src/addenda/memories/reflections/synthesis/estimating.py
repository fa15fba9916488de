"""What a synthesis would cost, before anything is asked: calls and tokens, stage by stage.

Passages and groups are counted as they will be; what depends on answers is estimated from the number of sentences, with
the shares below, which are ours. Tokens are counted roughly, from bytes, so they are nearer to the most than to the
mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from addenda.documents.sentences import split_sentences
from addenda.errors import InvalidInput
from addenda.memories.reflections.synthesis.grouping import groups
from addenda.memories.reflections.synthesis.passages import CorpusDocument, checked, passages
from addenda.memories.reflections.synthesis.settings import SynthesisSettings
from addenda.models.base import rough_tokens

DIRECT_PER_SENTENCE = 1.5
"""Facts that a sentence states."""
INDIRECT_PER_SENTENCE = 0.5
"""Facts that follow, for each sentence."""
REWRITTEN_SHARE = 0.15
"""Facts that are rewritten."""
PAIR_TOKENS = 60
"""Tokens of a question with its answer and what JSON takes."""
INSTRUCTION_TOKENS = 900
"""Tokens of instructions and form in a request."""


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """What a stage would cost."""

    what: str
    calls: int
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a synthesis would cost, if none of it was answered before."""

    documents: int
    passages: int
    groups: int
    stages: tuple[StageEstimate, ...]

    @property
    def calls(self) -> int:
        """Requests in all."""
        return sum(one.calls for one in self.stages)

    @property
    def tokens_in(self) -> int:
        """Tokens that are sent, in all."""
        return sum(one.tokens_in for one in self.stages)

    @property
    def tokens_out(self) -> int:
        """Tokens that are made, in all."""
        return sum(one.tokens_out for one in self.stages)

    def check(self, most_calls: int | None = None, most_tokens: int | None = None) -> None:
        """Raise InvalidInput when it would cost more than this."""
        tokens = self.tokens_in + self.tokens_out
        for what, needed, most in (("calls", self.calls, most_calls), ("tokens", tokens, most_tokens)):
            if most is not None and needed > most:
                raise InvalidInput(
                    f"the synthesis would take about {needed:,} {what}, and {most:,} are allowed; give fewer "
                    "documents, leave out stages, or allow more"
                )


def estimate(documents: Sequence[CorpusDocument], settings: SynthesisSettings | None = None) -> Estimate:
    """What a synthesis of these documents would cost. Raises InvalidInput for a corpus that cannot be used."""
    chosen = settings or SynthesisSettings()
    checked(documents, chosen.passages)
    texts = [one.text for document in documents for one in passages(document, chosen.passages)]
    sentences = [sum(any(map(str.isalnum, one.text)) for one in split_sentences(text)) for text in texts]
    text_tokens = sum(map(rough_tokens, texts))
    stages = frozenset(chosen.stages)
    shares = {"direct": DIRECT_PER_SENTENCE, "indirect": INDIRECT_PER_SENTENCE}
    found: list[StageEstimate] = []
    facts_of = [0.0] * len(texts)
    for kind, share in shares.items():
        if kind in stages:
            made = [share * count for count in sentences]
            facts_of = [a + b for a, b in zip(facts_of, made, strict=True)]
            found.append(_stage(f"{kind} facts", len(texts), text_tokens, sum(made)))
    facts = sum(facts_of)
    if chosen.verify and facts:
        checks = sum(-(-int(made + 1) // chosen.checked_at_once) for made in facts_of)
        found.append(_stage("checking", checks, facts * PAIR_TOKENS, facts * 0.2))
        rewrites = round(facts * REWRITTEN_SHARE)
        found.append(_stage("rewriting", rewrites, rewrites * text_tokens / len(texts), rewrites))
    if "consolidated" in stages:
        merging = [made for made in facts_of if made >= chosen.consolidate_from]
        calls = sum(-(-int(made) // chosen.pairs_at_once) for made in merging)
        found.append(_stage("consolidating", calls, sum(merging) * PAIR_TOKENS, sum(merging) / 3))
    if "surfaced" in stages:
        calls = max(len(documents), -(-int(facts) // chosen.pairs_at_once))
        found.append(_stage("surfacing entities", calls, facts * PAIR_TOKENS, facts))
    together = groups(documents, chosen.grouping) if "cross-document" in stages else []
    if together:
        found.append(_stage("comparing documents", len(together), len(together) * 8 * PAIR_TOKENS, len(together) * 3))
    if "unanswerable" in stages and "direct" in stages:
        refused = round(sum(sentences) * DIRECT_PER_SENTENCE * chosen.unanswerable_share)
        found.append(_stage("checking refusals", refused, refused * 8 * PAIR_TOKENS, refused * 0.2))
    return Estimate(len(documents), len(texts), len(together), tuple(found))


def _stage(what: str, calls: int, shown: float, pairs: float) -> StageEstimate:
    """A stage that shows so many tokens and gets so many pairs."""
    return StageEstimate(what, calls, calls * INSTRUCTION_TOKENS + round(shown), round(pairs * PAIR_TOKENS))
