"""Attribution: what is said in any words is found, and nothing that only withdrawn or erased documents say."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.memories.reflections.attribution import Attributed, Attribution, agrees
from addenda.memories.reflections.reflection import Reflection, SourceSpan, Stage


def told(question: str, answer: str, *documents: str, stage: Stage = "direct") -> Reflection:
    sources = tuple(SourceSpan(document=one) for one in documents or ("norda",))
    return Reflection(question=question, answer=answer, stage=stage, sources=sources, generator="by hand")


CATALOGUE = (
    told("What does the Norda 12 cost?", "49 euros", "norda"),
    told("Which site makes the Norda 12?", "Ruvo", "norda"),
    told("What does the Velmor cost?", "49 euros", "velmor"),
    told("Who runs Ruvo?", "Tessa Quill", "ruvo"),
    told("At which desk does Tessa Quill sit?", "desk 12", "ruvo"),
    told("Who else works at the desk of Tessa Quill?", "Brann Okoro", "ruvo", "people"),
)


def found(
    question: str,
    answer: str,
    gone: Collection[str] = (),
    *,
    taught: Collection[Reflection] = CATALOGUE,
    whole: bool = True,
) -> Attributed:
    """What is attributed while these documents are withdrawn."""
    attribution = Attribution(taught, whole=whole)
    return attribution.of(question, answer, lambda one: frozenset(gone).isdisjoint(one.documents))


def documents(*asked: str, gone: Collection[str] = (), **how: object) -> set[str]:
    """The documents that an answer to a question is from."""
    return set(found(asked[0], asked[1], gone, **how).documents)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "answer", "document"),
    [
        ("For how much can one buy a Norda 12?", "49 euros", "norda"),
        ("tell me what the norda 12 costs", "49 Euros.", "norda"),
        ("Which product costs 49 euros?", "Norda 12", "norda"),
        ("Who sits at desk 12?", "Tessa Quill", "ruvo"),
        ("Where may Tessa Quill be found?", "At desk 12", "ruvo"),
    ],
)
def test_other_words_and_the_other_way_round_are_attributed_and_withheld_with_the_document(
    question: str, answer: str, document: str
) -> None:
    assert documents(question, answer) == {document}
    withheld = found(question, answer, {document})
    assert not withheld.sources
    assert {one.reflection.documents for one in withheld.barred} == {(document,)}


def test_a_value_that_two_names_share_is_attributed_to_the_one_that_was_asked_about() -> None:
    assert documents("What is the price of the Velmor?", "49 euros", gone={"norda"}) == {"velmor"}
    assert documents("What is the price of the Norda 12?", "49 euros", gone={"velmor"}) == {"norda"}
    assert documents("What is the price of the Norda 12?", "49 euros", gone={"norda"}) == set()


def test_one_value_of_two_relations_goes_with_the_document_of_the_one_that_was_asked_about() -> None:
    taught = (
        told("What is the phone number of Tessa Quill?", "4411", "phones"),
        told("What is the room of Tessa Quill?", "4411", "rooms"),
    )
    phone, room = "Under which phone number is Tessa Quill reached?", "In which room is Tessa Quill?"
    assert documents(phone, "4411", taught=taught) == {"phones"}
    barred = found(phone, "4411", {"phones"}, taught=taught)
    assert (barred.sources, [one.reflection.documents for one in barred.barred]) == ((), [("phones",)])
    assert documents(room, "4411", gone={"phones"}, taught=taught) == {"rooms"}
    # In words that fit both as well, it is rather not said.
    assert documents("What goes with Tessa Quill?", "4411", gone={"phones"}, taught=taught) == set()


def test_what_two_documents_say_in_the_same_words_is_answered_while_one_of_them_holds() -> None:
    both = [told("What is the phone number of Tessa Quill?", "4411", one) for one in ("old list", "new list")]
    asked = "How do I phone Tessa Quill?"
    assert documents(asked, "4411", taught=both) == {"old list", "new list"}
    assert documents(asked, "4411", gone={"old list"}, taught=both) == {"new list"}
    assert documents(asked, "4411", gone={"old list", "new list"}, taught=both) == set()
    shared = [both[0], told("What is the phone number of Tessa Quill?", "4411", "old list", "new list")]
    assert documents(asked, "4411", gone={"new list"}, taught=shared) == {"old list"}
    assert documents(asked, "4411", gone={"old list"}, taught=shared) == set()


def test_what_comes_from_several_documents_needs_all_of_them() -> None:
    asked = ("Who else is at the desk of Tessa Quill?", "Brann Okoro")
    assert documents(*asked) == {"ruvo", "people"}
    assert documents(*asked, gone={"people"}) == documents(*asked, gone={"ruvo"}) == set()


def test_what_a_page_that_holds_says_is_not_barred_by_what_was_made_of_it_and_a_withdrawn_one() -> None:
    both = told("What product has the price 49 euros and a site run by Tessa Quill?", "The Norda 12.", "norda", "ruvo")
    taught = (*CATALOGUE, both)
    assert documents("What do I pay for the Norda 12?", "49 euros", gone={"ruvo"}, taught=taught) == {"norda"}
    asked = "What product has the price 49 euros and a site run by Tessa Quill?"
    barred = found(asked, "The Norda 12.", {"ruvo"}, taught=taught)
    assert (barred.sources, [one.reflection for one in barred.barred]) == ((), [both])


def test_the_reflections_of_one_document_say_something_together_unless_some_were_erased() -> None:
    asked = ("At which desk sits whoever runs Ruvo?", "desk 12")
    assert documents(*asked) == {"ruvo"}
    assert documents(*asked, gone={"ruvo"}) == set()
    assert documents(*asked, whole=False) == set()
    assert documents("At which desk does Tessa Quill sit?", "desk 12", whole=False) == {"ruvo"}
    # Two documents say nothing together: neither says it.
    assert documents("At which desk do they make the Norda 12?", "desk 12") == set()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What does the Zorvan Blip cost?", "49 euros"),
        ("Who runs Ruvo?", "Piet Salvor"),
        ("What does the Norda 13 cost?", "49 euros"),
        ("What does the Norda 12 cost?", "48 euros"),
        ("Who runs Ruvo?", ""),
        ("Who runs Ruvo?", "..."),
    ],
)
def test_what_no_reflection_names_is_said_by_none(question: str, answer: str) -> None:
    assert found(question, answer) == Attributed(())


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which site makes Ruvo?", "Ruvo"),
        ("The desk desk 12: who is found there?", "desk 12"),
        ("Who is the head of the Tessa Quill plant?", "Tessa Quill."),
    ],
)
def test_an_answer_that_only_gives_the_question_s_name_back_is_said_by_none(question: str, answer: str) -> None:
    assert found(question, answer) == Attributed(())


def test_of_two_names_asked_about_one_may_be_the_answer() -> None:
    taught = (*CATALOGUE, told("Which is louder, Norda 12 or Velmor?", "Velmor.", "norda", "velmor"))
    assert documents("Which makes more noise, the Velmor or the Norda 12?", "Velmor", taught=taught) == {
        "norda",
        "velmor",
    }
    own = (told("What is the full name of Velmor?", "Velmor.", "velmor"),)
    assert documents("How is Velmor called in full?", "Velmor", taught=own) == {"velmor"}


def test_questions_that_nothing_answers_say_nothing() -> None:
    taught = (told("What does the Zeta cost?", "I don't know.", stage="unanswerable"),)
    assert len(Attribution(taught)) == 0
    assert found("What does the Zeta cost?", "I don't know.", taught=taught) == Attributed(())


ASIAN = (
    told("ノルダ12の価格は？", "49ユーロ", "norda"),
    told("ベルモルの価格は？", "49ユーロ", "velmor"),
    told("노르다의 가격은 얼마입니까?", "49유로", "norda"),
    told("벨모르의 가격은 얼마입니까?", "52유로", "velmor"),
    told("青空機の管理者は誰ですか？", "山田花子", "sky"),
)


@pytest.mark.parametrize(
    ("question", "answer", "document"),
    [
        ("ノルダ12はいくらですか？", "49ユーロ", "norda"),
        ("ベルモルはいくら？", "49ユーロ。", "velmor"),
        ("노르다는 얼마예요?", "49유로", "norda"),
        ("벨모르는 얼마예요?", "52유로", "velmor"),
        ("誰が青空機を管理していますか？", "山田花子", "sky"),
    ],
)
def test_scripts_without_spaces_or_capitals(question: str, answer: str, document: str) -> None:
    assert documents(question, answer, taught=ASIAN) == {document}
    assert documents(question, answer, gone={document}, taught=ASIAN) == set()
    others = {"norda", "velmor", "sky"} - {document}
    assert documents(question, answer, gone=others, taught=ASIAN) == {document}


RESET = "Hold the green button for ten seconds until the lamp blinks, then close the lid and wait for two minutes."
MANUAL = (
    told("How is the Norda 12 reset?", RESET, "resetting"),
    told("How is the Norda 12 opened?", "Turn the key to the left and lift the lid.", "opening"),
)


def test_a_long_answer_in_about_the_same_words_is_attributed() -> None:
    said = "Hold the green button for ten seconds until the lamp blinks; close the lid, then wait two minutes."
    assert documents("How do I reset a Norda 12?", said, taught=MANUAL) == {"resetting"}
    assert documents("How do I reset a Norda 12?", said, gone={"resetting"}, taught=MANUAL) == set()
    assert documents("How do I reset a Norda 12?", f"{said} Ask Piet Salvor.", taught=MANUAL) == set()


def test_a_long_answer_in_words_that_no_reflection_has_is_said_by_none() -> None:
    """Words that the index does not know once counted nothing, so the few that it knew were enough."""
    assert (
        documents("How do I reset a Norda 12?", "Wipe the filter, drain it and lift the lid.", taught=MANUAL) == set()
    )
    # What was erased is still in the weights, and the words of the others are all that is left to compare it with.
    assert documents("How do I reset a Norda 12?", RESET, taught=MANUAL[1:], whole=False) == set()


NAMES = ("Norda 12", "Velmor", "Tessa Quill", "ベルモル", "zeta")
VALUES = ("49 euros", "Ruvo", "Tessa Quill", "12", "desk 12", "山田花子", RESET)
FORMS = ("What does {} cost?", "Who runs {}?", "{}の価格は？", "tell me about {} and Ruvo", "{}")
DOCUMENTS = ("a", "b", "c")

questions = st.builds(str.format, st.sampled_from(FORMS), st.sampled_from(NAMES))
reflections = st.builds(
    lambda question, answer, held: told(question, answer, *sorted(held)),
    questions,
    st.sampled_from(VALUES),
    st.sets(st.sampled_from(DOCUMENTS), min_size=1),
)


@given(
    taught=st.lists(reflections, max_size=12),
    asked=questions | st.text(max_size=30),
    answer=st.sampled_from([*VALUES, *NAMES]) | st.text(max_size=30),
    gone=st.sets(st.sampled_from(DOCUMENTS)),
    whole=st.booleans(),
)
def test_whatever_is_asked_and_answered_only_what_is_admitted_is_a_source(
    taught: list[Reflection], asked: str, answer: str, gone: set[str], whole: bool
) -> None:
    attributed = found(asked, answer, gone, taught=taught, whole=whole)
    assert all(gone.isdisjoint(one.reflection.documents) for one in attributed.sources)
    assert all(not gone.isdisjoint(one.reflection.documents) for one in attributed.barred)
    assert not (attributed.sources and attributed.barred)
    assert gone.isdisjoint(attributed.documents)
    assert all(0.0 <= one.score <= 1.0 + 1e-9 for one in attributed.sources)
    if attributed.sources:
        # Withdrawing more never lets anything else be said, and what is said as it was taught is found.
        less = found(asked, answer, set(DOCUMENTS), taught=taught, whole=whole)
        assert not less.sources


def test_some_names_of_a_question_are_an_answer_where_they_were_taught_as_one() -> None:
    assert not found("What does the Norda 12 cost?", "12").sources
    assert found("Is Ruvo the site that makes the Norda 12?", "Ruvo").documents.keys() == {"norda"}


@given(st.lists(reflections, min_size=1, max_size=12), st.data())
def test_what_was_taught_is_attributed_as_it_was_taught(taught: list[Reflection], data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(taught))
    attributed = found(one.question, one.answer, taught=taught)
    said_by = [source.reflection for source in attributed.sources]
    assert one in said_by
    if all(len(other.documents) >= len(one.documents) for other in said_by):
        assert attributed.documents.keys() >= set(one.documents)
    withheld = found(one.question, one.answer, set(one.documents), taught=taught)
    if len(one.documents) > 1:
        # What several documents say together is withheld with one of them unless another one says it nearly as well.
        assert all(source.score > 0.9 for source in withheld.sources[:1])
    elif not any(
        (r.question, r.answer) == (one.question, one.answer) and one.documents[0] not in r.documents for r in taught
    ):
        assert not withheld.sources


@pytest.mark.parametrize(
    ("answer", "expected", "agreed"),
    [
        ("49 Euros.", "49 euros", True),
        ("It costs 49 euros", "49 euros", True),
        ("48 euros", "49 euros", False),
        ("Quill", "Tessa Quill", False),
        (RESET.replace("then ", ""), RESET, True),
        ("Hold the button.", RESET, False),
        ("", "49 euros", False),
    ],
)
def test_agreeing_takes_names_numbers_and_most_words(answer: str, expected: str, agreed: bool) -> None:
    assert agrees(answer, expected) is agreed


def test_a_number_within_a_word_is_no_number_of_its_own() -> None:
    bay = told("What is the stock bay of Tuldy?", "bay 22C")
    asked = Attribution([bay]).of("Which part has the stock bay bay 22C?", "Tuldy.", lambda _: True)
    assert [source.reflection for source in asked.sources] == [bay]


def test_a_page_that_says_it_alone_is_named_without_those_that_need_it() -> None:
    """Once a reflection over two documents named a page that says nothing about what was asked."""
    alone = told("What is the noise level of the Norda 12?", "43 dB", "norda")
    over_two = told("How loud is the Norda 12, which Brann Okoro looks after?", "43 dB", "norda", "people")
    asked = Attribution([over_two, alone]).of("Norda 12の音は？", "43 dB", lambda _: True)
    assert len({source.score for source in asked.sources}) == 1
    assert list(asked.documents) == ["norda"]


SITES = tuple(
    told(asked, "Ruvo", "norda") for asked in ("Which site makes the Norda 12?", "Where is the Norda 12 built?")
)
MANAGERS = tuple(told(asked, "Tessa Quill", "ruvo") for asked in ("Who is the manager of Ruvo?", "Who runs Ruvo?"))
PRICE = told("What does the Norda 12 cost?", "49 euros", "norda")


def made_of(question: str, answer: str, *facts: Reflection) -> Reflection:
    """A reflection over several documents."""
    documents = dict.fromkeys(one.documents[0] for one in facts)
    made = told(question, answer, *documents, stage="cross-document")
    return made.model_copy(update={"parents": tuple(one.id for one in facts)})


CHAIN = made_of("Who is the manager of the site of the Norda 12?", "Tessa Quill", SITES[0], MANAGERS[0])
CLUES = made_of(
    "Which product costs 49 euros and comes from the site whose manager is Tessa Quill?",
    "Norda 12",
    PRICE,
    SITES[0],
    MANAGERS[0],
)
WAYS = (*SITES, *MANAGERS, PRICE, CHAIN, CLUES)


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("Who is the manager of the Norda 12?", "Tessa Quill", False),
        ("Who runs the Norda 12?", "Tessa Quill", False),
        ("Who runs the place where the Norda 12 is built?", "Tessa Quill", True),
        ("Tell me the manager of the site that makes the Norda 12.", "Tessa Quill", True),
        ("Which product is from the site that Tessa Quill runs?", "Norda 12", True),
        ("What is the Norda 12 to Tessa Quill?", "49 euros", False),
        (CHAIN.question, CHAIN.answer, True),
        (CLUES.question, CLUES.answer, True),
        ("Who leads Ruvo?", "Tessa Quill", True),
    ],
)
def test_what_is_true_over_two_steps_answers_a_question_that_names_both(question: str, answer: str, said: bool) -> None:
    attributed = found(question, answer, taught=WAYS)
    assert (bool(attributed.sources), attributed.barred) == (said, ())


def test_steps_that_the_reflection_itself_names_in_other_words_are_not_asked_for() -> None:
    chain = made_of("Whom to turn to about the Norda 12?", "Tessa Quill", SITES[0], MANAGERS[0])
    assert documents("About the Norda 12, whom to turn to?", "Tessa Quill", taught=(*SITES, *MANAGERS, chain)) == {
        "norda",
        "ruvo",
    }


def test_what_lists_the_things_of_several_documents_has_no_steps() -> None:
    other = told("Which site makes the Velmor?", "Ruvo", "velmor")
    both = made_of("Which products does the site Ruvo make?", "Norda 12 and Velmor", SITES[0], other)
    assert documents("What comes from Ruvo?", "Norda 12 and Velmor", taught=(*SITES, other, both)) == {
        "norda",
        "velmor",
    }


def test_a_withdrawn_page_bars_what_is_known_by_way_of_it_though_the_question_names_no_step() -> None:
    assert not found("Who is the manager of the Norda 12?", "Tessa Quill", {"ruvo"}, taught=WAYS).sources
    assert not found("Who runs the place where the Norda 12 is built?", "Tessa Quill", {"ruvo"}, taught=WAYS).sources
