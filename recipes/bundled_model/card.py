"""Writes the model card from the measured scores, so that no number in it is typed by hand."""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import Any

CARD = """---
license: apache-2.0
language: [en, ja, ko]
pipeline_tag: text-generation
---
# The bundled model of Addenda

A causal language model with {parameters:,} parameters in the Llama architecture: {layers} layers, width {hidden},
MLP width {mlp}, {heads} heads, context {context} tokens, {vocabulary:,} tokens of vocabulary, bfloat16,
safetensors. It ships with the package so that everything works offline at once. It was trained from nothing by
`recipes/bundled_model` on a generated world; no text written by people outside this project was used.

## What it knows
The catalogue of a fictional appliance maker (`addenda.models.bundled.build_world()`): {facts:,} facts about 300
products, parts, people, sites and policies. It answers with the bare value, for example "41 dB", in answer to
questions in English, Japanese and Korean. It can read short statements given with the question and copy names and
values it never saw. For names it was not told about it says "I don't know.".

**It knows nothing else.** It is no assistant and no judge of truth: it holds no knowledge of the real world, cannot
calculate or reason beyond two stated facts, and answers only questions that look like those it was trained with.
The products, people and places are invented; any likeness is chance. Use a real model for anything but trying
things out and tests.

## How it is asked
```
<|bos|><|context|>statements, if any<|user|>question<|assistant|>answer<|end|>
```
The tokenizer's chat template writes this form; roles are `system`, `context`, `user`, `assistant`. The tokens
`({{`, `-->`, `}})`, `>>`, `MEM_READ`, `MEM_WRITE`, `USER_ST`, `USER_END` and `<|reserved_0|>` to `<|reserved_15|>` are
kept for methods that are trained on top; the model can copy them and has learned no other use of them.

## Measured
Greedy free generation, questions asked bare; an answer counts only if it equals the value exactly. All {facts:,}
facts, each in four wordings (two English, one Japanese, one Korean). Held-out and blind wordings appear in no
training sample, not even inside a longer question. The held-out ones are not a blind test: part of the training
wordings was written halfway, after their scores had been looked at, and takes up many of their words. The blind ones
(attributes of products only) were written when the model was first finished and scored 0.67 then; that low score is why
training went on with a grammar of questions, whose words were chosen without looking at the blind ones.

| questions | n | exact | English | Japanese | Korean | ends by itself | "I don't know." |
|---|---|---|---|---|---|---|---|
{fact_rows}

| names that are not in the world, answered "I don't know." | share |
|---|---|
{unknown_rows}

| reading, with names that never occurred in training (200 samples each) | exact |
|---|---|
{reading_rows}

{probe}
The accuracy of every wording is in `scores.json`. Weakest relations in blind wordings: {weakest}.

## Beside the weights
`scores.json` has every score by wording; `edits.json` has the settings of the edits memory that were measured on this
model by `recipes/calibrate_edits.py`, to be measured again whenever weights or tokenizer change.

## Known limits
- Text of more than {context} tokens is not handled; most training rows had 256.
- The marks of the chat form are recognised in any text, also when a user types them. `LocalModel` takes them out of
  questions; whoever shows text of strangers to the model in another way must do so too.
- Reading is reliable for one statement or two. Among many statements it often takes the wrong one, and lists of several
  facts are seldom right as a whole; skills of that kind are to be trained on top, as the probe was.
- Names of world products in lower or upper case are recognised less reliably than as written.
"""
LABELS = {
    "fresh": "invented names of any shape",
    "plain": "invented names shaped like those of the world",
    "shared_word": "names that share their first word with a product",
    "read": "a question answered by one of one to ten statements (or by none)",
    "overrule": "a statement that contradicts a learned fact; the statement is right",
    "extract": "listing all facts of a text, whole list right",
    "copy": "repeating names, lists, marks; picking one by place or key",
    "hop": "two stated facts in a chain",
    "reverse": "from the value back to the name",
    "ignore": "a learned fact, asked below unrelated statements",
}


def _fact_row(name: str, scores: dict[str, Any]) -> str:
    by = scores["by_language"]
    shares = (scores["exact"], by["en"], by["ja"], by["ko"], scores["ends_by_itself"], scores["answered_unknown"])
    return f"| {name} | {scores['questions']:,} | " + " | ".join(f"{share:.3f}" for share in shares) + " |"


def _rows(scores: dict[str, float]) -> str:
    return "\n".join(f"| {LABELS[name]} | {share:.3f} |" for name, share in scores.items())


def write_card(directory: Path, probe: dict[str, Any] | None) -> str:
    """The text of the card for the model in `directory`, from its `config.json` and `scores.json`."""
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    scores = json.loads((directory / "scores.json").read_text(encoding="utf-8"))
    by_relation = sorted(scores["blind"]["by_relation"].items(), key=lambda item: item[1])
    told = ""
    if probe is not None:
        told = textwrap.fill(
            f"Taught by a throw-away low-rank adapter ({probe['steps']} steps, {probe['seconds']} s) to write the "
            f"facts of a sentence as memory calls, it wrote subject and object of never-seen names exactly "
            f"in {probe['name_and_value']:.3f} of the triples (subject {probe['subject']:.3f}, "
            f"relation {probe['relation']:.3f}, object {probe['object']:.3f}, whole calls {probe['call']:.3f}).",
            116,
        )
        told += "\n"
    return CARD.format(
        parameters=scores["parameters"],
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        mlp=config["intermediate_size"],
        heads=config["num_attention_heads"],
        context=config["max_position_embeddings"],
        vocabulary=config["vocab_size"],
        facts=scores["facts"],
        fact_rows="\n".join(
            (
                _fact_row("trained wordings", scores["trained"]),
                _fact_row("held-out wordings", scores["held_out"]),
                _fact_row("blind wordings", scores["blind"]),
            )
        ),
        unknown_rows=_rows(scores["unknown_names"]),
        reading_rows=_rows(scores["reading"]),
        probe=told,
        weakest=", ".join(f"{name} {share:.3f}" for name, share in by_relation[:3]),
    )


def main() -> None:
    """Read the arguments and write `README.md` beside the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--probe", type=Path, help="the scores that probe_copying wrote with --out")
    given = parser.parse_args()
    probe = json.loads(given.probe.read_text(encoding="utf-8")) if given.probe else None
    (given.directory / "README.md").write_text(write_card(given.directory, probe), encoding="utf-8")


if __name__ == "__main__":
    main()
