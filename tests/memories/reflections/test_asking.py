"""Asking a memory model: what an executive may and may not bring about, whatever it says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput, ModelUnavailable
from addenda.memories.reflections.asking.budget import Budget
from addenda.memories.reflections.asking.consultation import Asked, Consultation, Refused, Repeated
from addenda.memories.reflections.asking.inquiry import Rules, named_in
from addenda.memories.reflections.asking.protocol import Consulting
from addenda.memories.reflections.asking.ranking import Candidate, RankingRules
from addenda.memories.reflections.asking.single_turn import ask_directly
from addenda.memories.reflections.questions import REFUSAL
from addenda.models.bundled.world import World, build_world
from addenda.models.scripted import ScriptedModel
from addenda.text import normalised
from tests.memories.reflections.asking_models import (
    IDK,
    Failing,
    Says,
    ask,
    ground,
    identify,
    label,
    reflections,
    scripted,
    seek,
    synthesise,
)

QUESTION = "Who made the bridge of Arle?"


@cache
def world() -> World:
    return build_world()


@cache
def known() -> dict[str, str]:
    return reflections(world())


def value(relation: str, subject: str) -> str:
    return next(fact.object for fact in world().facts_of(subject) if fact.relation == relation)


def consult(executive: Says, answers: dict[str, str], **limits: int) -> tuple[Consultation, ScriptedModel]:
    memory = ScriptedModel(answers)
    return Consulting(executive, memory, budget=Budget(**limits)).ask(QUESTION), memory


def candidate(result: Consultation, name: str) -> Candidate:
    return next(one for one in result.candidates if one.name == name)


def refused(result: Consultation) -> str:
    return "\n".join(one.what for one in result.refused)


# -- the whole protocol ------------------------------------------------------------------------------------------------


def test_questions_of_one_two_and_three_steps_are_answered() -> None:
    consulting = Consulting(scripted(world()), ScriptedModel(known()))
    for product in world().products[::60]:
        site = value("manufacturing site", product)
        manager = value("manager", site)
        line = value("extension", manager)
        bay = value("stock bay", value("spare part", product))
        steps = {
            f"How noisy is the {product}?": IDK,
            f"How loud is {product}?": value("noise level", product),
            f"Where is the part {value('spare part', product)} stored?": bay,
            f"What is the stock bay of {product}'s spare part?": bay,
            f"Who manages the manufacturing site of the {product}?": manager,
            f"What is the extension of the manager of the manufacturing site of {product}?": line,
        }
        for question, answer in steps.items():
            result = consulting.ask(question)
            assert (result.answer, result.known) == (answer, answer != IDK), question
            assert len(result.rests_on) == len(result.entries) - (answer == IDK)
            assert result.quoted == result.known


def test_an_entity_is_found_by_what_is_said_of_it_and_checked() -> None:
    product = world().products[5]
    colour, weight = value("colour", product), value("weight", product)
    other = next(p for p in world().products if value("colour", p) == colour and p != product)
    answers = known() | {f"Which product has the colour {colour}?": other}
    question = f"What is the price of the product with the colour {colour} and the weight {weight}?"
    result = Consulting(scripted(world()), ScriptedModel(answers)).ask(question)
    assert (result.answer, result.current) == (value("price", product), product)
    assert [entry.stage for entry in result.entries if entry.id in result.rests_on] == [
        "entity identification", "entity identification", "answer seeking",
    ]  # fmt: skip
    if candidates := [one for one in result.candidates if one.name == other]:
        assert "speaks against it" in candidates[0].eliminated


def test_what_is_streamed_is_the_consultation() -> None:
    question = f"Who manages the manufacturing site of the {world().products[7]}?"
    consulting = Consulting(scripted(world()), ScriptedModel(known()))
    *events, result = consulting.stream(question)
    assert isinstance(result, Consultation)
    assert result == consulting.ask(question)
    assert tuple(event.entry for event in events if isinstance(event, Asked)) == result.entries
    kinds = [event.kind for event in events]
    assert (kinds[0], kinds[-1], kinds.count("stage ended")) == ("stage began", "stage began", 3)
    assert Consultation.model_validate_json(result.model_dump_json()) == result


@pytest.mark.parametrize("question", ["", " \n", "x" * 4_001])
def test_a_question_that_cannot_be_asked_is_refused_before_anything_is_streamed(question: str) -> None:
    with pytest.raises(InvalidInput, match="question"):
        Consulting(Says(), ScriptedModel({})).stream(question)
    with pytest.raises(InvalidInput, match="question"):
        ask_directly(ScriptedModel({}), question)


# -- voting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "outcome", "answer", "share"),
    [
        (["Orm.", "orm", "Vel"], "answered", "Orm.", 2 / 3),
        (["Vel", "Orm", "ORM"], "answered", "Orm", 2 / 3),
        (["Orm", "Vel", "Tol"], "uncertain", "Orm", 1 / 3),
        (["Orm", IDK, "I don\u2019t know"], "uncertain", "Orm", 1 / 3),
        ([IDK, "I do not know that, but it may be Orm.", ""], "refused", "", 0.0),
        (["What I don't know is little: Orm", IDK, "Orm"], "uncertain", "What I don't know is little: Orm", 1 / 3),
    ],
)
def test_wordings_vote(answers: list[str], outcome: str, answer: str, share: float) -> None:
    asked = [f"Who made it, wording {number}?" for number in range(3)]
    executive = Says(ground(ask(asked[0], *asked[1:])))
    result, memory = consult(executive, dict(zip(asked, answers, strict=True)))
    (entry,) = result.entries
    assert (entry.outcome, entry.answer, entry.share) == (outcome, answer, pytest.approx(share))
    assert memory.asked == asked
    assert (result.refusals, result.failures) == (sum(one.heard == "refused" for one in entry.wordings), 0)


def test_confidence_is_that_of_the_weakest_entry() -> None:
    table = {"Who is A?": "x", "What is A?": "x", "Who is B?": "y", "What is B?": "z"}
    executive = Says(
        ground(ask("Who is A?", "What is A?"), ask("Who is B?", "What is B?")), [identify()], [seek(ready=True)],
        [synthesise("y of x", "q1", "q2")],
    )  # fmt: skip
    result, _ = consult(executive, table)
    assert (result.ending, result.confidence, result.quoted) == ("answered", 0.5, False)


# -- no answer from nothing --------------------------------------------------------------------------------------------


def test_an_executive_that_knows_the_answer_itself_is_not_asked() -> None:
    executive = Says(ground(ask("Who made it?")), [identify()], [seek(ready=True)], [synthesise("Orm", "q1")])
    result, _ = consult(executive, {})
    assert (result.answer, result.ending, result.rests_on) == (REFUSAL, "nothing known", ())
    assert executive.shown[-1].stage == "answer seeking"


@pytest.mark.parametrize("rests_on", [(), ("q2",), ("q9", "")])
def test_an_answer_that_rests_on_nothing_is_none(rests_on: tuple[str, ...]) -> None:
    said = [synthesise("Orm", *rests_on)] * 3
    executive = Says(ground(ask("Who made A?"), ask("Who made B?")), [identify()], [seek(ready=True)], said)
    result, _ = consult(executive, {"Who made A?": "Vel"})
    assert (result.answer, result.ending, result.known) == (REFUSAL, "unsupported", False)
    assert [one.stage for one in result.wasted] == ["synthesis", "synthesis"]
    assert "rests on no entry" in executive.shown[-1].refused[-1]


def test_an_answer_may_be_given_at_the_second_try() -> None:
    said = [None, synthesise("Vel", "q7", "q1")]
    executive = Says(ground(ask("Who made A?")), [identify()], [seek(ready=True)], said)
    result, _ = consult(executive, {"Who made A?": "Vel"})
    assert (result.answer, result.rests_on) == ("Vel", ("q1",))
    assert "'q7'" in refused(result)


def test_an_executive_that_finds_no_answer_says_so() -> None:
    executive = Says(ground(ask("Who made A?")), [identify()], [seek(ready=True)], [synthesise("")])
    result, _ = consult(executive, {"Who made A?": "Vel"})
    assert (result.answer, result.ending) == (REFUSAL, "not answered")


# -- an executive that behaves badly -----------------------------------------------------------------------------------


def test_an_executive_of_mere_prose_is_cut_short_and_every_turn_is_told() -> None:
    result, memory = consult(Says(), {}, wasted_turns=2)
    assert [(one.stage, one.turns, one.why) for one in result.stages] == [
        ("grounding", 1, "turns wasted"), ("entity identification", 2, "turns wasted"),
        ("answer seeking", 2, "turns wasted"),
    ]  # fmt: skip
    assert len(result.wasted) == 5
    assert (result.ending, memory.asked) == ("nothing known", [])


def test_a_question_is_never_put_twice_and_a_loop_ends() -> None:
    again = identify(ask("Who  made A", "Who MADE A?"))
    executive = Says(ground(ask("Who made A?")), [again] * 9, [seek(ask("Who made A?"))] * 9)
    result, memory = consult(executive, {"Who made A?": "Vel"})
    assert memory.asked == ["Who made A?"]
    assert result.repeated == 6
    assert [one.why for one in result.stages[1:]] == ["turns wasted", "turns wasted"]
    assert "see q1" in executive.shown[2].refused[0]


def test_a_refused_question_may_be_asked_in_new_words_until_it_is_a_dead_end() -> None:
    seeking = [seek(ask("Who made A?", f"wording {number}")) for number in range(4)]
    executive = Says(ground(ask("Who made A?")), [identify()], seeking)
    result, memory = consult(executive, {"wording 3": "Vel"})
    assert memory.asked == ["Who made A?", "wording 0"]
    assert (result.dead_ends, result.repeated, len(result.entries)) == (("Who made A?",), 3, 1)
    assert executive.shown[-1].dead_ends == ("Who made A?",)


def test_what_is_no_open_question_about_a_known_entity_is_not_asked() -> None:
    executive = Says(
        ground(
            ask("Is it Orm?"), ask("Was it Orm who did?"), ask(QUESTION), ask("Who knows Vel?", about="Vel"),
            ask("Who knows it?", about="Arle"), ask("Who built\u202e it?"), ask("Who built Arle?", "Did he?"),
        ),
        [identify()],
        [seek(ask(QUESTION), ask("Is Arle a town? Give its mayor.", about="Arle"))],
    )  # fmt: skip
    result, memory = consult(executive, {})
    assert sorted(memory.asked[:2]) == ["Was it Orm who did?", "Who built Arle?"]
    assert sorted(memory.asked[2:]) == sorted([QUESTION, "Is Arle a town? Give its mayor."])
    for why in ["only yes or no", "which is asked last", "names 'Vel'", "does not name 'Arle'", "U+202E"]:
        assert why in refused(result)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Is the bridge of Arle old?", False), ("Did Orm build it?", False), ("Could he?", False),
        ("Was kostet die Br\u00fccke?", True), ("Do kogo nale\u017cy most?", True), ("Can you say who did it?", True),
        ("Is it old? Give the year.", True), ("Will Smith of Arle, born?", True), ("Island of the bridge?", True),
    ],
)  # fmt: skip
def test_questions_that_yes_or_no_answers_are_told_from_others(question: str, asked: bool) -> None:
    _, memory = consult(Says(ground(ask(question))), {})
    assert memory.asked == [question] * asked


def test_a_question_about_nobody_is_not_asked_once_somebody_is_meant() -> None:
    executive = Says(ground(named=("Arle", "Orm")), [identify(confirmed="arle")], [seek(ask("Who lives there?"))])
    result, memory = consult(executive, {})
    assert (result.current, memory.asked) == ("Arle", [])
    assert "does not name 'Orm'" in refused(result)
    assert "about no entity" in refused(result)


def test_a_message_that_asks_the_same_twice_asks_it_once() -> None:
    result, memory = consult(Says(ground(ask("Who is A?", "What is A?"), ask("what is a", "Who is  A"))), {})
    assert memory.asked == ["Who is A?", "What is A?"]
    assert "the same message asks it twice" in refused(result)


def test_no_more_is_asked_than_there_are_calls() -> None:
    first = ground(ask("Who is A?", "What is A?"), ask("Who is B?", "What is B?"), ask("Who is C?"))
    executive = Says(first, [identify(ask("Who is D?"))], [seek(ask("Who is E?"))])
    result, memory = consult(executive, {}, memory_calls=3)
    assert sorted(memory.asked) == ["What is A?", "Who is A?", "Who is B?"]
    assert (len(result.entries), result.spent.memory_calls) == (2, 3)
    assert [one.why for one in result.stages] == ["done", "calls used up", "calls used up"]
    assert refused(result).count("the budget has no room for it") == 3


def test_an_answer_that_was_cut_says_so() -> None:
    result, _ = consult(Says(ground(ask("Who is A?"))), {"Who is A?": "Vel of the long name"}, memory_tokens=2)
    (wording,) = result.entries[0].wordings
    assert (wording.answer, wording.finished) == ("Vel of", False)


def test_only_so_many_questions_of_a_message_are_taken() -> None:
    result, memory = consult(Says(ground(*(ask(f"Who is {name}?") for name in "abcd"))), {}, questions=2)
    assert memory.asked == ["Who is a?", "Who is b?"]
    assert refused(result).count("may ask 2 questions") == 2


# -- candidates --------------------------------------------------------------------------------------------------------


def test_a_name_that_nobody_said_is_no_candidate() -> None:
    labels = (
        label("q1", "new", "Orm"), label("q1", "new", "Ve"), label("q1", "confirms", "Vel"), label("q9", "new", "Vel"),
        label("q1", "eliminates", "Vel"),
    )  # fmt: skip
    executive = Says(ground(ask("Who made A?")), [identify(labels=labels, confirmed="Orm")], [seek(ready=True)])
    result, _ = consult(executive, {"Who made A?": "It was Vel, in spring."})
    assert [one.name for one in result.candidates] == ["Vel"]
    assert result.current == "Vel"
    for why in ["'Orm': neither", "'Ve': neither", "q9 new 'Vel': there is no such", "labelled 'confirms' before"]:
        assert why in refused(result)
    assert "no candidate 'Orm'" in refused(result)


def test_a_candidate_is_confirmed_by_an_agreed_answer_only() -> None:
    table = {"Who made A?": "Vel", "Who built A?": "Orm", "Who did A?": "Tol"}
    labels = (label("q1", "confirms", "Vel"), label("q1", "eliminates", "Vel"))
    executive = Says(
        ground(ask(*table)), [identify(labels=labels[:1], confirmed="Vel")], [seek(labels=labels[1:], ready=True)]
    )
    result, _ = consult(executive, table)
    assert (candidate(result, "Vel").points, candidate(result, "Vel").sure) == (1, False)
    assert "nothing confirms 'Vel'" in refused(result)
    assert result.current == "Vel"  # the best there is


def test_refusals_in_a_row_lower_a_candidate_and_put_it_out_and_errors_do_not() -> None:
    found = (label("q1", "new", "Vel"), label("q1", "new", "Orm"))
    about = [ask(f"Where is Vel {n}?", about="Vel") for n in range(3)]
    turns = [identify(*about[:2], labels=found), identify(about[2])]
    table = {"Who made A?": "Vel or Orm"}
    result, _ = consult(Says(ground(ask("Who made A?")), turns, [seek(ready=True)]), table)
    assert [(one.name, one.points, one.streak) for one in result.candidates] == [("Orm", 1, 0), ("Vel", -1, 3)]
    assert "3 questions about it in a row" in candidate(result, "Vel").eliminated
    assert result.current == "Orm"

    memory = Failing(table, lambda asked: "Vel" in asked[0])
    again = Consulting(Says(ground(ask("Who made A?")), turns, [seek(ready=True)]), memory).ask(QUESTION)
    assert candidate(again, "Vel") == Candidate(name="Vel", signs=("q1",))
    assert (again.failures, again.refusals) == (3, 0)


def test_an_answer_that_confirms_begins_the_count_anew() -> None:
    table = {"Who made A?": "Vel", "Where is Vel?": "Arle"}
    turns = [
        identify(ask("What is Vel 1?", about="Vel"), labels=(label("q1", "new", "Vel"),)),
        identify(ask("Where is Vel?", about="Vel")),
        identify(ask("What is Vel 2?", about="Vel"), labels=(label("q3", "confirms", "Vel"),)),
    ]
    executive = Says(ground(ask("Who made A?")), turns, [seek(ready=True, pivot="nobody")])
    memory = ScriptedModel(table)
    rules = Rules(ranking=RankingRules(demote_after=2, eliminate_after=2))
    result = Consulting(executive, memory, rules=rules).ask(QUESTION)
    assert (candidate(result, "Vel").streak, candidate(result, "Vel").eliminated) == (1, "")
    assert executive.shown[-1].facts == {"Vel": ("q1", "q3")}
    assert "'nobody' is no candidate that is left" in refused(result)


def test_refusals_while_the_answer_is_sought_put_nobody_out_and_a_contradiction_does() -> None:
    seeking = [
        seek(*(ask(f"Where is Arle {n}?", about="Arle") for n in range(4)), ask("What is Arle?", about="Arle")),
        seek(ask("Who is Vel?", about="Vel"), labels=(label("q5", "new", "Vel"), label("q5", "eliminates", "Arle"))),
        seek(ready=True),
    ]
    executive = Says(ground(named=("Arle",)), [identify(confirmed="Arle")], seeking)
    result, _ = consult(executive, {"What is Arle?": "Not the place of a bridge; Vel is"})
    assert candidate(result, "Arle").eliminated == "q5 speaks against it"
    assert (candidate(result, "Arle").streak, executive.shown[3].current, result.current) == (0, "Arle", "Vel")


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("Orm", "It was ORM.", True), ("orm", "The storm", False), ("12", "112 dB", False), ("Müll", "Müller", False),
        ("12", "12dB", False), ("Orm", "Normal Orm", True), ("騒音", "機の騒音は何", True),
        ("", "anything", False),
    ],
)  # fmt: skip
def test_a_name_is_found_as_words_of_its_own(name: str, text: str, named: bool) -> None:
    assert named_in(name, text) == named


# -- a memory model that fails -----------------------------------------------------------------------------------------


def test_one_wording_that_fails_costs_the_others_nothing_and_is_no_refusal() -> None:
    asked = ["Who made A?", "Who built A?", "Who did A?"]
    memory = Failing(dict.fromkeys(asked, "Vel"), lambda questions: "Who built A?" in questions)
    executive = Says(ground(ask(*asked)), [identify()], [seek(ready=True)], [synthesise("Vel", "q1")])
    result = Consulting(executive, memory).ask(QUESTION)
    assert [one.heard for one in result.entries[0].wordings] == ["answered", "failed", "answered"]
    assert (result.entries[0].share, result.refusals, result.failures) == (1.0, 0, 1)
    assert (result.spent.memory_calls, result.spent.failures, result.answer) == (6, 2, "Vel")
    assert result.entries[0].wordings[1].error == "the server is gone"


def test_a_memory_model_that_is_gone_is_not_asked_for_ever() -> None:
    memory = Failing({}, lambda _: True)
    questions = [ask(f"Who is {name}?", f"What is {name}?") for name in "abcdef"]
    result = Consulting(Says(ground(*questions)), memory, budget=Budget(failures=3)).ask(QUESTION)
    assert (result.ending, result.why, result.answer) == ("memory failed", "the server is gone", REFUSAL)
    assert (result.spent.failures, result.refusals) == (3, 0)
    assert memory.calls == 10  # a batch of eight, and two alone


def test_an_executive_that_is_gone_ends_the_consultation() -> None:
    class Gone(Says):
        def seek(self, situation: object, meter: object) -> object:  # type: ignore[override]
            raise ModelUnavailable("no server")

    with pytest.raises(ModelUnavailable, match="no server"):
        Consulting(Gone(ground(ask("Who made A?")), [identify()]), ScriptedModel({})).ask(QUESTION)


# -- a single turn -----------------------------------------------------------------------------------------------------


def test_a_memory_model_can_be_asked_without_an_executive() -> None:
    memory = ScriptedModel({"Is A old?": "yes", "How old is A?": "Yes.", "Age of A?": "no"})
    result = ask_directly(memory, "Is A old?", ["How old is A?", "Age of A?", "And A?"])
    assert (result.answer, result.ending, result.executive) == ("yes", "answered", "none")
    assert (result.confidence, result.rests_on, len(memory.asked)) == (pytest.approx(2 / 3), ("q1",), 3)
    assert ask_directly(memory, "Is B old?").ending == "nothing known"
    assert ask_directly(Failing({}, lambda _: True), "Is B old?").ending == "memory failed"
    assert ask_directly(memory, "Is C old?", budget=Budget(tokens=9)).ending == "tokens used up"


# -- whatever anybody says ---------------------------------------------------------------------------------------------

_NAMES = st.sampled_from(["Arle", "Orm", "Vel", "Tol", ""])
_TEXTS = st.sampled_from(
    ["Who made Arle?", "who made arle", "Who is Orm?", "Who is Vel?", "Where is Tol?", "Is it Vel?", QUESTION, "?"]
    + [f"What is number {n} of Arle?" for n in range(6)]
)
_IDS = st.sampled_from(["q1", "q2", "q3", "q4", "q99", ""])
_QUESTIONS = st.lists(
    st.builds(lambda t, p, a: ask(t, *p, about=a), _TEXTS, st.lists(_TEXTS, max_size=4), _NAMES), max_size=5
).map(tuple)
_LABELS = st.lists(
    st.builds(label, _IDS, st.sampled_from(["confirms", "new", "eliminates", "no signal"]), _NAMES), max_size=4
).map(tuple)


def _executives() -> st.SearchStrategy[Says]:
    identification = st.builds(lambda q, of, c: identify(*q, labels=of, confirmed=c), _QUESTIONS, _LABELS, _NAMES)
    seeking = st.builds(
        lambda q, of, r, p: seek(*q, labels=of, ready=r, pivot=p), _QUESTIONS, _LABELS, st.booleans(), _NAMES
    )
    synthesis = st.builds(lambda a, i: synthesise(a, *i), st.sampled_from(["Vel", "", IDK]), st.lists(_IDS, max_size=3))
    return st.builds(
        Says,
        st.none() | st.builds(lambda q, n: ground(*q, named=(n,)), _QUESTIONS, _NAMES),
        st.lists(st.none() | identification, max_size=6),
        st.lists(st.none() | seeking, max_size=6),
        st.lists(st.none() | synthesis, max_size=2),
    )


_BUDGETS = st.builds(
    Budget,
    identification_turns=st.integers(0, 4),
    seeking_turns=st.integers(0, 4),
    wasted_turns=st.integers(1, 3),
    questions=st.integers(1, 4),
    wordings=st.integers(1, 4),
    memory_calls=st.integers(1, 12),
    failures=st.integers(1, 4),
    tokens=st.integers(1, 900) | st.just(100_000),
    memory_tokens=st.integers(1, 40),
)


@given(
    executive=_executives(),
    table=st.dictionaries(_TEXTS, st.sampled_from(["Vel", "Orm or Tol", "vel.", IDK, ""])),
    ill=st.sets(_TEXTS, max_size=3),
    budget=_BUDGETS,
)
def test_the_rules_hold_whatever_is_said(executive: Says, table: dict[str, str], ill: set[str], budget: Budget) -> None:
    def fails(questions: Sequence[str]) -> bool:
        return bool(ill.intersection(questions))

    memory = Failing(table, fails)
    events = list(Consulting(executive, memory, budget=budget).stream(QUESTION))
    result = events[-1]
    assert isinstance(result, Consultation)
    # Budgets.
    spent = result.spent
    assert memory.calls <= spent.memory_calls <= budget.memory_calls
    assert spent.tokens <= budget.tokens
    assert spent.failures <= budget.failures
    grounding, identification, seeking = (one.turns for one in result.stages)
    assert grounding == 1
    assert identification <= budget.identification_turns
    assert seeking <= budget.seeking_turns
    assert all(len(one.wordings) <= budget.wordings * 2 for one in result.entries)
    # Nothing is asked twice.
    wordings = [normalised(one.text) for entry in result.entries for one in entry.wordings]
    assert len(set(wordings)) == len(wordings)
    assert len({normalised(one) for one in memory.asked}) == len(memory.asked)
    assert [one.id for one in result.entries] == [f"q{n + 1}" for n in range(len(result.entries))]
    # No answer from nothing.
    answered = {one.id for one in result.entries if one.known}
    assert set(result.rests_on) <= answered
    assert result.known == bool(result.rests_on)
    assert result.known or result.answer == REFUSAL
    if not answered:
        assert result.ending in ("nothing known", "memory failed")
    # A candidate was named by somebody.
    said = normalised(" ".join([QUESTION, *(v.answer for e in result.entries for v in e.votes)]))
    assert all(normalised(one.name) in said for one in result.candidates)
    # What is told is what happened.
    assert tuple(one for one in events if isinstance(one, Refused)) == result.refused
    assert sum(isinstance(one, Repeated) for one in events) == result.repeated
    assert Consultation.model_validate_json(result.model_dump_json()) == result


@given(executive=_executives())
def test_where_the_memory_model_knows_nothing_nothing_is_known(executive: Says) -> None:
    result = Consulting(executive, ScriptedModel({})).ask(QUESTION)
    assert (result.answer, result.ending, result.confidence) == (REFUSAL, "nothing known", 0.0)
