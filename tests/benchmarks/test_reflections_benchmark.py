"""The reflections benchmark: its corpora hold what they say, and its parts run."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from addenda.errors import InvalidInput
from addenda.memories.reflections.questions import is_refusal
from addenda.models.bundled.world import build_world
from addenda.text import normalised
from benchmarks import (
    reflections_capacity,
    reflections_found,
    reflections_knowledge,
    reflections_latency,
    reflections_noise,
    reflections_retrieval,
    reflections_squad,
    reflections_synthesis,
    reflections_throughput,
    reflections_withdrawal,
)
from benchmarks.reflections_corpora import BUNDLED_SEED, build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import Setup, is_right, once, trained
from benchmarks.reflections_plots import draw
from benchmarks.results import Part

SMALL = Setup(products=1, questions=1, training={"epochs": 0.3, "least_steps": 1, "evaluations": 1, "scored": 1})
"""Trained for a step or two: every line runs, and nothing is known."""
TOWNS = (
    ("Ulmenau was founded by Count Erhard.", "who founded Ulmenau", "Count Erhard"),
    ("The mill is run by Tova Lind.", "who runs the mill", "Tova Lind"),
    ("Nobody asks about this bridge.", "who built the bridge", "nobody"),
)
"""Passages with what is asked about them and its answer; the last is beyond what is taken."""


def test_a_corpus_answers_what_is_asked_inside_it_and_nothing_else() -> None:
    corpus = build_corpus(90, 12)
    texts = {one.id: one.text for one in corpus.documents}
    sets = question_sets(corpus, most=60)
    for asked in (sets.one_hop, sets.reversed, sets.two_hop, sets.three_hop):
        for one in asked:
            assert not one.refused
            assert one.answer in texts[one.documents[-1]] or one.answer == one.subject
    assert all(fact.object not in texts[corpus.document_of(fact.subject)] for fact in corpus.omitted)
    for asked in (sets.unknown_names, sets.near_misses, sets.bundled_world):
        assert asked
        assert all(one.refused and one.subject not in corpus.subjects for one in asked)
    assert {one.subject for one in sets.unstated} <= set(corpus.subjects)
    assert set(corpus.subjects).isdisjoint(fact.subject for fact in build_world(BUNDLED_SEED).facts)


def test_questions_are_in_words_that_no_reflection_has() -> None:
    corpus = build_corpus(90, 12)
    taught = {normalised(one.question) for one in reflections_of(corpus)}
    sets = question_sets(corpus, most=60)
    for field in dataclasses.fields(sets):
        if field.name != "two_hop":
            assert taught.isdisjoint(normalised(one.text) for one in getattr(sets, field.name)), field.name
    assert question_sets(corpus, most=60) == sets


def test_products_of_two_parts_of_a_world_are_different_ones() -> None:
    first, second = build_corpus(90, 4), build_corpus(90, 4, first=4)
    assert set(first.world.products).isdisjoint(second.world.products)
    shared = {one.id for one in first.documents} & {one.id for one in second.documents}
    texts = {one.id: one.text for one in first.documents}
    assert all(texts[one.id] == one.text for one in second.documents if one.id in shared)
    with pytest.raises(ValueError, match="products 298 to 301"):
        build_corpus(90, 4, first=298)
    with pytest.raises(ValueError, match="seed 7"):
        build_corpus(BUNDLED_SEED, 4)


def test_the_part_knowledge_runs_whole(capsys: pytest.CaptureFixture[str]) -> None:
    part = reflections_knowledge.measure((90,), dataclasses.replace(SMALL, products=2, questions=4))
    assert {"one_hop", "reversed", "two_hop_protocol", "idk_outside", "idk_answerable", "base_one_hop"} <= set(
        part.metrics
    )
    asked = [item for item in part.items if item["model"] == "memory"]
    assert {item["set"] for item in asked} >= {"one_hop", "unstated", "three_hop_protocol"}
    assert all(item["refused"] == is_refusal(str(item["said"])) for item in asked)
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("part", "shortened", "metrics", "place", "row"),
    [
        (reflections_withdrawal, {}, {"withdrawn_answers", "kept_answers_lowest", "other_value_answers"}, "", ""),
        (
            reflections_synthesis,
            {"STAGES": ("surfaced",)},
            {"one_hop", "reversed_without_surfacing"},
            "stages",
            "without surfaced",
        ),
        (reflections_noise, {"TIMES": (0, 1)}, {"one_hop_0x", "idk_outside_1x"}, "noise", "1 times"),
        (reflections_capacity, {"SIZES": (1,)}, set[str](), "capacity", "19"),
        (
            reflections_latency,
            {"FACTORS": (1, 2)},
            {"latency_ratio_100x", "direct_accuracy_1x", "reflections_2x"},
            "latency",
            "2x",
        ),
        (
            reflections_retrieval,
            {"searches": lambda corpus, _: [("first", lambda _: [one.text for one in corpus.documents][:1])]},
            {"one_hop_single_turn_memory", "two_hop_protocol_first"},
            "searches",
            "first, single turn",
        ),
        (
            reflections_found,
            {"searches": lambda corpus, _: [("first", lambda _: [one.text for one in corpus.documents][:1])]},
            {"found_one_hop_first", "found_two_hop_first"},
            "found",
            "first",
        ),
        (
            reflections_throughput,
            {"BATCH": 2, "QUICK": SMALL},
            {"training_throughput_ratio_packed_float32"},
            "throughput",
            "packed, float32, one core",
        ),
    ],
    ids=lambda one: one.__name__.rpartition("_")[2] if isinstance(one, ModuleType) else "",
)
def test_the_other_parts_run_whole(
    part: ModuleType,
    shortened: dict[str, object],
    metrics: set[str],
    place: str,
    row: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    table_of: Callable[[str, str, Part], str],
) -> None:
    for name, value in shortened.items():
        monkeypatch.setattr(part, name, value)
    found = part.measure((90,), SMALL)
    assert metrics <= set(found.metrics)
    assert found.metrics
    assert list(found.items)
    if place:
        table = table_of(place, part.__name__.rpartition("_")[2], found)
        assert f"\n| {row} |" in table
        assert "1 corpus" in table
        plot = tmp_path / "plot.svg"
        draw(plot, quick=False)
        assert plot.is_file() == (place in {"noise", "capacity", "latency"})


def test_the_part_squad_asks_what_people_asked_of_the_first_passages(
    tmp_path: Path, table_of: Callable[[str, str, Part], str]
) -> None:
    passages = [
        {"id": f"p{at}", "context": text, "questions": [{"question": f"And {asked}?", "answer": answer}]}
        for at, (text, asked, answer) in enumerate(TOWNS)
    ]
    (tmp_path / "passages.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in passages), encoding="utf-8")
    pairs = [
        {"passage_id": f"p{at}", "question": f"Now {asked}?", "answer": text, "generator": reflections_squad.GENERATOR}
        for at, (text, asked, _) in enumerate(TOWNS)
    ]
    pairs.append({**pairs[0], "question": "By another?", "generator": "another"})
    with gzip.open(tmp_path / "reflections.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(one)}\n" for one in pairs)
    part = reflections_squad.measure((90,), dataclasses.replace(SMALL, squad=tmp_path))
    assert part.metrics["passages"] == part.metrics["reflections"] == 2
    asked = {(item["kind"], item["question"]) for item in part.items}
    assert asked == {
        ("people", "And who founded Ulmenau?"),
        ("people", "And who runs the mill?"),
        ("taught", "Now who founded Ulmenau?"),
        ("taught", "Now who runs the mill?"),
    }
    assert "\n| bundled model, untaught |" in table_of("people", "squad", part)


def test_the_part_squad_says_that_it_needs_a_folder() -> None:
    with pytest.raises(InvalidInput, match="--squad FOLDER"):
        reflections_squad.measure((90,), SMALL)


def test_right_is_the_expected_value_or_a_refusal_where_nothing_is_known() -> None:
    corpus = build_corpus(90, 2)
    sets = question_sets(corpus, most=2)
    known, unknown = sets.one_hop[0], sets.unknown_names[0]
    assert is_right(known, f"{known.answer.upper()}.")
    assert not is_right(known, "I don't know.")
    assert is_right(unknown, "I don't know.")
    assert not is_right(unknown, known.answer)


def test_what_was_measured_is_not_measured_again_unless_the_setup_is_another(tmp_path: Path) -> None:
    measured: list[int] = []

    def measure() -> dict[str, object]:
        measured.append(1)
        return {"rows": [len(measured)]}

    kept = Setup(products=2, work=tmp_path / "work")
    assert once(kept, "part-1", measure) == once(kept, "part-1", measure) == {"rows": [1]}
    assert once(kept, "part-2", measure) == {"rows": [2]}
    assert once(dataclasses.replace(kept, products=3), "part-1", measure) == {"rows": [3]}
    assert once(Setup(products=3), "part-1", measure) == {"rows": [4]}


def test_a_model_that_was_trained_is_not_trained_again_where_there_is_a_folder_for_work(tmp_path: Path) -> None:
    reflections = reflections_of(build_corpus(90, 1))
    setup = dataclasses.replace(SMALL, work=tmp_path)
    with trained(setup, reflections) as first:
        assert (first.folder / "memory.json").is_file()
    with trained(setup, reflections) as again:
        assert (again.folder, again.report.loss, again.seconds) == (first.folder, first.report.loss, first.seconds)
        assert again.report.tokens_per_second == first.report.tokens_per_second
    with trained(setup, reflections, {"seed": 1}) as other:
        assert other.folder != first.folder
    with trained(SMALL, reflections) as passing:
        assert tmp_path not in passing.folder.parents
    assert not passing.folder.exists()
