"""Trains the bundled model from nothing on two processor cores.

Run it with `python -m recipes.bundled_model.train --out DIRECTORY --steps N`; start it again with the same arguments to
go on after an interruption: batches follow from the step, and weights, moments and step are kept in the checkpoint.
Idea: many small steps, a constant learning rate, and a long decay to zero. With `--start` a finished model is trained
further, from step `--first` of the corpus on, with a learning rate of its own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from addenda.models.bundled import build_world
from recipes.bundled_model.corpus import LONG_ROW, Corpus, batch
from recipes.bundled_model.initial import lay_out_copying
from recipes.bundled_model.tokenizer import save_tokenizer, train_tokenizer

VOCABULARY = 6000
TOKENIZER_SAMPLES = 60_000


@dataclass(frozen=True)
class Plan:
    """What is trained and how: everything that decides the weights."""

    steps: int
    first: int = 0
    rows: int = 6
    rate: float = 1e-3
    warm_up: int = 100
    decay: float = 0.57
    weight_decay: float = 0.01
    clip: float = 1.0
    seed: int = 7
    hidden: int = 256
    layers: int = 6
    heads: int = 4
    rotary_base: float = 100_000.0
    mlp: int = 1280

    def rate_at(self, step: int) -> float:
        """The learning rate: linear warm-up, constant, linear decay to zero over the last `decay` of the steps."""
        remaining = (self.steps - step) / max(self.decay * (self.steps - self.first), 1.0)
        return self.rate * min((step - self.first + 1) / self.warm_up, remaining, 1.0)


def new_model(plan: Plan, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A model of the planned shape with first weights that can already copy."""
    torch.manual_seed(plan.seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=plan.hidden,
            num_hidden_layers=plan.layers,
            num_attention_heads=plan.heads,
            num_key_value_heads=plan.heads,
            intermediate_size=plan.mlp,
            max_position_embeddings=LONG_ROW,
            tie_word_embeddings=True,
            rope_parameters={"rope_type": "default", "rope_theta": plan.rotary_base},
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    lay_out_copying(model, plan.seed)
    return model


def load_tokenizer(directory: Path, corpus: Corpus, start: Path | None) -> PreTrainedTokenizerFast:
    """The tokenizer of the model to start from, that of an earlier start, or a newly learned one."""
    if start is not None:
        return AutoTokenizer.from_pretrained(start)
    if not (directory / "tokenizer.json").exists():
        save_tokenizer(train_tokenizer(corpus.texts(TOKENIZER_SAMPLES), VOCABULARY, LONG_ROW), directory)
    return AutoTokenizer.from_pretrained(directory)


def save_state(path: Path, model: LlamaForCausalLM, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Write weights, moments and step into one file, atomically."""
    tensors = {f"model.{name}": value.detach().clone() for name, value in model.named_parameters()}
    for index, value in enumerate(model.parameters()):
        for name, moment in optimizer.state[value].items():
            tensors[f"optimizer.{index}.{name}"] = moment.detach().clone()
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"step": str(step)})
    partial.replace(path)


def load_state(path: Path, model: LlamaForCausalLM, optimizer: torch.optim.Optimizer, first: int) -> int:
    """Restore what `save_state` wrote and return the number of steps done; `first` where nothing was written."""
    if not path.exists():
        return first
    with safe_open(path, framework="pt") as stored:
        for name, value in model.named_parameters():
            value.data.copy_(stored.get_tensor(f"model.{name}"))
        for index, value in enumerate(model.parameters()):
            moments = ("step", "exp_avg", "exp_avg_sq")
            optimizer.state[value] = {name: stored.get_tensor(f"optimizer.{index}.{name}") for name in moments}
        return int(stored.metadata()["step"])


def publish(directory: Path, model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, step: int) -> None:
    """Write a complete model directory in bf16 and point `latest` at it in one move; the two before are kept."""
    target = directory / f"model-{step:06d}"
    copy = LlamaForCausalLM(model.config)
    copy.load_state_dict(model.state_dict())
    copy.to(torch.bfloat16).save_pretrained(target)
    save_tokenizer(tokenizer, target)
    link = directory / "latest.next"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(directory / "latest")
    for old in sorted(directory.glob("model-*"))[:-3]:
        shutil.rmtree(old)


def loss_of(model: LlamaForCausalLM, tokens: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean of next-token cross-entropy."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.model(input_ids=tokens, use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[:, :-1])
    losses = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
    weight = weights[:, 1:].flatten()
    return (losses * weight).sum() / weight.sum()


def train(plan: Plan, directory: Path, every: float, compiled: bool, start: Path | None) -> None:
    """Run or continue a training; a checkpoint and a usable model are written every `every` seconds.

    `start` is a finished model to train further; None starts from the laid-out first weights.
    """
    directory.mkdir(parents=True, exist_ok=True)
    corpus = Corpus.of(build_world(), plan.seed)
    tokenizer = load_tokenizer(directory / "tokenizer", corpus, start)
    model = new_model(plan, tokenizer) if start is None else LlamaForCausalLM.from_pretrained(start).float()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=plan.weight_decay, fused=True
    )
    state = directory / "state.safetensors"
    first = load_state(state, model, optimizer, plan.first)
    (directory / "plan.json").write_text(json.dumps(asdict(plan), indent=2))
    step_loss = torch.compile(loss_of, dynamic=False) if compiled else loss_of
    started = saved = time.monotonic()
    mean = 0.0
    for step in range(first, plan.steps):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate_at(step)
        loss = step_loss(model, *batch(corpus, tokenizer, step, plan.rows))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        mean = loss.item() if step == first else 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % 100 == 0:
            speed = (step + 1 - first) / (time.monotonic() - started)
            print(f"step {step + 1} loss {mean:.4f} steps/s {speed:.2f} rate {plan.rate_at(step):.2e}", flush=True)
        if time.monotonic() - saved > every or step + 1 == plan.steps:
            save_state(state, model, optimizer, step + 1)
            publish(directory, model, tokenizer, step + 1)
            saved = time.monotonic()


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=10_500)
    parser.add_argument("--start", type=Path, help="a finished model to train further")
    parser.add_argument("--first", type=int, default=0, help="the step to begin with")
    parser.add_argument("--rows", type=int, default=6)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=0.57, help="share of the steps over which the rate falls")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--every", type=float, default=180.0)
    parser.add_argument("--no-compile", action="store_true")
    given = parser.parse_args()
    plan = Plan(
        steps=given.steps, first=given.first, rows=given.rows, rate=given.rate, decay=given.decay, seed=given.seed
    )
    train(plan, given.out, given.every, not given.no_compile, given.start)


if __name__ == "__main__":
    main()
