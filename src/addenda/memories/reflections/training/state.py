"""What is kept about the training of a memory model: which it is, what was measured, what came of it, and its card.

Does not know: how a training is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from addenda.errors import UnreadableFile
from addenda.memories.reflections.training.settings import FREE_TO_CHANGE, MemoryModelSettings
from addenda.models.training_folder import changed_settings, read_state, refuse_another, save_state
from addenda.types import Frozen

CARD = "memory.json"
"""The file beside a memory model that says what it is; ``README.md`` says the same to people."""


class Point(Frozen):
    """One evaluation: a point of the validation curve."""

    step: int
    loss: float
    """Mean cross-entropy per learned token of the validation examples."""
    exact: float
    """Share of the questions with an answer whose free answer equals it, but for case, width and the full stop."""
    refused: float
    """Share of the questions without an answer that are refused; 1 where there is none."""
    wrongly_refused: float
    """Share of the questions with an answer that are refused."""


class Ancestor(Frozen):
    """A memory model that another one was made from."""

    name: str
    """Its folder, without the path."""
    fingerprint: str
    """Of its weights."""
    documents: tuple[str, ...]
    """Ids of the documents that it was trained on, sorted; whatever was made from it may know them."""


class Lineage(Frozen):
    """What a memory model was made from besides reflections: weights that have learned before."""

    strategy: str
    """How; see ``updating``."""
    base: str
    """The model at the beginning of the line, and its fingerprint."""
    base_fingerprint: str
    parents: tuple[Ancestor, ...]
    """The memory models whose weights it goes on from; none where it was trained from the base."""
    settings: Mapping[str, str | int | float]
    """How it was made from them, as far as the settings of the training do not say it."""

    @property
    def documents(self) -> frozenset[str]:
        """Ids of the documents of all parents."""
        return frozenset(document for parent in self.parents for document in parent.documents)


class MemoryModelCard(Frozen):
    """What a memory model is and where its knowledge comes from."""

    format: int = Field(default=1, ge=1, le=1)
    base: str
    """The name of the model that was trained; for an update, of the one at the beginning of its line."""
    base_fingerprint: str
    tokenizer_fingerprint: str
    question_form: str
    """Version of the form in which it is to be asked; see ``questions``."""
    settings: MemoryModelSettings
    data: str
    """``sha256:`` digest of the reflections that were given."""
    documents: tuple[str, ...]
    """Ids of the documents that it, or a model it was made from, was trained on, sorted."""
    stages: Mapping[str, int]
    """How many examples it was taught, by stage of their synthesis; made refusals count as ``unanswerable``."""
    held_out: int
    left_out: int
    curve: tuple[Point, ...]
    chosen_step: int
    """The step whose weights these are."""
    result: Point
    """Measured on the weights as they are stored, with answers below ``sure_from`` as refusals."""
    sure_from: float = Field(default=0.0, ge=0.0, le=1.0)
    """From this sureness on an answer counts (see ``Completion``); 0 where every answer does."""
    versions: Mapping[str, str]
    lineage: Lineage | None = None
    """Of an update; None for a model that was trained from its base without one."""


class TrainingReport(Frozen):
    """What came of a training."""

    method: str
    examples: int
    """Of an epoch, refusals among them."""
    refusals: int
    """Of these, made from the reflections' own questions."""
    validation_examples: int
    held_out: bool
    """Whether validation is apart from training; if not, it measures recall of what was taught."""
    left_out: int
    """Reflections that could not be learned whole, because they are too long."""
    left_out_first: tuple[str, ...]
    """The first of them, and why."""
    packed: bool
    """Whether examples were packed; False, too, for a model that does not keep packed examples apart."""
    steps: int
    planned_steps: int
    tokens: int
    """Of prompts and answers, in all steps."""
    stopped_early: str
    """Why, in words; empty when all steps were done."""
    chosen_step: int
    loss: float
    """Running mean over the last steps of training."""
    before: Point
    """Without a step of this training."""
    after: Point
    curve: tuple[Point, ...]
    tokens_per_second: float
    """Of this start, prompts and answers, evaluations apart; 0 where nothing was left to train."""
    size: int
    """Bytes of the model's files."""


class Run(Frozen):
    """Which training a folder belongs to."""

    settings: MemoryModelSettings
    data: str
    base: str
    """Fingerprint of the base model."""
    tokenizer: str
    adapter: str = ""
    """Digest of the adapter that learns more; empty where none does."""


class State(Frozen):
    """What is in the state file."""

    format: int = Field(default=1, ge=1, le=1)
    run: Run
    curve: tuple[Point, ...] = ()
    chosen_step: int = 0
    """That of the weights that are kept so far."""
    stopped: str = ""
    report: TrainingReport | None = None

    def with_point(self, point: Point) -> State:
        """The state with one more evaluation; what a run that was cut off measured from there on is dropped."""
        earlier = tuple(one for one in self.curve if one.step < point.step)
        return self.model_copy(update={"curve": (*earlier, point)})


def open_folder(directory: Path, run: Run) -> State:
    """The state of this training in its folder, a new one where the folder is new or empty.

    Raises InvalidInput when it holds something else or belongs to another training, UnreadableFile when its state is
    damaged.
    """
    state = read_state(directory, State)
    if state is not None:
        changed = _changes(state.run, run)
        if state.curve:
            refuse_another(directory, changed)
        if not changed:
            return state
    state = State(run=run)
    save_state(directory, state)
    return state


def _changes(before: Run, now: Run) -> list[str]:
    found = changed_settings(before.settings, now.settings, FREE_TO_CHANGE)
    found += ["the base model has other weights"] if before.base != now.base else []
    found += ["the tokenizer is another"] if before.tokenizer != now.tokenizer else []
    found += ["the adapter to go on from is another"] if before.adapter != now.adapter else []
    if not found and before.data != now.data:
        found.append("the reflections are others")
    return found


def best(curve: Sequence[Point]) -> Point:
    """The best evaluation of a curve: the most exact answers, then the lowest loss.

    What is refused counts only by the loss: it is a share of few questions, and refusing is also the guard's business.
    """
    return max(curve, key=lambda point: (point.exact, -point.loss))


def read_memory_card(directory: Path) -> MemoryModelCard:
    """The card of the memory model in ``directory``. Raises UnreadableFile when there is none, or it is damaged."""
    try:
        return MemoryModelCard.model_validate_json((directory / CARD).read_bytes())
    except OSError as error:
        raise UnreadableFile(
            f"there is no memory model in {str(directory)!r} ({error.strerror}); train one, or correct the path"
        ) from error
    except ValidationError as error:
        raise UnreadableFile(f"{CARD} in {str(directory)!r} is damaged; train the memory model anew") from error


def card_in_words(card: MemoryModelCard) -> str:
    """The card as Markdown for people, with the fields at its top that model hubs read."""
    result, settings = card.result, card.settings
    learned = "all weights" if settings.method == "full" else f"a low-rank adapter (rank {settings.rank})"
    stages = "\n".join(f"| {stage} | {count:,} |" for stage, count in card.stages.items())
    curve = "\n".join(
        f"| {point.step:,} | {point.loss:.4f} | {point.exact:.3f} | {point.refused:.3f} | {point.wrongly_refused:.3f} |"
        for point in card.curve
    )
    if card.held_out:
        asked = "held out, in words that were not taught; their answers were taught in other words"
    elif card.lineage and card.lineage.parents:
        asked = "taught, most of them, to the models it was made from: they measure recall, not understanding"
    else:
        asked = "taught, because no answer was taught twice: they measure recall, not understanding"
    chosen = settings.model_dump(exclude_none=True)
    return f"""---
pipeline_tag: text-generation
tags: [memory-model, reflections]
---
# A memory model

`{card.base}` ({card.base_fingerprint[:19]}…), finetuned on reflections (question-answer pairs) of
{len(card.documents):,} documents; {learned} learned. It answers questions about these documents and says "I don't
know." to others. It is no assistant: what it knew before may be lost. It cannot show sources; `{CARD}` names the
documents. A withdrawn document stays in its weights until it is trained again without it.

{_lineage_in_words(card.lineage) if card.lineage else ""}## How it is asked
One question at a time, with nothing around it (form `{card.question_form}`), in the base model's chat template.

## Taught
| stage | examples |
|---|---|
{stages}

{card.left_out:,} reflections were too long and left out. Digest of the reflections: `{card.data}`.

## Measured
Greedy free generation. {card.held_out:,} examples are held out. Questions with an answer are {asked}.
The weights are those of step {card.chosen_step:,}: exact {result.exact:.3f}, refused of those without an answer
{result.refused:.3f}, refused of those with one {result.wrongly_refused:.3f}, loss {result.loss:.4f}. There, an answer
with a token less probable than {card.sure_from:.2f} is a refusal, as it is to be when the model is asked; in the curve
all answers count.

| step | loss | exact | refused | wrongly refused |
|---|---|---|---|---|
{curve}

## Made with
{", ".join(f"{name} {value}" for name, value in card.versions.items())}; settings
{", ".join(f"{name} {value}" for name, value in chosen.items())}.
"""


def _lineage_in_words(lineage: Lineage) -> str:
    parents = "\n".join(
        f"- `{parent.name}` ({parent.fingerprint[:19]}…), {len(parent.documents):,} documents"
        for parent in lineage.parents
    )
    how = ", ".join([f"strategy {lineage.strategy}", *(f"{name} {value}" for name, value in lineage.settings.items())])
    begun = (
        f"It was not trained from the base itself but made from these memory models, so it may know what they knew:\n"
        f"{parents}\n\nWhat is held out below about their documents may have been taught to them."
        if lineage.parents
        else "It was trained from the base; nothing else was made part of it."
    )
    return f"## An update\n{how}. {begun}\n\n"
