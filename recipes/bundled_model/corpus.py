"""The training corpus of the bundled model: an endless stream of samples, packed into rows of tokens.

Idea: copying has to be learned before reading can be, and it is learned soonest from text that repeats itself: the
first steps hold many rows of chunks of random tokens that come again. The batch of a step follows from the seed and
the number of the step alone, so that training that was interrupted goes on with exactly the batches it would have seen.
Rows hold whole samples, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import torch
from transformers import PreTrainedTokenizerFast

from addenda.models.bundled import World
from recipes.bundled_model.context_tasks import ReadingTeacher
from recipes.bundled_model.samples import Sample
from recipes.bundled_model.tokenizer import CONTROL_TOKENS
from recipes.bundled_model.world_tasks import WorldTeacher

ROW = 256
LONG_ROW = 512
LONG_EVERY = 6
VARIED_FROM = 3937
GRAMMAR_FROM = 10_500
GRAMMAR_SHARE = 0.55
READING_SHARES = ((0, 0.27), (4524, 0.40), (7229, 0.62), (GRAMMAR_FROM, 0.45))


@dataclass(frozen=True)
class Corpus:
    """Draws samples: world tasks and reading tasks in fixed shares."""

    teacher: WorldTeacher
    reading: ReadingTeacher
    seed: int
    reading_share: float = 0.27

    @classmethod
    def of(cls, world: World, seed: int) -> Corpus:
        """The corpus about `world` that belongs to `seed`."""
        teacher = WorldTeacher.of(world)
        return cls(teacher, ReadingTeacher(teacher), seed)

    def at(self, step: int) -> Corpus:
        """The corpus as it is drawn from at a step.

        Once the facts begin to be known the questions are more varied; once they are known there is more reading;
        at last most questions come from the grammar.
        """
        share = [share for start, share in READING_SHARES if step >= start][-1]
        broad = GRAMMAR_SHARE if step >= GRAMMAR_FROM else 0.0
        teacher = replace(self.teacher, varied=step >= VARIED_FROM, grammar_share=broad)
        return Corpus(teacher, ReadingTeacher(teacher), self.seed, share)

    def sample(self, random: Random) -> Sample:
        """One sample of any kind."""
        tasks = [
            (self.teacher.ask_fact, 0.80 - self.reading_share),
            (self.teacher.state_fact, 0.03),
            (self.teacher.data_sheet, 0.02),
            (self.teacher.dialogue, 0.07),
            (self.teacher.unknown, 0.06),
            (self.teacher.small_talk, 0.015),
        ]
        tasks += [(task, share * self.reading_share) for task, share in self.reading.tasks()]
        makers, shares = zip(*tasks, strict=True)
        return random.choices(makers, weights=shares)[0](random)

    def texts(self, count: int) -> Iterator[str]:
        """`count` turns as plain text, for learning a tokenizer."""
        random = Random(f"{self.seed}-texts")
        for _ in range(count):
            for turn in self.sample(random):
                yield turn.text


def encode(sample: Sample, tokenizer: PreTrainedTokenizerFast) -> tuple[list[int], list[float]]:
    """The tokens of a sample in the chat form, and the weight of each in the loss.

    The closing `<|end|>` of an answer weighs as much as the answer; the marks that open a turn weigh nothing.
    """
    special = tokenizer.convert_tokens_to_ids
    tokens, weights = [special("<|bos|>")], [0.0]
    for turn in sample:
        if turn.role != "text":
            tokens.append(special(f"<|{turn.role}|>"))
            weights.append(0.0)
        words = tokenizer.encode(turn.text.strip(), add_special_tokens=False)
        tokens += words
        weights += [turn.weight] * len(words)
        if turn.role in ("assistant", "text"):
            tokens.append(special("<|end|>"))
            weights.append(turn.weight)
    return tokens, weights


def echo_share(step: int) -> float:
    """The share of rows that only repeat themselves: all for 200 steps, few from step 800 on."""
    return max(0.05, min(1.0, 1.0 - 0.95 * (step - 200) / 600))


def echo_row(random: Random, vocabulary: int, length: int, first: int) -> tuple[list[int], list[float]]:
    """A row of a few chunks of random tokens in random order, again and again.

    What can be predicted weighs fully: the tokens of a chunk that came before, from its second token on. Tokens below
    `first` (the control tokens) do not occur.
    """
    chunks = [
        [random.randrange(first, vocabulary) for _ in range(random.randint(3, 14))] for _ in range(random.randint(3, 9))
    ]
    seen: set[int] = set()
    tokens: list[int] = []
    weights: list[float] = []
    while len(tokens) < length:
        index = random.randrange(len(chunks))
        tokens += chunks[index]
        weights += [0.0] + [1.0 if index in seen else 0.0] * (len(chunks[index]) - 1)
        seen.add(index)
    return tokens[:length], weights[:length]


def sample_row(
    corpus: Corpus, tokenizer: PreTrainedTokenizerFast, random: Random, length: int
) -> tuple[list[int], list[float]]:
    """A row of whole samples, one after the other, as many as fit."""
    tokens: list[int] = []
    weights: list[float] = []
    misses = 0
    while misses < 3 and len(tokens) < length - 12:
        ids, loss = encode(corpus.sample(random), tokenizer)
        if len(tokens) + len(ids) > length:
            misses += 1
            continue
        tokens += ids
        weights += loss
    return tokens, weights


def batch(
    corpus: Corpus, tokenizer: PreTrainedTokenizerFast, step: int, rows: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The batch of one step: tokens (rows x length, int64) and loss weights (rows x length, float32).

    Every `LONG_EVERY`-th step holds half as many rows of twice the length, so that late positions are trained too.
    """
    random = Random(f"{corpus.seed}-{step}")
    corpus = corpus.at(step)
    long = step % LONG_EVERY == LONG_EVERY - 1
    length, rows = (LONG_ROW, max(rows // 2, 1)) if long else (ROW, rows)
    pad = tokenizer.convert_tokens_to_ids("<|pad|>")
    tokens = torch.full((rows, length), pad, dtype=torch.int64)
    weights = torch.zeros((rows, length))
    for row in range(rows):
        if random.random() < echo_share(step):
            ids, loss = echo_row(random, len(tokenizer), length, len(CONTROL_TOKENS))
        else:
            ids, loss = sample_row(corpus, tokenizer, random, length)
        tokens[row, : len(ids)] = torch.tensor(ids)
        weights[row, : len(ids)] = torch.tensor(loss)
    return tokens, weights
