"""Examples made from documents: which sentence tells a triple, and where a text could have been looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput
from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.annotations import AnnotatedDocument, Relation
from addenda.memories.triples.calls import Query, Statement
from addenda.memories.triples.readpoints import (
    BROAD_BY_OBJECT,
    BROAD_BY_SUBJECT,
    Lookup,
    ReadRules,
    gold_lookup,
    merged_names,
    read_examples,
    read_points,
    reader_lookup,
)
from addenda.memories.triples.writepoints import WriteRules, telling_sentences, write_examples
from tests.memories.triples.annotated import DOCUMENTS, annotated
from tests.memories.triples.triple_tools import deliver


def vint(*relations: Relation) -> AnnotatedDocument:
    """Four sentences about a person (0), a company (1), a town (2) and a friend (3)."""
    return annotated(
        "[Nora Vint|0] blows glass.",
        "[Vint|0] runs [Halm Works|1], in [Ostwick|2].",
        "[Halm|1] is old.",
        "[Ada Brook|3] knows [Nora|0].",
        relations=relations,
        kinds={1: "ORG", 2: "LOC"},
    )


def nothing(query: Query) -> Sequence[str]:
    """A memory that is empty."""
    del query
    return ()


def never(document: AnnotatedDocument, relation: Relation, sentence: int) -> bool:
    """A judge that finds a relation nowhere."""
    del document, relation, sentence
    return False


def table(answers: Mapping[str, Sequence[str] | None]) -> Lookup:
    """A memory that goes by the relation alone."""
    return lambda query: answers.get(query.relation, ())


def test_evidence_decides_where_there_is_some() -> None:
    relation = Relation(0, "owner of", 1, (1, 2))
    assert telling_sentences(vint(relation), relation) == (1, 2)


def test_without_evidence_every_sentence_counts_that_names_a_side_once_both_are_known() -> None:
    relation = Relation(1, "founded by", 0)
    assert telling_sentences(vint(relation), relation) == (1, 2, 3)


def test_evidence_from_before_both_were_named_does_not_count() -> None:
    relation = Relation(0, "owner of", 1, (0, 1))
    assert telling_sentences(vint(relation), relation) == (1,)


def test_what_only_early_evidence_tells_falls_back_to_the_last_possible_sentence() -> None:
    relation = Relation(0, "owner of", 1, (0,))
    assert telling_sentences(vint(relation), relation) == (3,)
    assert telling_sentences(vint(relation), relation, fall_back=False) == ()


def test_a_judge_sees_the_possible_sentences_of_relations_without_evidence() -> None:
    asked: list[int] = []

    def judge(document: AnnotatedDocument, relation: Relation, sentence: int) -> bool:
        assert document.relations == (relation,)
        asked.append(sentence)
        return sentence == 2

    relation = Relation(1, "founded by", 0)
    assert telling_sentences(vint(relation), relation, judge) == (2,)
    assert asked == [1, 2, 3]
    proven = Relation(1, "founded by", 0, (1,))
    assert telling_sentences(vint(proven), proven, judge) == (1,)
    assert asked == [1, 2, 3]


def test_what_the_judge_finds_nowhere_falls_back_or_is_dropped() -> None:
    relation = Relation(1, "founded by", 0)
    document = vint(relation)
    assert telling_sentences(document, relation, never) == (3,)
    assert telling_sentences(document, relation, never, fall_back=False) == ()


def test_each_sentence_is_shown_with_those_before_it() -> None:
    made = write_examples(vint(Relation(1, "headquarters location", 2, (1,))))
    assert [one.focus for one in made] == list(vint().sentences)
    assert made[0].context == ()
    assert made[2].context == ("Nora Vint blows glass. ", "Vint runs Halm Works, in Ostwick. ")
    assert [one.statements for one in made] == [
        (),
        (Statement("Halm Works", "headquarters location", "Ostwick"),),
        (),
        (),
    ]
    assert made[1].source == "A title, sentence 2"


def test_statements_stand_in_the_order_of_the_later_name() -> None:
    document = annotated(
        "[Nora|0] left [Ostwick|1] for [Wend|2] in [1999|3].",
        relations=[
            Relation(0, "moved in", 3, (0,)),
            Relation(2, "twin of", 1, (0,)),
            Relation(0, "born in", 1, (0,)),
        ],
    )
    (made,) = write_examples(document)
    assert [one.relation for one in made.statements] == ["born in", "twin of", "moved in"]


def test_any_name_read_so_far_may_stand_for_an_entity_and_no_later_one() -> None:
    document = vint(Relation(0, "owner of", 1, (1,)))
    names = {write_examples(document, WriteRules(seed=seed))[1].statements[0] for seed in range(40)}
    assert names == {Statement(name, "owner of", "Halm Works") for name in ("Nora Vint", "Vint")}


def test_equal_statements_of_different_entities_are_written_once() -> None:
    document = annotated(
        "[Nora|0] and [Nora|1] know [Ada|2].",
        relations=[Relation(0, "knows", 2, (0,)), Relation(1, "knows", 2, (0,))],
    )
    assert write_examples(document)[0].statements == (Statement("Nora", "knows", "Ada"),)


@pytest.mark.parametrize(("count", "kept"), [(31, 1), (32, 0)])
def test_a_sentence_with_more_than_31_triples_is_left_out(count: int, kept: int) -> None:
    relations = [Relation(0, f"relation {number}", 1, (0,)) for number in range(count)]
    assert len(write_examples(annotated("[Nora|0] knows [Ada|1].", relations=relations))) == kept


def test_the_share_of_empty_sentences_can_be_set() -> None:
    document = annotated(*["[Nora|0] knows [Ada|1]."] * 400, relations=[Relation(0, "knows", 1, (7,))])
    kept = {share: write_examples(document, WriteRules(empty_share=share)) for share in (0.0, 0.3, 1.0)}
    assert len(kept[1.0]) == 400
    assert 80 < len(kept[0.3]) < 160
    assert [one.source for one in kept[0.0]] == ["A title, sentence 8"]
    assert kept[0.0][0] in kept[0.3]


def test_the_context_can_be_limited() -> None:
    made = write_examples(vint(), WriteRules(context_sentences=1))
    assert [len(one.context) for one in made] == [0, 1, 1, 1]
    assert made[3].context == ("Halm is old. ",)


@pytest.mark.parametrize("rules", [{"empty_share": 1.5}, {"empty_share": -0.1}, {"context_sentences": -1}])
def test_impossible_rules_are_refused(rules: Mapping[str, float]) -> None:
    (name,) = rules
    with pytest.raises(InvalidInput, match=f"{name} is {rules[name]}; give"):
        WriteRules(**rules)  # type: ignore[arg-type]


@given(document=DOCUMENTS, seed=st.integers(0, 3))
def test_every_name_stands_in_what_the_model_is_shown(document: AnnotatedDocument, seed: int) -> None:
    made = write_examples(document, WriteRules(seed=seed))
    assert made == write_examples(document, WriteRules(seed=seed))
    for one in made:
        shown = "".join((*one.context, one.focus))
        assert document.text.startswith(shown)
        assert all(statement.subject in shown and statement.object in shown for statement in one.statements)


@given(document=DOCUMENTS)
def test_no_triple_is_lost(document: AnnotatedDocument) -> None:
    written = {(one.relation, one.subject, one.object) for made in write_examples(document) for one in made.statements}
    for relation in document.relations:
        subject, object_ = (document.entities[index] for index in (relation.subject, relation.object))
        assert any(
            (relation.name, first, second) in written
            for first in document.names(subject)
            for second in document.names(object_)
        )


def test_a_point_is_where_a_triple_first_becomes_complete() -> None:
    document = vint(
        Relation(0, "owner of", 1), Relation(1, "maker of", 2), Relation(3, "friend", 0), Relation(2, "home of", 0)
    )
    found = read_points(document)
    assert [one.target for one in found] == ["Halm Works", "Ostwick", "Ada Brook"]
    assert all(document.text.startswith(one.target, one.place) for one in found)
    assert [one.queries for one in found] == [
        (Query("Nora Vint", "owner of", None),),
        (Query("Halm Works", "maker of", None), Query(None, "home of", "Nora Vint")),
        (Query(None, "friend", "Nora Vint"),),
    ]


def test_the_longest_name_read_so_far_asks() -> None:
    document = annotated("[Vint|0], or [Nora Vint|0], met [Ada|1], and [Nora Rose Vint|0] left.",
                         relations=[Relation(0, "knows", 1)])  # fmt: skip
    assert read_points(document)[0].queries == (Query("Nora Vint", "knows", None),)


def test_a_target_that_the_text_has_shown_is_not_new() -> None:
    document = annotated(
        "Ostwick lies by [Wend|0].", "[Nora|1] left [Ostwick|2] and [Ost|3].",
        relations=[Relation(1, "born in", 2), Relation(1, "saw", 3)],
    )  # fmt: skip
    assert [(one.target, one.is_new) for one in read_points(document)] == [("Ostwick", False), ("Ost", True)]


def test_nothing_is_asked_by_itself_or_by_a_name_that_is_not_over_yet() -> None:
    outer = annotated("The [Glass Works of Ostwick|0] are old.")
    inner = annotated("The Glass Works of [Ostwick|0] are old.").entities[0]
    relations = (Relation(0, "seat", 1), Relation(0, "part of", 0))
    nested = AnnotatedDocument("", outer.sentences, (outer.entities[0], inner), relations)
    assert read_points(nested) == []


@given(document=DOCUMENTS)
def test_at_a_point_the_target_follows_and_every_known_name_has_been_read(document: AnnotatedDocument) -> None:
    places = [one.place for one in read_points(document)]
    assert places == sorted(places)
    for one in read_points(document):
        before = document.text[: one.place]
        assert document.text.startswith(one.target, one.place)
        assert one.queries
        assert all(query.known in before for query in one.queries)
        assert len(set(one.queries)) == len(one.queries)


def test_prompts_and_continuations_are_the_text_cut_at_the_points() -> None:
    document = vint(Relation(0, "owner of", 1), Relation(1, "maker of", 2), Relation(3, "friend", 0))
    made = read_examples(document, nothing)
    assert [one.prompt for one in made] == [
        "Nora Vint blows glass. Vint runs",
        "Nora Vint blows glass. Vint runs Halm Works, in",
        "Nora Vint blows glass. Vint runs Halm Works, in Ostwick. Halm is old.",
    ]
    assert [one.continuation for one in made] == [
        " Halm Works, in",
        " Ostwick. Halm is old.",
        " Ada Brook knows Nora.",
    ]
    assert [one.ends for one in made] == [False, False, True]
    assert not any(one.asked for one in made)
    assert made[0].source == "A title, character 33"


def test_where_the_memory_brings_nothing_the_target_is_put_in() -> None:
    document = vint(Relation(0, "owner of", 1), Relation(0, "manager of", 1))
    assert read_examples(document, nothing)[0].names == ("Halm Works",)
    wrong = read_examples(document, table({"owner of": ("Wend Mill",)}))
    assert wrong[0].names == ("Wend Mill",)


def test_the_narrowest_three_queries_make_the_call_and_nothing_counts_as_five() -> None:
    counts = {"four": 4, "none": 0, "six": 6, "one": 1, "five": 5}
    document = vint(*(Relation(0, name, 1) for name in counts))
    memory = table({name: [f"{name} {number}" for number in range(count)] for name, count in counts.items()})
    (made,) = read_examples(document, memory)
    assert [one.relation for one in made.queries] == ["one", "four", "none"]
    assert made.names == ("one 0", "four 0", "four 1", "four 2", "four 3")


def test_queries_that_bring_too_much_are_dropped_and_with_them_points_without_another() -> None:
    thirty, more = [str(number) for number in range(30)], [str(number) for number in range(31)]
    document = vint(Relation(0, "owner of", 1), Relation(0, "manager of", 1), Relation(3, "friend", 0))
    made = read_examples(document, table({"owner of": more, "manager of": thirty, "friend": None}))
    assert [one.queries for one in made] == [(Query("Nora Vint", "manager of", None),)]
    assert made[0].names == tuple(thirty)
    assert made[0].ends


def test_a_call_that_brings_too_much_as_a_whole_loses_its_broadest_query() -> None:
    memory = table({name: [f"{name} {n}" for n in range(12)] for name in ("first", "second", "third")})
    document = vint(*(Relation(0, name, 1) for name in ("first", "second", "third")))
    (made,) = read_examples(document, memory)
    assert [one.relation for one in made.queries] == ["first", "second"]
    assert len(made.names) == 24


def test_targets_that_are_not_new_are_passed_over() -> None:
    document = annotated(
        "Ostwick is far.", "[Nora|0] left [Ostwick|1] for [Wend|2].",
        relations=[Relation(0, "born in", 1), Relation(0, "went to", 2)],
    )  # fmt: skip
    assert [one.queries[0].relation for one in read_examples(document, nothing)] == ["went to"]


def test_a_point_that_asks_first_what_the_one_before_asked_is_passed_over() -> None:
    document = annotated(
        "[Nora|0] knows [Ada|1], [Bea|2] and [Cleo|3].",
        relations=[Relation(0, "knows", 1), Relation(0, "knows", 2), Relation(0, "sister", 3)],
    )
    made = read_examples(document, nothing)
    assert [one.queries[0].relation for one in made] == ["knows", "sister"]
    assert made[0].continuation == " Ada, Bea and"


def test_a_document_without_points_gives_no_examples() -> None:
    assert read_examples(vint(), nothing) == []


@pytest.mark.parametrize(
    ("relation", "by_object", "by_subject"),
    [
        ("country", False, True),
        ("located in the administrative territorial entity", False, True),
        ("original language of film or TV show", False, True),
        ("continent", True, False),
        ("contains the administrative territorial entity", True, False),
        ("founded by", True, True),
    ],
)
def test_shapes_that_are_known_to_be_broad_are_not_asked(relation: str, by_object: bool, by_subject: bool) -> None:
    asks_object = annotated("[Nora|0] and [Ada|1].", relations=[Relation(0, relation, 1)])
    asks_subject = annotated("[Nora|0] and [Ada|1].", relations=[Relation(1, relation, 0)])
    assert bool(read_examples(asks_object, nothing)) is by_subject
    assert bool(read_examples(asks_subject, nothing)) is by_object
    open_to_all = ReadRules(broad_by_object=frozenset(), broad_by_subject=frozenset())
    assert read_examples(asks_object, nothing, open_to_all)
    assert read_examples(asks_subject, nothing, open_to_all)


def test_the_published_list_has_25_shapes() -> None:
    assert (len(BROAD_BY_OBJECT), len(BROAD_BY_SUBJECT)) == (23, 2)


@given(document=DOCUMENTS, brought=st.integers(0, 40))
def test_examples_continue_one_another_to_the_end(document: AnnotatedDocument, brought: int) -> None:
    made = read_examples(document, lambda query: [f"{query.relation} {n}" for n in range(brought)])
    assert [one.prompt + one.continuation for one in made[:-1]] == [one.prompt for one in made[1:]]
    assert all(one.prompt + one.continuation == document.text for one in made[-1:])
    for place, one in enumerate(made, start=1):
        assert one.ends is (place == len(made))
        assert 1 <= len(one.queries) <= 3
        assert 1 <= len(one.names) <= 30
        assert all(query.known in one.prompt for query in one.queries)
        assert all(ReadRules().admits(query) for query in one.queries)


def test_gold_triples_are_found_from_both_sides_each_name_once() -> None:
    memory = gold_lookup(
        [
            Statement("Nora", "knows", "Ada"),
            Statement("Nora", "knows", "Bea"),
            Statement("NORA", "knows", "ada"),
            Statement("Cleo", "knows", "Ada"),
        ]
    )
    assert memory(Query("nora", "Knows", None)) == ("Ada", "Bea")
    assert memory(Query(None, "knows", "Ada")) == ("Nora", "Cleo")
    assert memory(Query("Ada", "knows", None)) == ()
    assert memory(Query("Nora", "sister", None)) == ()


def test_the_real_memory_can_stand_behind_read_examples() -> None:
    memory = TriplesMemory.private()
    changes = [deliver(n, "Nora Vint", "made", f"Lamp {n:02}") for n in range(1, 32)]
    memory.apply([*changes, deliver(40, "Nora Vint", "owner of", "Halm Works")], 1)
    document = vint(Relation(0, "made", 1), Relation(0, "owner of", 1), Relation(3, "friend", 0))
    made = read_examples(document, reader_lookup(memory.contribute(at=None)))
    assert [(one.queries, one.names) for one in made] == [
        ((Query("Nora Vint", "owner of", None),), ("Halm Works",)),
        ((Query(None, "friend", "Nora Vint"),), ("Ada Brook",)),
    ]


def test_names_of_several_queries_are_merged_rank_by_rank() -> None:
    assert merged_names([("a", "b", "c"), (), ("B", "d")]) == ("a", "B", "d", "c")
    assert merged_names([]) == ()
