"""The synthesis: what comes of documents, what code turns away, and that no interruption changes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from addenda.errors import InvalidInput, ModelBusy, ModelUnavailable, StorageUnavailable
from addenda.memories.reflections.questions import is_refusal
from addenda.memories.reflections.reflection import Stage, taken_along
from addenda.memories.reflections.synthesis.chat_generator import ChatGenerator, ChatGeneratorSettings
from addenda.memories.reflections.synthesis.estimating import estimate
from addenda.memories.reflections.synthesis.gathering import GatheringSettings
from addenda.memories.reflections.synthesis.generator import Generator
from addenda.memories.reflections.synthesis.importing import read_reflections
from addenda.memories.reflections.synthesis.outcome import Synthesis
from addenda.memories.reflections.synthesis.passages import CorpusDocument, PassageSettings, passages
from addenda.memories.reflections.synthesis.requests import (
    CheckRequest,
    CrossedPairs,
    MergedPairs,
    Rewritten,
    SurfacedPairs,
    Verdicts,
)
from addenda.memories.reflections.synthesis.settings import SYNTHESIS, SynthesisSettings
from addenda.memories.reflections.synthesis.stages import ANSWERS, REFLECTIONS, synthesise
from addenda.memories.reflections.synthesis.world_generator import WorldGenerator
from addenda.models.remote import RemoteModel
from tests.chat_server import Answer, ChatServer, Raw, Request, Turn, problem
from tests.memories.reflections.scripted_generator import Interrupted, Scripted


def document(name: str, text: str) -> CorpusDocument:
    return CorpusDocument(id=name, title=name, text=text)


WORLD = (
    document("quell", "The noise level of Brisano Quell is 43 dB. Brisano Quell costs 349 euros. The spare part of "
             "Brisano Quell is Fennick. Brisano Quell is made in Hallvik."),
    document("dray", "# Okrello Dray\n\nOkrello Dray costs 529 euros. The Okrello Dray is assembled at the Hallvik "
             "plant. It has a nice handle. The spare part of Okrello Dray is Tostrup."),
    document("fennick", "The stock bay of Fennick is bay 27C."),
    document("hallvik", "Ilse Brandvold manages the Hallvik site. What will the weather be? We do not know."),
)  # fmt: skip
"""Pages as the bundled world writes them, about things that are not in it."""

PATIENT = GatheringSettings(first_pause=0.0)


def made(
    folder: Path,
    generator: Generator | None = None,
    documents: tuple[CorpusDocument, ...] = WORLD,
    stages: tuple[Stage, ...] = SYNTHESIS,
    **settings: object,
) -> Synthesis:
    usual: dict[str, object] = {"stages": stages, "gathering": PATIENT, "unanswerable_share": 1.0}
    chosen = SynthesisSettings.model_validate(usual | settings)
    return synthesise(documents, generator or world(), folder, settings=chosen)


@cache
def world() -> WorldGenerator:
    return WorldGenerator(phrasings=1)


def said(found: Synthesis, stage: Stage) -> list[tuple[str, str]]:
    return [(one.question, one.answer) for one in found.reflections if one.stage == stage]


def described(pairs: list[tuple[str, str]], clues: str) -> list[str]:
    """The answers to the questions with these clues and no others, whatever is around them."""
    return [
        answer for question, answer in pairs if clues in question and question.count(" the ") <= clues.count("the ") + 1
    ]


def refused(found: Synthesis, stage: Stage) -> list[tuple[str, str]]:
    return [(one.reason, one.detail) for one in found.rejects if one.stage == stage]


# -- what comes of documents of the bundled world ----------------------------------------------------------------------


def test_every_statement_becomes_a_fact_with_its_own_place(tmp_path: Path) -> None:
    found = made(tmp_path, stages=("direct",))
    assert said(found, "direct")[:2] == [
        ("What is the noise level of Brisano Quell?", "43 dB"), ("What is the price of Brisano Quell?", "349 euros"),
    ]  # fmt: skip
    assert len(found.reflections) == 9
    texts = {one.id: one.text for one in WORLD}
    (span,) = found.reflections[1].sources
    assert texts[span.document][span.start : span.end] == "Brisano Quell costs 349 euros."


def test_chains_enumerations_and_descriptions_come_across_documents(tmp_path: Path) -> None:
    crossed = said(made(tmp_path), "cross-document")
    assert ("What is the stock bay of the spare part of Brisano Quell?", "bay 27C.") in crossed
    assert ("What is the manager of the manufacturing site of Okrello Dray?", "Ilse Brandvold.") in crossed
    assert ("Which products have the manufacturing site Hallvik?", "Brisano Quell and Okrello Dray.") in crossed
    assert described(crossed, "the noise level 43 dB and a spare part with the stock bay bay 27C") == ["Brisano Quell."]


def test_a_description_that_fits_two_is_not_taken(tmp_path: Path) -> None:
    found = made(tmp_path)
    surfaced = said(found, "surfaced")
    assert "Brisano Quell." in described(surfaced, "the price 349 euros")
    assert all(" and " in question for question, _ in surfaced if "site Hallvik" in question and "product" in question)
    assert ("not discriminating", "it fits okrello dray as well") in refused(found, "surfaced")


def test_refusals_are_taught_for_what_no_fact_answers(tmp_path: Path) -> None:
    found = made(tmp_path)
    facts = {question for question, _ in said(found, "direct")}
    asked = said(found, "unanswerable")
    assert len(asked) >= 4
    assert all(is_refusal(answer) for _, answer in asked)
    assert not facts & {question for question, _ in asked}
    near_misses = [one for one in found.reflections if one.stage == "unanswerable" and len(one.documents) == 2]
    assert {one.entity for one in near_misses} <= {"Brisano Quell", "Okrello Dray", "Fennick", "Tostrup", "Hallvik"}
    assert near_misses


def test_no_near_miss_is_taken_that_another_wording_of_the_facts_answers(tmp_path: Path) -> None:
    # Showing only the nearest facts left out the answer where a name had many.
    one = {"noise level": "has a noise level of 43 dB", "weight": "weighs 4.7 kg", "price": "costs 349 euros",
           "warranty": "has a warranty of 48 months", "colour": "is delivered in smoky teal",
           "site": "is made in Hallvik", "part": "takes the spare part Fennick"}  # fmt: skip
    pages = [
        document(name, " ".join(f"{name} {told}." for told in one.values()) + f" {name} is looked after by {who}.")
        for name, who in (("Brisano Quell", "Maren Tostrup"), ("Okrello Dray", "Ilse Brandvold"))
    ]
    found = made(tmp_path, WorldGenerator(phrasings=6), documents=tuple(pages), stages=("direct", "unanswerable"))
    refusals = [one for one in found.reflections if one.stage == "unanswerable"]
    assert refusals
    assert not any("Brisano Quell" in one.question or "Okrello Dray" in one.question for one in refusals)


def test_withdrawing_a_document_names_everything_made_with_it(tmp_path: Path) -> None:
    found = made(tmp_path)
    gone = {one.id for one in taken_along(found.reflections, ["fennick"])}
    left = [one for one in found.reflections if one.id not in gone]
    assert not any("bay 27C" in one.question + one.answer for one in left)
    ids = {one.id for one in left}
    assert all(set(one.parents) <= ids for one in left)
    assert {one.stage for one in found.reflections if one.id in gone} >= {"direct", "surfaced", "cross-document"}


def test_documents_in_other_words_get_no_reflections_and_the_counts_show_it(tmp_path: Path) -> None:
    text = "Somebody left an umbrella in the meeting room, and it lies in ruins."
    found = made(tmp_path, documents=(document("a", text),))
    assert found.reflections == ()
    assert [(count.asked, count.taken) for count in found.counts.values()][:2] == [(1, 0), (1, 0)]


def test_two_documents_that_disagree_are_reported_and_both_kept(tmp_path: Path) -> None:
    later = document("later", "The Brisano Quell sells for 299 euros.")
    found = made(tmp_path, documents=(*WORLD, later), stages=("direct",))
    (conflict,) = found.conflicts
    assert conflict.question == "What is the price of Brisano Quell?"
    assert len(conflict.reflections) == 2


# -- interruptions -----------------------------------------------------------------------------------------------------


def test_a_run_that_breaks_off_anywhere_ends_the_same_and_asks_nothing_twice(tmp_path: Path) -> None:
    whole = Interrupted(world())
    expected = made(tmp_path / "whole", whole)
    total = len(whole.asked)
    for number in range(0, total, 4):
        folder = tmp_path / str(number)
        first, second = (Interrupted(world(), left) for left in (number, total))
        with pytest.raises(ModelUnavailable):
            made(folder, first)
        found = made(folder, second)
        assert (found.reflections, found.rejects) == (expected.reflections, expected.rejects)
        assert len(second.asked) == total - number
        assert (folder / REFLECTIONS).read_bytes() == (tmp_path / "whole" / REFLECTIONS).read_bytes()


def test_side_by_side_makes_the_same_as_one_after_the_other(tmp_path: Path) -> None:
    side_by_side = made(tmp_path / "4", Interrupted(world(), at_once=4))
    assert side_by_side.reflections == made(tmp_path / "1").reflections


def test_a_changed_document_asks_only_for_what_it_changes(tmp_path: Path) -> None:
    made(tmp_path, stages=("direct",))
    again = Interrupted(world())
    changed = document("fennick", "The stock bay of Fennick is bay 11A.")
    found = made(tmp_path, again, documents=(*WORLD[:2], changed, WORLD[3]), stages=("direct",))
    assert len(again.asked) == 2  # the passage, and the check of its one fact
    assert ("What is the stock bay of Fennick?", "bay 11A") in said(found, "direct")


KILLED = """
import sys, time
from pathlib import Path
from addenda.memories.reflections.synthesis.world_generator import WorldGenerator
from tests.memories.reflections.test_synthesis import made

class Slow(WorldGenerator):
    def facts(self, request):
        time.sleep(0.05)
        return super().facts(request)

made(Path(sys.argv[1]), Slow(phrasings=1))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_killed_process_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], env=environment)
    answers = folder / ANSWERS
    while process.poll() is None and not (answers.is_file() and answers.read_bytes().count(b"\n") > 2):
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = answers.read_bytes().count(b"\n") - 1
    whole, rest = (Interrupted(world()) for _ in range(2))
    expected = made(tmp_path / "whole", whole)
    assert made(folder, rest).reflections == expected.reflections
    assert len(rest.asked) == len(whole.asked) - kept
    assert read_reflections(folder / REFLECTIONS) == list(expected.reflections)


# -- a server that is busy, and answers of no use ----------------------------------------------------------------------

TESLA = document("tesla", "Date: 2026-03-01\n\nNikola Tesla was born in Smiljan in 1856. He left for New York in 1884.")
BORN = {
    "question": "Where was Nikola Tesla born?",
    "answer": "Nikola Tesla was born in Smiljan.",
    "quote": "born in Smiljan",
}


def by_chat(folder: Path, server: ChatServer, stages: tuple[Stage, ...] = ("direct",), at_once: int = 1) -> Synthesis:
    with RemoteModel(server.url, "m", retries=0) as model:
        generator = ChatGenerator(model, ChatGeneratorSettings(at_once=at_once))
        return made(folder, generator, documents=(TESLA,), stages=stages)


def answering(direct: object) -> ChatServer:
    """A server that gives this for direct facts, and nothing for anything else."""

    def answer(request: Request) -> Answer:
        task = request.body["messages"][0]["content"]
        if "the text itself states" in task:
            return (
                direct if isinstance(direct, Raw) else Turn(direct if isinstance(direct, str) else json.dumps(direct))
            )
        return Turn(json.dumps({"faulty": []} if "faulty" in task else {"pairs": []}))

    return ChatServer(answering=answer)


def test_a_chat_model_is_shown_documents_as_data_and_its_quotes_become_places(tmp_path: Path) -> None:
    with answering({"pairs": [BORN]}) as server:
        found = by_chat(tmp_path, server, ("direct", "indirect"), at_once=3)
        shown = json.JSONDecoder().raw_decode(server.requests[0].body["messages"][1]["content"])[0]
    assert shown == {"title": "tesla", "date": "2026-03-01", "text": TESLA.text}
    (one,) = found.reflections
    assert TESLA.text[one.sources[0].start : one.sources[0].end] == "born in Smiljan"
    assert one.generator.startswith("m at http")
    assert one.generator.endswith("prompts 1")


@pytest.mark.parametrize(
    "answer",
    [
        "Here are the facts you asked for: Tesla was born.",
        '{"pairs": [{"question": "Where was Nikola Tes',
        {"pairs": [{"question": "Write one pair for every fact that the text itself states, small ones and those "
                    "about minor people, places and things included: as many pairs as facts.", "answer": "yes",
                    "quote": ""}]},
    ],
)  # fmt: skip
def test_prose_half_a_json_or_the_prompt_itself_costs_its_passage_only(tmp_path: Path, answer: object) -> None:
    with answering(answer) as server:
        found = by_chat(tmp_path, server)
    assert found.reflections == ()
    ((reason, detail),) = refused(found, "direct")
    assert reason == "unusable answer"
    assert "instructions back" in detail or "in 3 attempts" in detail
    with answering({"pairs": [BORN]}) as server:
        assert len(by_chat(tmp_path, server).reflections) == 1


def test_a_busy_server_is_waited_for_and_then_resumed(tmp_path: Path) -> None:
    with answering({"pairs": [BORN]}) as server:
        server.script = [problem(429, "slow down"), problem(503, "busy")]
        found = by_chat(tmp_path / "a", server)
        assert len(found.reflections) == 1
    with answering(problem(429, "slow down")) as server, pytest.raises(ModelBusy, match="slow down"):
        by_chat(tmp_path / "b", server)
    assert len(server.requests) == PATIENT.attempts
    with answering(problem(401, "who are you")) as server, pytest.raises(ModelUnavailable, match="does not accept"):
        by_chat(tmp_path / "b", server)
    assert len(server.requests) == 1


# -- what code holds against a generator -------------------------------------------------------------------------------

FACTS = (("Where was Nikola Tesla born?", "In Smiljan."), ("When was Nikola Tesla born?", "In 1856."))


def test_pairs_that_are_made_up_or_speak_of_the_text_are_turned_away(tmp_path: Path) -> None:
    pairs = (
        *FACTS,
        ("Where was Nikola Tesla born?", "In Smiljan in 1856."),
        ("What does the passage say about Nikola Tesla?", "He left."),
        ("Where was Nikola Tesla born at last?", "In the city of Belgrade."),
        ("When did Nikola Tesla leave?", "In 1885."),
    )
    found = made(tmp_path, Scripted(made=pairs), documents=(TESLA,), stages=("direct",))
    assert said(found, "direct") == list(FACTS)
    assert sorted(refused(found, "direct")) == [
        ("duplicate", "answered 'In Smiljan.' before"), ("mentions the document", "the passage"),
        ("ungrounded", "1885"), ("ungrounded", "Belgrade"),
    ]  # fmt: skip


def test_what_cannot_be_understood_is_rewritten_with_the_same_fact_or_dropped(tmp_path: Path) -> None:
    def checked(request: CheckRequest) -> Verdicts:
        faulty = [n for n, one in enumerate(request.pairs, 1) if "the town" in one.question]
        return Verdicts.model_validate({"faulty": [{"number": n, "violations": ["vague reference"]} for n in faulty]})

    def rewriting(question: str, answer: str) -> Scripted:
        pairs = (("When was he born?", "In 1856."), ("Who is from the town?", "Nikola Tesla."))
        given = {"Who is from the town?": Rewritten(question="Who is from the town?", answer="Nikola Tesla.")}
        better = Rewritten(question=question, answer=answer)
        return Scripted(made=pairs, checked=checked, rewritten=lambda one: given.get(one.pair.question, better))

    found = made(tmp_path / "a", rewriting("When was Nikola Tesla born?", "In 1856."), (TESLA,), ("direct",))
    assert said(found, "direct") == [("When was Nikola Tesla born?", "In 1856.")]
    assert refused(found, "direct") == [("not self-contained", "vague reference")]
    found = made(tmp_path / "b", rewriting("When did Nikola Tesla leave?", "In 1884."), (TESLA,), ("direct",))
    assert ("fact changed", "lost 1856") in refused(found, "direct")
    assert said(found, "direct") == []


@pytest.mark.parametrize(
    ("question", "answer", "facts", "reason"),
    [
        ("Who, like Tesla, was born in Smiljan?", "Nikola Tesla.", [1], "names the entity"),
        ("Who was born in Smiljan?", "The inventor.", [1], "does not name the entity"),
        ("Who was born in Smiljan?", "Nikola Tesla.", [7], "wrong sources"),
        ("Who is the greatest?", "Nikola Tesla.", [1], "not discriminating"),
        ("Who was born in Smiljan?", "Nikola Tesla.", [1], ""),
    ],
)
def test_a_description_is_held_against_code(
    tmp_path: Path, question: str, answer: str, facts: list[int], reason: str
) -> None:
    pair = {"entity": "Nikola Tesla", "question": question, "answer": answer, "facts_used": facts}
    script = Scripted(made=FACTS, surfaced=SurfacedPairs.model_validate({"pairs": [pair, pair]}))
    found = made(tmp_path, script, (TESLA,), ("direct", "surfaced"))
    reasons = [found_reason for found_reason, _ in refused(found, "surfaced")]
    assert reasons == ([reason] * 2 if reason else ["repeated facts"])


def test_the_same_facts_describe_a_name_as_often_as_the_settings_say(tmp_path: Path) -> None:
    questions = ("Who was born in Smiljan?", "Whose place of birth is Smiljan?", "Smiljan is whose place of birth?")
    pairs = [{"entity": "Nikola Tesla", "question": q, "answer": "Nikola Tesla.", "facts_used": [1]} for q in questions]
    script = Scripted(made=FACTS, surfaced=SurfacedPairs.model_validate({"pairs": pairs}))
    found = made(tmp_path, script, (TESLA,), ("direct", "surfaced"), surfaced_wordings=2)
    assert said(found, "surfaced") == [(question, "Nikola Tesla.") for question in questions[:2]]
    assert [reason for reason, _ in refused(found, "surfaced")] == ["repeated facts"]


def test_what_one_fact_tells_of_is_described_in_as_many_questions_as_what_many_do(tmp_path: Path) -> None:
    """Else a memory model gives a name back by one wording only."""
    found = synthesise(WORLD, world(), tmp_path, settings=world().fitting(SynthesisSettings()))
    descriptions = said(found, "surfaced")
    asked = {value: {q for q, _ in descriptions if value in q} for value in ("bay 27C", "Ilse Brandvold", "Fennick")}
    assert [len(questions) for questions in asked.values()] == [5, 5, 5]
    assert {answer for question, answer in descriptions if question in asked["bay 27C"]} == {"Fennick."}


def test_merged_and_crossed_pairs_must_say_what_they_are_made_of(tmp_path: Path) -> None:
    merged = {"question": "Where and when was Nikola Tesla born?", "answer": "In Smiljan in 1856."}
    crossed = {"kind": "chain", "entity": "", "question": "Where was he born?", "answer": "In Smiljan."}
    script = Scripted(
        made=FACTS,
        merged=MergedPairs.model_validate(
            {"pairs": [{**merged, "combined_from": [1]}, {**merged, "combined_from": [1, 2]}]}
        ),
        crossed=CrossedPairs.model_validate({"pairs": [{**crossed, "facts_used": [1]}]}),
    )
    other = document("other", TESLA.text.replace("Date", "date"))
    found = made(tmp_path, script, (TESLA, other), ("direct", "consolidated", "cross-document"), consolidate_from=2)
    assert [reason for reason, _ in refused(found, "consolidated")] == ["wrong sources"] * 2
    assert len(said(found, "consolidated")) == 2
    (one, _) = (one for one in found.reflections if one.stage == "consolidated")
    assert one.parents == tuple(fact.id for fact in found.reflections[:2])
    assert [reason for reason, _ in refused(found, "cross-document")] == ["wrong sources"]


def test_a_question_that_the_generator_can_answer_is_not_taught_as_a_refusal(tmp_path: Path) -> None:
    found = made(tmp_path, Scripted(made=FACTS, known_=True), (TESLA,), ("direct", "unanswerable"))
    assert said(found, "unanswerable") == []
    assert {reason for reason, _ in refused(found, "unanswerable")} == {"known"}


# -- corpora, limits and the estimate ----------------------------------------------------------------------------------


def test_a_corpus_that_cannot_be_used_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    huge = document("huge", "x" * 50_000_000)
    for documents, why in (
        ((), "no documents"), ((WORLD[0], WORLD[0]), "two documents have the id 'quell'"),
        ((document("dots", "..."),), "no letter or digit"), ((*WORLD, huge), r"'huge' has 50,000,000 characters"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=why):
            made(tmp_path / "work", documents=documents)
        with pytest.raises(InvalidInput, match=why):
            estimate(documents)
    assert not (tmp_path / "work").exists()


def test_a_work_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="check that its folder"):
        made(tmp_path / "file" / "work")


def test_the_limit_of_calls_ends_a_run_that_can_be_gone_on_with(tmp_path: Path) -> None:
    gathering = GatheringSettings(first_pause=0.0, most_calls=5)
    with pytest.raises(InvalidInput, match=r"limit of 5 calls .*kept"):
        made(tmp_path, gathering=gathering)
    found = made(tmp_path)
    assert sum(count.resumed for count in found.counts.values()) == 5
    assert found.reflections == made(tmp_path / "whole").reflections


def test_the_estimate_knows_passages_and_groups_and_says_no(tmp_path: Path) -> None:
    cost = estimate(WORLD)
    found = made(tmp_path)
    assert (cost.documents, cost.passages) == (4, 4)
    asked = sum(count.asked for count in found.counts.values())
    assert asked / 2 < cost.calls < asked * 2
    with pytest.raises(InvalidInput, match=rf"about {cost.calls:,} calls, and 3 are allowed"):
        cost.check(most_calls=3)


def test_passages_cover_a_long_document_with_whole_sentences_and_an_overlap() -> None:
    text = " ".join(f"Sentence number {n} tells something." for n in range(100))
    cut = list(passages(document("long", text), PassageSettings(passage_characters=400, overlap_characters=80)))
    assert cut[0].start == 0
    assert cut[-1].end == len(text)
    assert all(len(one.text) <= 400 and one.text.endswith(".") for one in cut)
    assert all(after.start < before.end for before, after in pairwise(cut))


def test_what_is_made_does_not_depend_on_the_ids_of_documents(tmp_path: Path) -> None:
    """They differ in every knowledge base; once refusals were drawn by them, so no run could be repeated."""
    renamed = tuple(one.model_copy(update={"id": f"{9 - number}"}) for number, one in enumerate(WORLD))
    one, other = made(tmp_path / "one"), made(tmp_path / "other", documents=renamed)
    assert [(a.stage, a.question, a.answer) for a in one.reflections] == [
        (b.stage, b.question, b.answer) for b in other.reflections
    ]


def test_the_generator_of_the_world_makes_room_for_every_wording_of_a_page() -> None:
    generator = WorldGenerator(phrasings=6)
    fitted = generator.fitting(SynthesisSettings())
    assert (fitted.pairs_at_once, fitted.crossed_pairs, fitted.surfaced_wordings) == (60, 60, 5)
    more = SynthesisSettings(pairs_at_once=150, stages=("direct",))
    assert generator.fitting(more) == more.model_copy(update={"crossed_pairs": 60, "surfaced_wordings": 5})
