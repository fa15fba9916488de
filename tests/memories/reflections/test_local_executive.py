"""The executive that works offline: what its model says is a step or a wasted turn, and the one that ships works."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput, ModelMismatch
from addenda.memories.reflections.asking.asked_relations import AskedRelations, language_of
from addenda.memories.reflections.asking.budget import Budget, Meter
from addenda.memories.reflections.asking.consultation import Consultation
from addenda.memories.reflections.asking.copied_tokens import LineTokens
from addenda.memories.reflections.asking.lines import (
    ANSWER,
    ITSELF,
    NOTHING,
    SEPARATOR,
    AskItself,
    Finish,
    GiveUp,
    Step,
    dialogue,
    read_line,
)
from addenda.memories.reflections.asking.local_executive import SKILL, LocalExecutive, world_templates
from addenda.memories.reflections.asking.messages import Situation
from addenda.memories.reflections.asking.protocol import Consulting
from addenda.memories.reflections.asking.transcript import Entry, Wording
from addenda.memories.reflections.questions import REFUSAL
from addenda.models.adapters import AdapterCard, save_adapter
from addenda.models.bundled.names import plain_word
from addenda.models.local import LocalModel
from addenda.models.lora import LoraSettings, add_lora
from addenda.models.scripted import ScriptedModel

QUESTION = "What is the extension of the manager of the site where Zarvo Nuxel is made?"
RELATIONS = AskedRelations(world_templates())


def entry(number: int, about: str, relation: str, answer: str) -> Entry:
    question = RELATIONS.wordings(relation, about, "en")[0]
    heard = "answered" if answer else "refused"
    wordings = (Wording(text=question, heard=heard, answer=answer or REFUSAL),)
    return Entry(
        id=f"q{number}",
        stage="answer seeking",
        turn=number,
        question=question,
        about=about,
        wordings=wordings,
        agreement=0.5,
    )


ENTRIES = (
    entry(1, "Zarvo Nuxel", "manufacturing site", "It is Fuporn."),
    entry(2, "Fuporn", "manager", "Tib Kalo"),
    entry(3, "Tib Kalo", "extension", ""),
)
SITUATION = Situation(stage="answer seeking", question=QUESTION, entries=ENTRIES, current="Zarvo Nuxel")


@cache
def bundled() -> LocalModel:
    return LocalModel.load()


@cache
def shipped() -> LocalExecutive:
    return LocalExecutive.load(bundled())


class Facts(ScriptedModel):
    """A memory model that answers every wording about these facts, and knows nothing else."""

    def __init__(self, *facts: tuple[str, str, str]) -> None:
        super().__init__(
            {
                wording: value
                for subject, relation, value in facts
                for language in ("en", "ja", "ko")
                for wording in RELATIONS.wordings(relation, subject, language)
            }
        )


def consulted(question: str, *facts: tuple[str, str, str], budget: Budget | None = None) -> Consultation:
    return Consulting(shipped(), Facts(*facts), budget=budget).ask(question)


PIECES = st.sampled_from(
    [
        ITSELF,
        NOTHING,
        ANSWER,
        SEPARATOR,
        "q1",
        "q2",
        "q3",
        "q9",
        " ",
        "Zarvo Nuxel",
        "Fuporn",
        "manager",
        "Nobody",
        "\n",
    ]
)


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=7).map("".join)))
def test_whatever_a_line_says_it_is_a_step_of_what_was_shown_or_invalid_input(line: str) -> None:
    try:
        said = read_line(line, SITUATION)
    except InvalidInput:
        return
    if isinstance(said, Step):
        assert all(said.relations)
        assert said.name.casefold() in " ".join([QUESTION, "It is Fuporn", "Tib Kalo"]).casefold()
    if isinstance(said, Finish):
        assert said.entry.known


def test_lines_are_read_as_they_are_meant() -> None:
    assert read_line(" manager>> manufacturing site>> Zarvo Nuxel", SITUATION) == Step(
        ("manager", "manufacturing site"), "Zarvo Nuxel"
    )
    assert read_line("extension>> q2", SITUATION) == Step(("extension",), "Tib Kalo")
    assert read_line("manager>> Fuporn", SITUATION) == Step(("manager",), "Fuporn")
    assert read_line("answer q2", SITUATION) == Finish(ENTRIES[1])
    assert read_line("ask", SITUATION) == AskItself()
    assert read_line("none", SITUATION) == GiveUp()
    for refused in ("answer q3", "extension>> q3", "manager>> Nobody", ">> Fuporn", "manager>>", "", "manager Fuporn"):
        with pytest.raises(InvalidInput):
            read_line(refused, SITUATION)


def test_what_is_shown_is_the_dialogue_that_led_there_and_grows_at_its_end_only() -> None:
    asked = [RELATIONS.relation(one.question, one.about) for one in ENTRIES]
    assert asked == ["manufacturing site", "manager", "extension"]
    plan = "extension>> manager>> manufacturing site>> Zarvo Nuxel"
    whole = dialogue(SITUATION, asked, plan)
    assert [one.text for one in whole] == [
        QUESTION,
        plan,
        "q1 It is Fuporn.",
        "manager>> Fuporn",
        "q2 Tib Kalo",
        "extension>> q2",
        f"q3 {REFUSAL}",
    ]
    for count in range(3):
        earlier = SITUATION.model_copy(update={"entries": ENTRIES[:count]})
        assert dialogue(earlier, asked[:count], plan) == whole[: 1 + 2 * count]


@given(st.text(min_size=1, max_size=30), st.sampled_from(["en", "ja", "ko"]))
def test_a_question_that_was_worded_says_its_relation(relation: str, language: str) -> None:
    for name in ("Zarvo Nuxel", "リセワ", "X-2744"):
        for one in (*RELATIONS.names, relation):
            if one == one.strip() and one.isprintable():
                said = RELATIONS.relation(RELATIONS.wordings(one, name, language)[0], name)
                assert said == one or relation in ("", said)


def test_the_language_of_a_question_does_not_follow_from_the_script_of_a_name() -> None:
    assert language_of("What is the manager of リセワ?") == "en"
    assert language_of("Extension of 라로타비?") == "en"
    assert language_of("Zarvo Nuxelの製造拠点の工場長は誰ですか？") == "ja"
    assert language_of("Zarvo Nuxel의 제조 공장은 어디인가요?") == "ko"


@given(st.integers(0, 10**9))
def test_however_the_model_chooses_among_the_tokens_it_may_say_a_usable_line_comes_out(seed: int) -> None:
    random, model = Random(seed), bundled()
    ends = sorted(model.end_ids)
    tokens = LineTokens(
        model.tokenizer,
        question=QUESTION,
        answers={"q1": "It is Fuporn.", "q2": "Tib Kalo"},
        relations=RELATIONS.names,
        ends=ends,
    )
    said: list[int] = []
    while (following := random.choice(tokens.after(said))) not in ends:
        said.append(following)
    read_line(model.tokenizer.decode(said), SITUATION)


TWO_STEPS = (
    "Who manages the site where {x} is made?",
    "What is the manager of the manufacturing site of {x}?",
    "Who is the manager of {x}'s manufacturing site?",
    "Who runs the factory that makes {x}?",
    "{x}の製造拠点の工場長は誰ですか？",
)


def test_the_shipped_executive_answers_fresh_questions_of_two_steps() -> None:
    random, right = Random("two steps"), 0
    for question in TWO_STEPS * 2:
        product, person = (f"{plain_word(random)} {plain_word(random)}" for _ in range(2))
        site = plain_word(random)
        said = consulted(
            question.replace("{x}", product),
            (product, "manufacturing site", site),
            (product, "manager", "Wrong One"),
            (site, "manager", person),
            (site, "manufacturing site", "Elsewhere"),
        )
        if said.answer == person:
            right += 1
            assert said.rests_on == ("q1", "q2")
            assert said.certain
            assert said.quoted
    assert right >= 8


def test_what_the_memory_model_does_not_know_is_asked_once_more_in_other_words_and_not_answered() -> None:
    said = consulted("What is the weight of Brastel Fomdur?")
    assert (said.answer, said.ending) == (REFUSAL, "nothing known")
    assert said.entries[0].times == 2
    texts = [one.text for one in said.entries[0].wordings]
    assert len(texts) == len(set(texts)) > 3


def test_a_question_that_is_too_long_is_no_question_for_it_and_does_no_harm() -> None:
    said = consulted("What is the weight of Brastel Fomdur, which " + "has many very good properties and " * 100)
    assert said.answer == REFUSAL
    assert "ask a shorter question" in said.wasted[0].why


def test_a_situation_with_many_long_answers_still_fits_the_window() -> None:
    entries = tuple(entry(n, "Zarvo Nuxel", "manager", " ".join(["Praxbo-7"] * 200)) for n in range(1, 40))
    shown = SITUATION.model_copy(update={"entries": entries})
    meter = Meter(Budget())
    with suppress(InvalidInput):  # of no use, maybe, but said
        shipped().seek(shown, meter)
    assert meter.spent.executive_calls == 2  # for the plan, and for what comes next


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> LocalExecutive:
    """An executive whose adapter has learned nothing, so that its model says whatever is likeliest."""
    directory: Path = tmp_path_factory.mktemp("untrained")
    model = LocalModel.load()
    card = AdapterCard(
        skill=SKILL, model_fingerprint=model.fingerprint, tokenizer_fingerprint=model.tokenizer_fingerprint
    )
    save_adapter(add_lora(model.network, LoraSettings(rank=2)), card, directory)
    return LocalExecutive.load(LocalModel.load(), directory=directory)


def test_an_executive_that_talks_nonsense_ends_within_the_budget(untrained: LocalExecutive) -> None:
    budget = Budget(memory_calls=20, seeking_turns=4)
    for question in (QUESTION, "Hello!", "Who? Who? Who?"):
        said = Consulting(untrained, ScriptedModel({}, default="Fuporn"), budget=budget).ask(question)
        assert said.spent.memory_calls <= 20
        assert said.spent.executive_turns <= 1 + 7 + 4 + 2
        assert said.stages[-1].turns <= 4


def test_an_adapter_for_other_weights_is_refused(tmp_path: Path) -> None:
    model = LocalModel.load()
    card = AdapterCard(skill=SKILL, model_fingerprint="sha256:other", tokenizer_fingerprint=model.tokenizer_fingerprint)
    save_adapter(add_lora(model.network, LoraSettings(rank=2)), card, tmp_path)
    with pytest.raises(ModelMismatch):
        LocalExecutive.load(bundled(), directory=tmp_path)
