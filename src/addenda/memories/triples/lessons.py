"""From examples to lessons: token ids, and for each whether the model is to learn to say it.

Idea: a lesson is cut into the pieces in which its tokens arrive at decoding, and each piece is tokenized by itself: the
prompt, what the model writes of a call, what the memory brings, what the model says then. Otherwise a tokenizer could
join characters across pieces into tokens that decoding never shows.

What is learned is what the model says: a write call as a whole; of a read call the part up to its wait mark, and the
text after the results, but never the names that the memory brings, and never a prompt. One call is live at a time, as
at decoding: prompts hold no earlier ones. Where all is too long a prompt loses its beginning: a context for writing its
first sentences, as the writer shortens it, and a text to be continued its first tokens, but for one that marks its
beginning. A sentence to write about, a question, and what is to be learned are never cut.

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672), its training objective; the published code learns returned
names too, with every first call of a document, and is not followed there. Escapes are those of ``marks``.
Does not know: what a lesson does to a model. No library is imported here; the tokenizer is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from addenda.errors import InvalidInput
from addenda.memories.triples.blanks import spaced, spaced_passage
from addenda.memories.triples.calls import Statement, shown
from addenda.memories.triples.examples import ReadExample, WriteExample
from addenda.memories.triples.marks import disarmed, written
from addenda.memories.triples.prompts import (
    question_tokens,
    text_prompt_tokens,
    without_control_tokens,
    write_prompt_tokens,
)
from addenda.memories.triples.syntax import read_call, results, too_broad, write_call
from addenda.memories.triples.writers import Passage, fitting

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from addenda.models.training import Example

DEFAULT_LIMIT = 1024
"""Tokens of a lesson at most; the published cut-off."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What examples became."""

    made: tuple[Example, ...]
    """In the order of the examples."""
    refused: tuple[str, ...]
    """For each example that cannot be learned whole, which it is and why."""


class LessonMaker:
    """Makes lessons for one tokenizer."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        limit: int = DEFAULT_LIMIT,
        longest_prompt: int | None = None,
        spaced: bool = False,
    ) -> None:
        """Take the tokenizer of the model that is to learn.

        Args:
            tokenizer: Any tokenizer of a causal language model.
            limit: How many tokens a lesson has at most.
            longest_prompt: How many tokens the writer will be shown at most; None for what the limit leaves.
            spaced: How calls and results are spelled, see ``syntax.read_call``, and whether passages to write about are
                shown with the blanks of ``blanks``. Decoding must be told the same.
        """
        self._tokenizer = tokenizer
        self._limit = limit
        self._longest_prompt = limit if longest_prompt is None else longest_prompt
        self._spaced = spaced
        # Some tokenizers begin every piece with a blank; another would then be one too many.
        piece = self._tokens("a")
        self._puts_blanks = self._text([*piece, *piece]) != self._text(piece) * 2

    def lessons(self, examples: Iterable[WriteExample | ReadExample]) -> Lessons:
        """The lessons of all examples that can be learned whole, and why the others cannot."""
        made: list[Example] = []
        refused: list[str] = []
        for number, example in enumerate(examples, start=1):
            try:
                made.append(self.lesson(example))
            except InvalidInput as error:
                refused.append(f"example {number} ({shown(example.source)}): {error}")
        return Lessons(tuple(made), tuple(refused))

    def lesson(self, example: WriteExample | ReadExample) -> Example:
        """The lesson of an example. Raises InvalidInput when what must not be cut has more tokens than fit."""
        if isinstance(example, WriteExample):
            return self._write(example)
        return self._read(example)

    def _write(self, example: WriteExample) -> Example:
        passage, statements = Passage(example.context, example.focus), example.statements
        if self._spaced:
            passage = spaced_passage(passage)
            statements = [Statement(spaced(one.subject), one.relation, spaced(one.object)) for one in statements]
        call = [*self._tokens(write_call(statements, spaced=self._spaced)), self._end]
        room = min(self._limit - len(call), self._longest_prompt)

        def prompt(context: str) -> list[int]:
            return write_prompt_tokens(self._tokenizer, context, passage.focus)

        if len(prompt("")) > room:
            raise InvalidInput(
                f"the sentence {shown(example.focus)} has {len(prompt(''))} tokens with its marks, and its call leaves "
                f"{max(room, 0)}; allow more tokens, or split it"
            )
        fitted = fitting(passage.context, lambda context: len(prompt(context)) <= room)
        return _joined([(prompt(fitted), False), (call, True)])

    def _read(self, example: ReadExample) -> Example:
        said = [(self._tokens(self._said(example.said, ())), False)] if example.said else []
        after: list[tuple[list[int], bool]] = []
        if example.queries:
            after.append((self._tokens(read_call(example.queries, spaced=self._spaced)), True))
        if example.too_broad is not None:
            after.append((self._tokens(too_broad(example.too_broad)), False))
        elif example.names:
            after.append((self._tokens(results(example.names, spaced=self._spaced)), False))
        if example.continuation:
            after.append((self._tokens(self._said(example.continuation, example.names)), True))
        if example.ends:
            after.append(([self._end], True))
        room = self._limit - sum(len(tokens) for tokens, _ in after)
        return _joined([*self._before(example, said, room), *after])

    def _before(
        self, example: ReadExample, said: list[tuple[list[int], bool]], room: int
    ) -> list[tuple[list[int], bool]]:
        """What stands before the call, in the room that is left. A question is never cut, a text is."""
        if example.asked:
            before = [(question_tokens(self._tokenizer, example.prompt), False), *said]
            least = sum(len(tokens) for tokens, _ in before)
        else:
            before = [(self._cut(text_prompt_tokens(self._tokenizer, example.prompt), room), False)]
            least = 1
        if least > room:
            raise InvalidInput(
                f"what is to be learned leaves {max(room, 0)} of {self._limit} tokens for {shown(example.prompt)}, "
                f"which needs {least} at least; allow more tokens, or shorten the continuation"
            )
        return before

    def _said(self, text: str, names: Sequence[str]) -> str:
        """Text as the model is to say it: without live marks, and names spelled as the results spell them."""
        forms = {disarmed(name): written(name) for name in names}
        options = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        spelled = re.sub(options or r"(?!)", lambda found: forms[found[0]], disarmed(text))
        spelled = without_control_tokens(self._tokenizer, spelled)
        return spelled.removeprefix(" ") if self._puts_blanks else spelled

    def _cut(self, tokens: list[int], room: int) -> list[int]:
        """The last tokens that fit; the one that marks the beginning of a text stays."""
        if len(tokens) <= room:
            return tokens
        opening = tokens[:1] if tokens[0] == self._tokenizer.bos_token_id else []
        return [*opening, *tokens[len(tokens) - max(room - len(opening), 0) :]]

    def _tokens(self, text: str) -> list[int]:
        """The tokens of a piece inside a longer text, as decoding adds or generates it."""
        return self._tokenizer.encode(text, add_special_tokens=False, verbose=False)

    def _text(self, tokens: list[int]) -> str:
        return cast("str", self._tokenizer.decode(tokens))

    @property
    def _end(self) -> int:
        end = cast("int | None", self._tokenizer.eos_token_id)
        if end is None:
            raise InvalidInput("the tokenizer has no end token (eos_token), so no text can end; set one")
        return end


def _joined(pieces: Sequence[tuple[list[int], bool]]) -> Example:
    from addenda.models.training import Example

    return Example(
        tuple(token for tokens, _ in pieces for token in tokens),
        tuple(learn for tokens, learn in pieces for _ in tokens),
    )
