"""Part *throughput* of the reflections benchmark: training speed beside transformers' Trainer.

Both finetune the whole bundled model on the same questions and answers, in batches of the same examples, with the loss
on the answers only, AdamW, and clipped gradients; only the loops differ. Counted are tokens of prompts and answers,
never padding. Unpacked, both pad to the longest example of a batch. Packed, the product puts the batch into rows of
``WIDTH`` tokens; the Trainer gets one row of the batch by its own collator for that (``DataCollatorWithFlattening``).
Runs alternate, so that whatever else the machine does meets both; the ratio is that of the medians. Each is measured on
one thread and on as many as the machine has cores: the product shares a batch among them
(:mod:`addenda.models.gradients`), the Trainer has PyTorch divide the layers. TRL's trainer is the same loop with other
collators, and is not measured.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import product
from random import Random

import torch
from torch.utils.data import Dataset
from transformers import (
    DataCollatorForSeq2Seq,
    DataCollatorWithFlattening,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from addenda.memories.reflections.training.lessons import memory_example
from addenda.models.answer_loss import IGNORED, Example, attend_to_rows_of, computes_bf16
from addenda.models.bundled import build_world
from addenda.models.local import LocalModel
from addenda.models.training import FinetuneSettings, finetune
from benchmarks.reflections_measuring import QUICK, Setup
from benchmarks.results import Part

WIDTH = 128
BATCH = 32
STEPS = 12
"""Of a run; the first is not counted."""
_RATE = 1e-4


class _Rows(Dataset[Mapping[str, list[int]]]):
    """Examples in the form of the Trainer's collators."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._examples = examples

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        example = self._examples[index]
        labels = [token if learn else IGNORED for token, learn in zip(example.tokens, example.learn, strict=True)]
        return {"input_ids": list(example.tokens), "labels": labels}


class _Watch(TrainerCallback):
    """The time from the end of the first step to the end of the last."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Note the time."""
        del args, state, control, kwargs
        self.ends.append(time.perf_counter())


def examples_of(model: LocalModel, seed: int, count: int) -> list[Example]:
    """Questions of a world that the model does not know, with their answers."""
    world, random = build_world(seed + 1000), Random(seed)
    made: list[Example] = []
    for fact in random.sample(world.facts, count):
        wording = random.choice(world.relations[fact.relation].trained)
        made.append(memory_example(model, wording.format(subject=fact.subject), fact.object))
    return made


def ours(examples: Sequence[Example], *, packed: bool, bf16: bool, threads: int) -> float:
    """Tokens a second of the product's loop, without its first step."""
    model = LocalModel.load(device="cpu", threads=threads)
    model.network.requires_grad_(requires_grad=True)
    attend_to_rows_of(model.network, WIDTH if packed else max(len(one.tokens) for one in examples))
    steps, ends = len(examples) // BATCH, list[float]()
    plan = FinetuneSettings(
        steps=steps, batch_size=BATCH, pack=WIDTH if packed else None, learning_rate=_RATE, bf16=bf16
    )
    finetune(model.network, examples, plan, progress=lambda _: ends.append(time.perf_counter()))
    return _speed(examples, ends)


def trainers(examples: Sequence[Example], *, packed: bool, bf16: bool, threads: int) -> float:
    """Tokens a second of transformers' Trainer, without its first step."""
    model = LocalModel.load(device="cpu", threads=threads)
    model.network.requires_grad_(requires_grad=True)
    model.tokenizer.padding_side = "right"
    watch = _Watch()
    with tempfile.TemporaryDirectory() as directory:
        arguments = TrainingArguments(
            output_dir=directory,
            per_device_train_batch_size=BATCH,
            max_steps=len(examples) // BATCH,
            learning_rate=_RATE,
            max_grad_norm=1.0,
            weight_decay=0.0,
            bf16=bf16,
            use_cpu=True,
            report_to=[],
            logging_strategy="no",
            save_strategy="no",
            disable_tqdm=True,
            remove_unused_columns=False,
        )
        collator = DataCollatorWithFlattening() if packed else DataCollatorForSeq2Seq(model.tokenizer)
        Trainer(
            model=model.network,
            args=arguments,
            data_collator=collator,
            train_dataset=_Rows(examples),
            callbacks=[watch],
        ).train()
    return _speed(examples, watch.ends)


def _speed(examples: Sequence[Example], ends: Sequence[float]) -> float:
    """All steps have about the same number of tokens; the first bears what is done only once."""
    whole = sum(len(example.tokens) for example in examples)
    return whole * (len(ends) - 1) / len(ends) / (ends[-1] - ends[0])


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Speeds of both, packed and not, on one thread and on all, and their ratios; a run of each loop for each seed.

    In float32, and in bfloat16 where the processor has instructions for it.
    """
    steps = 2 if setup.products <= QUICK.products else STEPS
    precisions = (False, True) if computes_bf16(torch.device("cpu")) else (False,)
    cores = os.cpu_count() or 1
    items: list[dict[str, object]] = []
    speeds: dict[tuple[str, int], dict[str, list[float]]] = {}
    for seed in seeds:
        examples = examples_of(LocalModel.load(device="cpu"), seed, steps * BATCH)
        for bf16, packed, threads in product(precisions, (False, True), dict.fromkeys((1, cores))):
            case = f"{'packed' if packed else 'unpacked'}_{'bf16' if bf16 else 'float32'}"
            pair = {
                "ours": ours(examples, packed=packed, bf16=bf16, threads=threads),
                "trainer": trainers(examples, packed=packed, bf16=bf16, threads=threads),
            }
            items.append({"seed": seed, "case": case, "threads": threads, **pair})
            for who, speed in pair.items():
                speeds.setdefault((case, threads), {}).setdefault(who, []).append(speed)
    torch.set_num_threads(1)
    middle = {key: {who: statistics.median(of) for who, of in found.items()} for key, found in speeds.items()}
    metrics: dict[str, object] = {}
    for (case, threads), found in middle.items():
        named = case if threads == 1 else f"{case}_all_cores"
        metrics[f"tokens_per_second_{named}"] = round(found["ours"])
        metrics[f"trainer_tokens_per_second_{named}"] = round(found["trainer"])
        metrics[f"training_throughput_ratio_{named}"] = round(found["ours"] / found["trainer"], 3)
        if threads > 1:
            alone = middle[case, 1]
            metrics[f"all_cores_over_one_{case}"] = round(found["ours"] / alone["ours"], 3)
            metrics[f"trainer_all_cores_over_one_{case}"] = round(found["trainer"] / alone["trainer"], 3)
    details = {"batch": BATCH, "width": WIDTH, "steps": steps, "threads": [1, cores], "model": "bundled, all weights"}
    return Part(seeds=list(seeds), metrics=metrics, details=details, items=items)
