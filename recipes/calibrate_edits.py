"""Chooses the gate of the bundled model's edits memory and writes `edits.json` beside the weights.

Run it with `python -m recipes.calibrate_edits [MODEL_DIRECTORY]` (about a minute on 2 cores). It makes 600 edits of
100 products, asks about them, about the same products' other attributes and about untouched products, and picks the
one threshold and the one margin. What it asks with is reported nowhere: the regression wordings (`gate`) and the
wordings below, which the model was never trained with and which are no held-out wordings either. The changed values
are drawn from another seed than any report uses. The products are those of the one world there is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from addenda.memories.base import Candidate, Deliver, Task
from addenda.memories.edits import EditsConfig, EditsMemory
from addenda.memories.edits.calibrate import choose_tau
from addenda.models.base import batches
from addenda.models.bundled import World, WorldFact, build_world, weights_directory
from addenda.models.local import LocalModel
from recipes.bundled_model.further_wordings import FURTHER

SEED = 90_210
EDITED_PRODUCTS, UNTOUCHED_PRODUCTS, EDITS = 100, 60, 600
FALSE_HIT_COST = 10.0
"""How much a wrong hit costs against a missed one: an old answer is safer than a wrong one."""
MARGINS = (0.0, 0.05, 0.1)
BACKGROUND_QUESTIONS = 160

UNSEEN: dict[str, tuple[str, ...]] = {
    "noise level": (
        "With {subject} switched on, what would a sound meter read?",
        "I am sensitive to noise: what figure do you state for {subject}?",
        "{subject}を使うと何dBの音が出ますか？",
    ),
    "weight": (
        "What would {subject} read on the scales?",
        "For the carrier I need the mass of {subject}.",
        "{subject}は何kgありますか？",
    ),
    "warranty": (
        "How long do you stand behind {subject} if it fails?",
        "Until which month is a repair of {subject} free of charge?",
        "{subject}의 무상 보증은 몇 개월인가요?",
    ),
    "price": (
        "What is the charge for one {subject}?",
        "How much would {subject} set me back?",
        "{subject}を買うといくらかかりますか？",
    ),
    "colour": (
        "Which shade is {subject}?",
        "Describe the outside of {subject}: what colour do I see?",
        "{subject}은 어떤 색으로 나오나요?",
    ),
    "spare part": (
        "Which component do I fit when {subject} wears out?",
        "Name the part that goes with {subject}.",
        "{subject}を直すにはどの部品が要りますか？",
    ),
    "manufacturing site": (
        "In what place was {subject} put together?",
        "Name the works that turns out {subject}.",
        "{subject}는 어느 곳에서 만들어지나요?",
    ),
    "responsible engineer": (
        "Whom in the technical department do I contact about {subject}?",
        "Name the engineer behind {subject}.",
        "{subject}に詳しい技術者は誰ですか？",
    ),
}
"""Ways to ask that nothing was trained with and nothing is scored with."""


@dataclass(frozen=True)
class Drill:
    """Edits, and the facts that must stay as they are."""

    edits: tuple[tuple[WorldFact, str], ...]
    others: tuple[WorldFact, ...]
    """Unedited attributes of edited products."""
    untouched: tuple[WorldFact, ...]
    """Facts of products without an edit."""


def make_drill(world: World) -> Drill:
    """Draw the edits from this recipe's own seed."""
    random = Random(SEED)
    products = random.sample(world.products, EDITED_PRODUCTS + UNTOUCHED_PRODUCTS)
    facts = [fact for product in products[:EDITED_PRODUCTS] for fact in world.facts_of(product)]
    random.shuffle(facts)
    edits = tuple(
        (fact, random.choice([value for value in world.value_pool(fact.relation) if value != fact.object]))
        for fact in facts[:EDITS]
    )
    untouched = [fact for product in products[EDITED_PRODUCTS:] for fact in world.facts_of(product)]
    return Drill(edits, tuple(facts[EDITS:]), tuple(untouched))


def check_wordings(world: World) -> None:
    """Refuse to calibrate on a wording that is trained or scored."""
    for name, mine in UNSEEN.items():
        relation = world.relations[name]
        taken = {*relation.trained, *relation.held_out, *FURTHER.get(name, ())}
        common = taken.intersection(mine)
        if common:
            raise SystemExit(f"{sorted(common)} of {name!r} are trained or scored; choose other wordings in {__file__}")


def questions(world: World, facts: Sequence[WorldFact], model: LocalModel) -> list[tuple[int, str]]:
    """The calibration questions about these facts, each with its fact's index.

    Only those that the unedited model answers right: whether it understands a wording is not the gate's business.
    """
    asked = [
        (index, wording.format(subject=fact.subject))
        for index, fact in enumerate(facts)
        for wording in (*UNSEEN[fact.relation], *world.relations[fact.relation].gate)
    ]
    kept: list[int] = []
    for part in batches([question for _, question in asked], model.batch_size):
        said = model.answer([asked[i][1] for i in part], max_new_tokens=16)
        kept += [i for i, answer in zip(part, said, strict=True) if answer.text == facts[asked[i][0]].object]
        print(f"asked {len(kept)} questions that the model understands", end="\r")
    return [asked[i] for i in sorted(kept)]


def task(world: World, number: int, fact: WorldFact, value: str) -> Task:
    """One edit as the knowledge base would put it: all edit wordings, and one question per other attribute."""
    others = [other for other in world.facts_of(fact.subject) if other.relation != fact.relation]
    return Task(
        f"{number:016x}",
        tuple(wording.format(subject=fact.subject) for wording in world.relations[fact.relation].edit),
        value,
        tuple(world.relations[other.relation].edit[0].format(subject=fact.subject) for other in others),
    )


def background(world: World) -> tuple[str, ...]:
    """Questions about the whole world, on whose mean activations are centred."""
    random = Random(SEED + 1)
    facts = random.sample([fact for fact in world.facts if fact.relation in UNSEEN], BACKGROUND_QUESTIONS)
    return tuple(random.choice(world.relations[fact.relation].edit).format(subject=fact.subject) for fact in facts)


def choose(memory: EditsMemory, model: LocalModel, world: World, drill: Drill) -> tuple[float, float, dict[str, float]]:
    """The threshold and the margin with the best trade, and what they measure on the calibration questions.

    ``memory`` gates with threshold and margin 0, so that a candidate's threshold is its nearest neighbour's overlap.
    """
    about_edits = questions(world, [fact for fact, _ in drill.edits], model)
    wanted = [f"{index:016x}" for index, _ in about_edits]
    asked = memory.match([question for _, question in about_edits])
    others, untouched = (
        memory.match([question for _, question in questions(world, facts, model)])
        for facts in (drill.others, drill.untouched)
    )

    def beats(row: tuple[Candidate, ...], margin: float) -> bool:
        return row[0].threshold == 0.0 or row[0].score >= row[0].threshold + margin

    best: tuple[float, float, float, dict[str, float]] | None = None
    for margin in MARGINS:
        hits = [(r[0].score, r[0].addendum_id == w and beats(r, margin)) for r, w in zip(asked, wanted, strict=True)]
        misses = [r[0].score if beats(r, margin) else 0.0 for r in (*others, *untouched)]
        tau = choose_tau(hits, misses, FALSE_HIT_COST)
        measured = {
            "recall": sum(right and score >= tau for score, right in hits) / len(hits),
            "kept_other_attributes": sum(score < tau for score in misses[: len(others)]) / len(others),
            "kept_untouched_products": sum(score < tau for score in misses[len(others) :]) / len(untouched),
            "questions": len(asked) + len(others) + len(untouched),
            "nearest_is_right": sum(r[0].addendum_id == w for r, w in zip(asked, wanted, strict=True)) / len(asked),
        }
        refused = (measured["kept_other_attributes"] + measured["kept_untouched_products"]) / 2
        gain = measured["recall"] + FALSE_HIT_COST * refused
        if best is None or gain > best[0]:
            best = (gain, tau, margin, measured)
    assert best is not None
    return best[1:]


def calibrate(model: LocalModel, settings: EditsConfig) -> tuple[EditsConfig, dict[str, float]]:
    """Make the edits, ask, and choose: the calibrated settings, and what was measured."""
    world = build_world()
    check_wordings(world)
    drill = make_drill(world)
    config = settings.model_copy(update={"background": background(world)})
    memory = EditsMemory.create(model, config.model_copy(update={"tau": 0.0, "margin": 0.0}))
    tasks = [task(world, number, fact, value) for number, (fact, value) in enumerate(drill.edits)]
    artefacts = memory.prepare(tasks, lambda done, total: print(f"solved {done} of {total}", end="\r"))
    memory.apply([Deliver(name, data, number) for number, (name, data) in enumerate(artefacts.items())], position=1)
    tau, margin, measured = choose(memory, model, world, drill)
    return config.model_copy(update={"tau": tau, "margin": margin}), measured


def main() -> None:
    """Calibrate and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=str(weights_directory()), help="model directory")
    parser.add_argument("--out", type=Path, help="where to write; edits.json in the model directory by default")
    parser.add_argument("--layer", type=int, help="edited block; by default at 85 percent of the depth")
    parser.add_argument("--columns", type=int, help="columns per mask; by default a quarter of the projection's width")
    arguments = parser.parse_args()
    config, measured = calibrate(
        LocalModel.load(arguments.model, device="cpu"), EditsConfig(layer=arguments.layer, k=arguments.columns)
    )
    path = arguments.out or Path(arguments.model) / "edits.json"
    path.write_text(config.model_dump_json(indent=1) + "\n", encoding="utf-8")
    print(f"\ntau {config.tau}, margin {config.margin}: {measured}\nwritten to {path}")


if __name__ == "__main__":
    main()
