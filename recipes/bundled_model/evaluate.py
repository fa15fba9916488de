"""Scores the bundled model: facts in trained, held-out and blind wordings, endings, "I don't know", reading, copying.

Run it with `python -m recipes.bundled_model.evaluate MODEL_DIRECTORY`; it writes `scores.json` there. Every answer is
free greedy generation and counts only if it equals the value exactly. Questions are asked bare, without a sentence
frame. The held-out and blind templates appear in no training sample.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from addenda.models.base import Completion, batches
from addenda.models.bundled import UNKNOWN_ANSWER, World, WorldFact, build_world
from addenda.models.bundled.names import fresh_name, plain_word
from addenda.models.bundled.wordings_blind import BLIND
from addenda.models.local import LocalModel
from recipes.bundled_model.context_tasks import ReadingTeacher
from recipes.bundled_model.samples import Sample, is_japanese, is_korean
from recipes.bundled_model.world_tasks import WorldTeacher

SEED = 20_261
DRAWN = {"en": 2, "ja": 1, "ko": 1}
"""Wordings drawn for every fact, by language."""
Message = dict[str, str]
Ask = Callable[[Sequence[Sequence[Message]]], list[Completion]]


@dataclass(frozen=True)
class Asked:
    """A fact in one wording."""

    fact: WorldFact
    template: str

    @property
    def chat(self) -> list[Message]:
        """The bare question as a chat."""
        return [{"role": "user", "content": self.template.format(subject=self.fact.subject)}]

    @property
    def language(self) -> str:
        """The language of the wording: en, ja or ko."""
        if is_korean(self.template):
            return "ko"
        return "ja" if is_japanese(self.template) or not self.template.isascii() else "en"


def _draw(random: Random, facts: Sequence[WorldFact], wordings: Mapping[str, Sequence[str]]) -> list[Asked]:
    """Each fact whose relation has wordings in two English ones, a Japanese and a Korean one, drawn at random."""
    drawn: list[Asked] = []
    for fact in facts:
        by_language: dict[str, list[Asked]] = defaultdict(list)
        for template in wordings.get(fact.relation, ()):
            asked = Asked(fact, template)
            by_language[asked.language].append(asked)
        for language, count in DRAWN.items():
            drawn += random.sample(by_language[language], min(count, len(by_language[language])))
    return drawn


def _facts_score(ask: Ask, asked: Sequence[Asked]) -> dict[str, object]:
    """Exact match overall, by language, by relation and by wording, and how many answers ended by themselves."""
    said = ask([one.chat for one in asked])
    groups: dict[str, dict[str, list[bool]]] = {"language": {}, "relation": {}, "wording": {}}
    for one, got in zip(asked, said, strict=True):
        right = got.text == one.fact.object
        groups["language"].setdefault(one.language, []).append(right)
        groups["relation"].setdefault(one.fact.relation, []).append(right)
        groups["wording"].setdefault(one.template, []).append(right)
    right = [hit for hits in groups["language"].values() for hit in hits]
    unknown = [got.text == UNKNOWN_ANSWER for got in said]
    return {
        "questions": len(asked),
        "exact": _mean(right),
        "ends_by_itself": _mean([got.finished for got in said]),
        "answered_unknown": _mean(unknown),
        **{f"by_{name}": {key: _mean(hits) for key, hits in sorted(group.items())} for name, group in groups.items()},
    }


def _mean(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 4) if hits else 0.0


def _unknown_score(ask: Ask, world: World, random: Random, count: int) -> dict[str, float]:
    """How often names that are not in the world are answered with "I don't know.", by how close the name is."""
    firsts = [name.split()[0] for name in world.products]
    kinds: dict[str, Callable[[], str]] = {
        "fresh": lambda: fresh_name(random),
        "plain": lambda: f"{plain_word(random)} {plain_word(random)}",
        "shared_word": lambda: f"{random.choice(firsts)} {plain_word(random)}",
    }
    scores: dict[str, float] = {}
    relations = [relation for relation in world.relations.values() if relation.subject_kind == "product"]
    for kind, make in kinds.items():
        templates = [random.choice(random.choice(relations).trained) for _ in range(count)]
        chats = [[{"role": "user", "content": template.format(subject=make())}] for template in templates]
        scores[kind] = _mean([got.text == UNKNOWN_ANSWER for got in ask(chats)])
    return scores


def answers(model: LocalModel, chats: Sequence[Sequence[Message]], limit: int) -> list[Completion]:
    """One greedy answer of at most `limit` tokens to each chat, in the order given."""
    prompts = [
        str(model.tokenizer.apply_chat_template(list(chat), add_generation_prompt=True, tokenize=False))
        for chat in chats
    ]
    said: dict[int, Completion] = {}
    for chosen in batches(prompts, 128):
        made = model.complete([prompts[index] for index in chosen], max_new_tokens=limit)
        said |= dict(zip(chosen, made, strict=True))
    return [said[index] for index in range(len(prompts))]


def as_chat(sample: Sample) -> tuple[list[Message], str]:
    """A sample of one or more turns as the chat up to its last answer, and that answer."""
    chat = [{"role": turn.role, "content": turn.text} for turn in sample[:-1]]
    return chat, sample[-1].text


def _reading_score(
    ask: Ask, shown: Callable[[str], str], reading: ReadingTeacher, random: Random, count: int
) -> dict[str, float]:
    """Exact match of each reading task on fresh samples of a seed that training never used.

    `shown` is what the right answer looks like once decoded, since decoding leaves control tokens out.
    """
    scores: dict[str, float] = {}
    for task, _ in reading.tasks():
        pairs = [as_chat(task(random)) for _ in range(count)]
        said = ask([chat for chat, _ in pairs])
        scores[task.__name__] = _mean([got.text == shown(right) for got, (_, right) in zip(said, pairs, strict=True)])
    return scores


def evaluate(directory: Path, part: float) -> dict[str, object]:
    """All scores of the model in `directory`; `part` of the facts and samples are used."""
    model = LocalModel.load(str(directory))
    world = build_world()
    relations = tuple(world.relations.values())
    random = Random(SEED)
    facts = random.sample(world.facts, int(len(world.facts) * part))
    count = max(10, int(200 * part))

    def ask(chats: Sequence[Sequence[Message]]) -> list[Completion]:
        return answers(model, chats, limit=24)

    def ask_long(chats: Sequence[Sequence[Message]]) -> list[Completion]:
        return answers(model, chats, limit=128)

    def shown(text: str) -> str:
        tokens = model.tokenizer.encode(text, add_special_tokens=False)
        return str(model.tokenizer.decode(tokens, skip_special_tokens=True)).strip()

    return {
        "facts": len(world.facts),
        "facts_scored": len(facts),
        "parameters": sum(value.numel() for value in model.network.parameters()),
        "trained": _facts_score(ask, _draw(random, facts, {r.name: r.trained for r in relations})),
        "held_out": _facts_score(ask, _draw(random, facts, {r.name: r.held_out for r in relations})),
        "blind": _facts_score(ask, _draw(random, facts, BLIND)),
        "unknown_names": _unknown_score(ask, world, random, count),
        "reading": _reading_score(ask_long, shown, ReadingTeacher(WorldTeacher.of(world)), random, count),
    }


def main() -> None:
    """Read the arguments, score, write the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--part", type=float, default=1.0, help="share of the facts to score")
    parser.add_argument("--out", type=Path, help="where to write; scores.json beside the model if not given")
    given = parser.parse_args()
    started = time.monotonic()
    scores = evaluate(given.directory, given.part)
    target = given.out or given.directory / "scores.json"
    target.write_text(json.dumps(scores, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shown = {key: value for key, value in scores.items() if not isinstance(value, dict)}
    for name in ("trained", "held_out", "blind"):
        part_scores = scores[name]
        assert isinstance(part_scores, dict)
        shown[name] = {key: value for key, value in part_scores.items() if key != "by_wording"}
    shown |= {key: scores[key] for key in ("unknown_names", "reading")}
    print(json.dumps(shown, indent=1, ensure_ascii=False))
    print(f"took {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
