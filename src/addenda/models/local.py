"""Language models that run in this process, through transformers.

Nothing is downloaded and no code from a model's folder is run: ``trust_remote_code`` stays off, and only safetensors
weights are read. On a CPU the weights are kept in float32, because weight edits are solved and stored in float32.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessor, LogitsProcessorList
from transformers.utils import logging as transformers_logging

from addenda.errors import ModelUnavailable
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion
from addenda.models.files import BUNDLED, find_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DEFAULT_BATCH_SIZE = 64
"""Questions answered side by side."""


class _Watch(LogitsProcessor):
    """Keeps the highest probability of each step, which is that of the token that is taken, and changes nothing."""

    def __init__(self) -> None:
        self.highest: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Note the probabilities of this step."""
        del input_ids
        self.highest.append(scores.float().softmax(-1).amax(-1))
        return scores


class LocalModel:
    """A causal language model with its tokenizer, in evaluation mode. Keeps the :class:`LanguageModel` protocol."""

    def __init__(
        self,
        network: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str,
        fingerprint: str,
        tokenizer_fingerprint: str,
        batch_size: int = DEFAULT_BATCH_SIZE,
    ) -> None:
        """Wrap a loaded network; most callers want :meth:`load`."""
        self.network = network
        self.tokenizer = tokenizer
        self._batch_size = batch_size
        self._name = name
        self._fingerprint = fingerprint
        self._tokenizer_fingerprint = tokenizer_fingerprint

    @classmethod
    def load(
        cls,
        name: str = BUNDLED,
        *,
        device: str | None = None,
        threads: int | None = None,
        batch_size: int = DEFAULT_BATCH_SIZE,
    ) -> LocalModel:
        """Load a model from this machine, on a GPU when there is one unless ``device`` says otherwise.

        Raises ModelUnavailable when it is not there, is incomplete, or cannot be read.
        """
        files = find_model(name)
        if threads is not None:
            torch.set_num_threads(threads)
        place = device or ("cuda" if torch.cuda.is_available() else "cpu")
        transformers_logging.disable_progress_bar()
        try:
            network, found = cast(
                "tuple[PreTrainedModel, dict[str, set[str]]]",
                AutoModelForCausalLM.from_pretrained(
                    files.directory,
                    dtype=torch.float32 if place == "cpu" else "auto",
                    local_files_only=True,
                    use_safetensors=True,
                    trust_remote_code=False,
                    output_loading_info=True,
                ),
            )
            tokenizer = cast(
                "PreTrainedTokenizerBase",
                AutoTokenizer.from_pretrained(files.directory, local_files_only=True, trust_remote_code=False),
            )
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise ModelUnavailable(
                f"the model in {files.directory} cannot be loaded: {error}; restore its files from where they came from"
            ) from error
        if missing := sorted(found["missing_keys"]):
            # The library would fill them with random numbers and go on.
            raise ModelUnavailable(
                f"the weights in {files.directory} are incomplete: {len(missing)} tensors are missing, for example "
                f"{missing[0]!r}; restore the files from where they came from"
            )
        tokenizer.padding_side = "left"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token_id = tokenizer.eos_token_id
        network.to(torch.device(place))  # pyright: ignore[reportArgumentType]
        network.eval().requires_grad_(requires_grad=False)
        return cls(
            network,
            tokenizer,
            name=name,
            fingerprint=files.fingerprint,
            tokenizer_fingerprint=files.tokenizer_fingerprint,
            batch_size=batch_size,
        )

    @property
    def name(self) -> str:
        """The name it was loaded by."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """``sha256:`` digest over the configuration and the weight files."""
        return self._fingerprint

    @property
    def tokenizer_fingerprint(self) -> str:
        """``sha256:`` digest over the tokenizer's files."""
        return self._tokenizer_fingerprint

    def render(self, question: str) -> str:
        """The prompt text that asks this question: the chat template's, or the bare question where there is none.

        Control tokens that stand in the question as text are taken out: whoever asks must not be able to end their own
        turn and speak as somebody else.
        """
        if self.tokenizer.chat_template is None:
            return question
        turn = [{"role": "user", "content": self.without_control_tokens(question)}]
        return cast("str", self.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))

    def without_control_tokens(self, text: str) -> str:
        """The text with every control token of the model that stands in it as text replaced by a blank."""
        tokens = [token.content for token in self.tokenizer.added_tokens_decoder.values() if token.special]
        if not tokens:
            return text
        longest_first = sorted(tokens, key=len, reverse=True)
        return re.sub("|".join(re.escape(token) for token in longest_first), " ", text)

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(cast("list[int]", self.tokenizer(text, add_special_tokens=False)["input_ids"]))

    @property
    def batch_size(self) -> int:
        """How many questions it answers side by side at best."""
        return self._batch_size

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """Answer by greedy generation, in one batch; see :meth:`LanguageModel.answer`."""
        return self.complete([self.render(question) for question in questions], max_new_tokens=max_new_tokens)

    def complete(
        self,
        prompts: Sequence[str],
        *,
        max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS,
        allowed: Callable[[Sequence[int]], list[int]] | None = None,
    ) -> list[Completion]:
        """Continue rendered prompts greedily, as one batch padded on the left, until each ends or hits the limit.

        What is returned says how sure the model was. ``allowed`` gives the tokens of which the next one must be, at
        least one, for those that were said so far.
        """
        bare = self.tokenizer.chat_template is None
        inputs = self.tokenizer(list(prompts), return_tensors="pt", padding=True, add_special_tokens=bare)
        ids = cast("torch.Tensor", inputs["input_ids"]).to(self.network.device)
        mask = cast("torch.Tensor", inputs["attention_mask"]).to(self.network.device)
        width, watch = ids.shape[1], _Watch()

        def next_tokens(row: int, tokens: torch.Tensor) -> list[int]:
            del row
            return [] if allowed is None else allowed(cast("list[int]", tokens[width:].tolist()))

        with torch.inference_mode():
            out = cast(
                "torch.Tensor",
                self.network.generate(  # pyright: ignore[reportCallIssue]
                    input_ids=ids,
                    attention_mask=mask,
                    max_new_tokens=max_new_tokens,
                    do_sample=False,
                    pad_token_id=self.tokenizer.pad_token_id,
                    logits_processor=LogitsProcessorList([watch]),
                    prefix_allowed_tokens_fn=None if allowed is None else next_tokens,
                ),
            )
            sure = torch.stack(watch.highest, dim=1)
        ends = self.end_ids
        return [
            self._completion(cast("list[int]", row.tolist()), cast("list[float]", of.tolist()), ends)
            for row, of in zip(out[:, width:], sure, strict=True)
        ]

    @property
    def end_ids(self) -> frozenset[int]:
        """The tokens with which it ends a text."""
        configuration = self.network.generation_config
        configured = cast("int | list[int] | None", configuration.eos_token_id if configuration else None)
        if configured is None:
            configured = cast("int", self.tokenizer.eos_token_id)
        return frozenset(configured if isinstance(configured, list) else [configured])

    def _completion(self, tokens: list[int], sure: list[float], ends: frozenset[int]) -> Completion:
        stop = next((i for i, token in enumerate(tokens) if token in ends), None)
        kept = tokens if stop is None else tokens[:stop]
        text = cast("str", self.tokenizer.decode(kept, skip_special_tokens=True))
        lowest = min(sure[: len(kept) + (stop is not None)], default=None)
        return Completion(text.strip(), finished=stop is not None, sureness=lowest)
