"""What the adapter for taking questions apart is taught and scored with."""

from __future__ import annotations

import re
from itertools import islice
from random import Random

import torch

from addenda.memories.reflections.asking.asked_relations import AskedRelations, language_of
from addenda.memories.reflections.asking.lines import dialogue
from addenda.memories.reflections.asking.local_executive import SKILL, world_templates
from addenda.memories.reflections.asking.messages import Situation
from addenda.memories.reflections.asking.transcript import Entry, Wording
from addenda.memories.reflections.questions import memory_prompt
from addenda.models.adapters import read_card
from addenda.models.bundled import adapter_directory, build_world
from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import REVERSED
from recipes.executive_adapter.described import HELD_OUT_FRAMES
from recipes.executive_adapter.lessons import lesson, lessons, taught
from recipes.executive_adapter.phrases import HELD_OUT, HELD_OUT_NOUNS
from recipes.executive_adapter.questions import Asked, QuestionTeacher
from recipes.executive_adapter.score import groups
from recipes.executive_adapter.train import widened
from recipes.triples_adapters.questions import is_scored

RELATIONS = AskedRelations(world_templates())


def drawn(seed: int, count: int) -> list[Asked]:
    teacher, random = QuestionTeacher.make(seed), Random(seed)
    return [teacher.draw(random) for _ in range(count)]


def test_the_same_seed_gives_the_same_lessons_and_another_seed_others() -> None:
    tokenizer = LocalModel.load().tokenizer
    first, again, other = (list(islice(lessons(tokenizer, seed, 256), 30)) for seed in (3, 3, 4))
    assert first == again != other


def test_no_wording_that_is_scored_as_new_is_in_a_training_question() -> None:
    held = re.compile("|".join(re.escape(one).replace(r"\{x\}", ".+") for many in HELD_OUT.values() for one in many))
    for one in drawn(5, 3000):
        assert not is_scored(one.question)
        assert not set(one.relations) & set(HELD_OUT_NOUNS)
        assert not held.search(one.question.lower())


def test_no_question_from_a_value_that_is_scored_or_measured_is_in_a_training_question() -> None:
    frames = [re.escape(one) for one in (*HELD_OUT_FRAMES, *REVERSED)]
    held = re.compile("|".join(re.sub(r"\\{\w+\\}", ".+", one) for one in frames), re.IGNORECASE)
    teacher, random = QuestionTeacher.make(9), Random(9)
    assert not [one for _ in range(5000) if held.search(one := teacher.described(random).question)]
    scored = next(one for one in groups(9, 20) if one.name == "described_anew_1")
    assert all(held.fullmatch(one.question) for one in scored.asked)


def test_a_question_from_a_value_is_put_as_it_is() -> None:
    teacher, random = QuestionTeacher.make(10), Random(10)
    for language in ("en", "ja", "ko"):
        asked = teacher.described(random, language=language)
        lines = [one.text for one in taught(random, asked, refused=0) if one.role == "assistant"]
        assert lines == ["ask", "answer q1"]
        assert language_of(asked.question) == language


def test_no_fact_of_the_bundled_world_is_taught_though_its_names_are_asked_about() -> None:
    facts = {(fact.subject, fact.relation): fact.object for fact in build_world().facts}
    subjects, asked_about = {name for name, _ in facts}, 0
    for one in drawn(6, 2000):
        names = (one.name, *one.answers)
        asked_about += one.name in subjects
        for name, relation, answer in zip(names, one.relations, one.answers, strict=False):
            assert facts.get((name, relation)) != answer
    assert asked_about > 100


def test_what_is_taught_is_what_the_executive_is_shown() -> None:
    random = Random(7)
    for asked in drawn(7, 300):
        if not asked.relations:
            continue
        turns = taught(random, asked, refused=0, told=0)
        names = [memory_prompt(one) for one in (asked.name, *asked.answers)]
        language = language_of(asked.question)
        entries: list[Entry] = []
        for number, relation in enumerate(asked.relations):
            text = RELATIONS.wordings(relation, names[number], language)[0]
            said = (Wording(text=text, heard="answered", answer=names[number + 1]),)
            entries.append(
                Entry(
                    id=f"q{number + 1}",
                    stage="answer seeking",
                    turn=1,
                    question=text,
                    about=names[number],
                    wordings=said,
                    agreement=0.5,
                )
            )
        shown = Situation(stage="answer seeking", question=asked.question, entries=tuple(entries))
        found = [RELATIONS.relation(one.question, one.about) for one in entries]
        assert found == list(asked.relations)
        if len(set(names)) == len(names):
            assert dialogue(shown, found, turns[1].text) == turns[:-1]


def test_only_the_executive_s_own_lines_are_learned() -> None:
    tokenizer, random = LocalModel.load().tokenizer, Random(8)
    for asked in drawn(8, 50):
        turns = taught(random, asked)
        made = lesson(tokenizer, turns, 256)
        kept = [token for token, learn in zip(made.tokens, made.learn, strict=True) if learn]
        said = tokenizer.decode(kept).replace(str(tokenizer.eos_token), "\n")
        assert [one.strip() for one in said.strip().split("\n")] == [t.text for t in turns if t.role == "assistant"]


def test_widening_an_adapter_does_not_change_what_it_computes() -> None:
    generator = torch.Generator().manual_seed(1)

    def drawn_matrix(rows: int, columns: int) -> torch.Tensor:
        return torch.randn(rows, columns, generator=generator)

    few = {"x.lora_A.weight": drawn_matrix(2, 5), "x.lora_B.weight": drawn_matrix(3, 2)}
    many = {"x.lora_A.weight": drawn_matrix(4, 5), "x.lora_B.weight": drawn_matrix(3, 4)}
    wide = widened(few, many)
    assert torch.allclose(
        wide["x.lora_B.weight"] @ wide["x.lora_A.weight"], few["x.lora_B.weight"] @ few["x.lora_A.weight"], atol=1e-5
    )
    assert torch.equal(wide["x.lora_A.weight"][2:], many["x.lora_A.weight"][2:])


def test_the_groups_are_the_same_every_time_and_the_shipped_card_has_a_score_for_each() -> None:
    found = groups(5, 4)
    assert found == groups(5, 4)
    assert {one.name for one in found} == set(read_card(adapter_directory(SKILL)).scores)
