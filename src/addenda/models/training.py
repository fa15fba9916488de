"""Supervised finetuning: teach a causal language model to say given answers to given prompts.

Purpose: everything that trains (adapters that write and read triples, memory models, the probe of the bundled model)
uses this one loop. Idea: cross-entropy on the answer's tokens only; AdamW; warm-up, then constant, then linear decay to
zero. Whatever parameters require gradients learn: all, or those of a low-rank adapter (:mod:`addenda.models.lora`). The
examples of a step and the draws of its dropout follow from the seed and the step, so a run that was interrupted goes on
exactly where its last checkpoint was.
Does not know: what the answers mean, and how well the model does afterwards; whoever calls it measures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType]

from addenda.errors import InvalidInput, ModelMismatch, UnreadableFile
from addenda.models.answer_loss import Example, answer_loss, learned
from addenda.models.gradients import Gradients

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from addenda.models.local import LocalModel

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")
_DONE, _LOSS = "training.done", "training.loss"
_CHECKPOINT = "finetune.safetensors"


@dataclass(frozen=True, slots=True)
class FinetuneSettings:
    """How long and how fast to train.

    `warm_up` and `decay` are shares of the steps. `bf16` computes in bfloat16 where that is safe and the device has
    instructions for it, and keeps the weights as they are. `checkpoint_every` is in steps and matters only when a
    directory is given. `micro_batch` is how many examples of a batch are computed side by side, None for all: less
    needs less memory and, but for rounding, gives the same step. `pack` puts several of these into rows of at most so
    many tokens (see `answer_loss`).
    """

    steps: int
    batch_size: int = 8
    micro_batch: int | None = None
    pack: int | None = None
    learning_rate: float = 1e-3
    warm_up: float = 0.05
    decay: float = 0.33
    weight_decay: float = 0.0
    clip: float = 1.0
    seed: int = 0
    bf16: bool = True
    checkpoint_every: int = 500

    def rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        rising = (step + 1) / max(self.warm_up * self.steps, 1.0)
        falling = (self.steps - step) / max(self.decay * self.steps, 1.0)
        return self.learning_rate * min(rising, falling, 1.0)


@dataclass(frozen=True, slots=True)
class FinetuneProgress:
    """Where a training is: steps done of all, a running mean of the loss, seconds since this start."""

    step: int
    steps: int
    loss: float
    seconds: float


@dataclass(frozen=True, slots=True)
class FinetuneReport:
    """What came of a training: steps done, whether that is all of them, the running mean of the loss at its end."""

    steps: int
    finished: bool
    loss: float


def text_example(
    tokenizer: PreTrainedTokenizerBase, prompt: str, answer: str, *, ends: bool = True, limit: int = 512
) -> Example:
    """An example from a rendered prompt and the text that is to follow it; `ends` adds the end-of-turn token.

    Of more than `limit` tokens the prompt's first are left out. Raises InvalidInput when the answer alone is too long.
    """
    before = tokenizer.encode(prompt, add_special_tokens=False)
    after = tokenizer.encode(answer, add_special_tokens=False)
    if ends:
        after = [*after, cast("int", tokenizer.eos_token_id)]
    room = limit - len(after)
    if room < 1:
        raise InvalidInput(f"the answer {answer[:60]!r} has {len(after)} tokens; at most {limit - 1} fit, shorten it")
    before = before[-room:]
    return Example(tuple(before + after), (False,) * len(before) + (True,) * len(after))


def chat_example(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Mapping[str, str]], answer: str, *, limit: int = 512
) -> Example:
    """An example from the chat so far (`role`, `content`) and the assistant's answer, in the model's chat template."""
    turns = [dict(message) for message in messages]
    prompt = cast("str", tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
    return text_example(tokenizer, prompt, answer, limit=limit)


def context_window(model: LocalModel) -> int:
    """Tokens that the model can look at."""
    return int(getattr(model.network.config, "max_position_embeddings", None) or 2**31)


def finetune(
    model: PreTrainedModel | PeftModel,
    examples: Sequence[Example],
    settings: FinetuneSettings,
    *,
    directory: Path | None = None,
    progress: Callable[[FinetuneProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> FinetuneReport:
    """Train the parameters of `model` that require gradients, in place, for `settings.steps` steps.

    `directory` keeps checkpoints; a second call with it, the same examples and settings goes on from the last one.
    `should_stop` is asked after every step; when it says True a checkpoint is written and the report is unfinished.
    Raises InvalidInput without examples or trainable parameters, UnreadableFile or ModelMismatch for a checkpoint that
    is broken or belongs to another model.
    """
    _check(model, examples, settings)
    trained = _trainable(model)
    optimizer = torch.optim.AdamW(
        [value for _, value in trained],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        # On a CPU the one loop over all parameters is several times faster; elsewhere the default is.
        fused=True if trained[0][1].device.type == "cpu" else None,
    )
    path = directory / _CHECKPOINT if directory is not None else None
    first, mean = _resume(path, trained, optimizer)
    model.train()
    started = time.monotonic()
    upcoming = _batches(examples, settings, first)
    done, stopped = first, False
    with Gradients(model, micro_batch=settings.micro_batch, pack=settings.pack, bf16=settings.bf16) as gradients:
        while done < settings.steps and not stopped:
            loss = _step(model, optimizer, gradients, next(upcoming), settings, done)
            mean = loss if done == 0 else 0.95 * mean + 0.05 * loss
            done += 1
            if progress is not None:
                progress(FinetuneProgress(done, settings.steps, mean, time.monotonic() - started))
            stopped = should_stop is not None and should_stop()
            if path is not None and (stopped or done % settings.checkpoint_every == 0 or done == settings.steps):
                _save(path, trained, optimizer, done, mean)
    model.eval()
    return FinetuneReport(done, done >= settings.steps, mean)


def held_out_loss(
    model: PreTrainedModel | PeftModel,
    examples: Sequence[Example],
    *,
    batch_size: int = 8,
    bf16: bool = True,
    pack: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> float:
    """The mean cross-entropy per learned token over all examples, with the masks of training and without dropout.

    `progress` is called with the examples done and all of them. Raises InvalidInput without a token to learn.
    """
    total = sum(map(learned, examples))
    if not total:
        raise InvalidInput("there is nothing to measure a loss on: give at least one example with a token to learn")
    by_length = sorted(examples, key=lambda example: len(example.tokens))
    was_training, found, done = model.training, 0.0, 0
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(by_length), batch_size):
            part = by_length[start : start + batch_size]
            if counted := sum(map(learned, part)):
                found += float(answer_loss(model, part, bf16=bf16, pack=pack)) * counted / total
            done += len(part)
            if progress is not None:
                progress(done, len(examples))
    model.train(was_training)
    return found


def steps_done(directory: Path) -> int:
    """How many steps the checkpoint in a directory of :func:`finetune` has behind it; 0 where there is none."""
    path = directory / _CHECKPOINT
    return int(_read(path)[_DONE]) if path.exists() else 0


def save_weights(model: PreTrainedModel | PeftModel, path: Path) -> None:
    """Write the weights that are trained, whole or not at all."""
    _write({name: value.detach().contiguous() for name, value in _trainable(model)}, path)


def restore_weights(model: PreTrainedModel | PeftModel, path: Path) -> None:
    """Put back what :func:`save_weights` wrote. Raises UnreadableFile when it cannot be read."""
    stored = _read(path)
    for name, value in _trainable(model):
        value.data.copy_(stored[name])


def _check(model: PreTrainedModel | PeftModel, examples: Sequence[Example], settings: FinetuneSettings) -> None:
    if not examples:
        raise InvalidInput("there is nothing to train on: give at least one example")
    if settings.steps < 1 or settings.batch_size < 1:
        raise InvalidInput(
            f"steps={settings.steps!r} and batch_size={settings.batch_size!r} are given; both must be 1 or more"
        )
    if settings.micro_batch is not None and settings.micro_batch < 1:
        raise InvalidInput(f"micro_batch={settings.micro_batch!r} is given; it must be 1 or more, or None for all")
    if not _trainable(model):
        raise InvalidInput("no parameter of the model requires gradients: call lora.add_lora(model) or unfreeze some")


def _trainable(model: PreTrainedModel | PeftModel) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]


def _batches(examples: Sequence[Example], settings: FinetuneSettings, first: int) -> Iterator[list[Example]]:
    """The batches from step `first` on: every epoch is a new shuffle, and what is left at its end opens the next."""
    position, epoch, order = first * settings.batch_size, -1, list(range(len(examples)))
    while True:
        chosen: list[Example] = []
        while len(chosen) < settings.batch_size:
            wanted, place = divmod(position, len(examples))
            if wanted != epoch:
                epoch, order = wanted, list(range(len(examples)))
                Random(f"{settings.seed}-{epoch}").shuffle(order)
            chosen.append(examples[order[place]])
            position += 1
        yield chosen


def _step(
    model: PreTrainedModel | PeftModel,
    optimizer: torch.optim.Optimizer,
    gradients: Gradients,
    batch: Sequence[Example],
    settings: FinetuneSettings,
    step: int,
) -> float:
    """One step of gradient descent; returns the mean cross-entropy per learned token."""
    for group in optimizer.param_groups:
        group["lr"] = settings.rate_at(step)
    device = _trainable(model)[0][1].device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(Random(f"{settings.seed}-step-{step}").getrandbits(63))
        mean = gradients.add(batch)
    torch.nn.utils.clip_grad_norm_([value for _, value in _trainable(model)], settings.clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return mean


def _save(
    path: Path,
    trained: Sequence[tuple[str, torch.nn.Parameter]],
    optimizer: torch.optim.Optimizer,
    step: int,
    mean: float,
) -> None:
    tensors = {_DONE: torch.tensor(step), _LOSS: torch.tensor(mean, dtype=torch.float64)}
    for name, value in trained:
        tensors[f"weight.{name}"] = value.detach().contiguous()
        for moment in _MOMENTS:
            tensors[f"{moment}.{name}"] = cast("torch.Tensor", optimizer.state[value][moment]).detach().contiguous()
    _write(tensors, path)


def _write(tensors: dict[str, torch.Tensor], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file(tensors, partial)
    partial.replace(path)


def _read(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise UnreadableFile(f"the checkpoint {path.name!r} cannot be read; delete it to start over") from error


def _resume(
    path: Path | None, trained: Sequence[tuple[str, torch.nn.Parameter]], optimizer: torch.optim.Optimizer
) -> tuple[int, float]:
    """Restore weights and moments from a checkpoint; the steps done and the loss, (0, 0.0) where there is none."""
    if path is None or not path.exists():
        return 0, 0.0
    stored = _read(path)
    expected = {
        f"{part}.{name}": value.shape for name, value in trained for part in ("weight", "exp_avg", "exp_avg_sq")
    }
    if any(name not in stored or stored[name].shape != shape for name, shape in expected.items()):
        raise ModelMismatch(f"the checkpoint {path.name!r} belongs to a model of another shape; give another directory")
    for name, value in trained:
        value.data.copy_(stored[f"weight.{name}"])
        # The count of steps stays where it is; the optimizer wants only the moments beside the weights.
        optimizer.state[value] = {
            moment: stored[f"{moment}.{name}"].to("cpu" if moment == "step" else value.device) for moment in _MOMENTS
        }
    return int(stored[_DONE]), float(stored[_LOSS])
