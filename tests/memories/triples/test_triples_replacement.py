"""Counterfactual documents: other names everywhere, and nothing else changed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput
from addenda.memories.triples.annotations import AnnotatedDocument, Relation
from addenda.memories.triples.replacement import DEFAULT_KINDS, NamePool, replaced
from tests.memories.triples.annotated import DOCUMENTS, annotated

POOL = NamePool({"PER": (("Bela Orsk", "Orsk"),), "ORG": (("Quill Press",),), "LOC": (("Tarn",),)})


def stands(name: str, document: AnnotatedDocument) -> bool:
    """Whether a name stands in a document as words of its own."""
    texts = (document.title, *document.sentences)
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for text in texts)


def test_every_name_of_an_entity_is_replaced_everywhere_also_where_nobody_annotated_it() -> None:
    document = annotated(
        "[Nora Vint|0] ([1971|3]) runs [Halm|1].",
        "Halm is in [Ostwick|2], and Vint's lamps are [Vint|0]'s own; Vinton is not.",
        relations=[Relation(0, "owner of", 1, (0,))],
        kinds={1: "ORG", 2: "LOC", 3: "TIME"},
        title="Nora Vint (artist)",
    )
    found = replaced(document, POOL)
    assert found.document.sentences == (
        "Bela Orsk (1971) runs Quill Press.",
        "Quill Press is in Tarn, and Orsk's lamps are Orsk's own; Vinton is not.",
    )
    assert found.document.title == "Bela Orsk (artist)"
    assert found.document.relations == document.relations
    assert [found.document.names(entity) for entity in found.document.entities] == [
        ("Bela Orsk", "Orsk"), ("Quill Press",), ("Tarn",), ("1971",),
    ]  # fmt: skip
    assert found.renamed == {"Nora Vint": "Bela Orsk", "Vint": "Orsk", "Halm": "Quill Press", "Ostwick": "Tarn"}


def test_a_donor_with_fewer_names_gives_its_last_one_again() -> None:
    document = annotated("[Nora Rose Vint|0], [Nora Vint|0] or [Vint|0].")
    assert replaced(document, POOL).document.sentences == ("Bela Orsk, Orsk or Orsk.",)


def test_a_name_inside_that_of_a_kept_entity_is_replaced_there_too() -> None:
    outer = annotated("The [Ostwick Glass Works|0] shut. The Ostwick Glass Works were old.", kinds={0: "ORG"})
    inner = annotated("The [Ostwick|0] Glass Works shut. The Ostwick Glass Works were old.", kinds={0: "LOC"})
    document = AnnotatedDocument("", outer.sentences, (*outer.entities, *inner.entities), ())
    found = replaced(document, POOL)
    assert found.document.sentences == ("The Tarn Glass Works shut. The Tarn Glass Works were old.",)
    assert [found.document.names(entity) for entity in found.document.entities] == [("Tarn Glass Works",), ("Tarn",)]


def test_entities_that_share_a_name_keep_it() -> None:
    document = annotated("[Halm|0] made [Halm|1] in [Ostwick|2].", kinds={1: "ORG", 2: "LOC"})
    assert replaced(document, POOL).document.sentences == ("Halm made Halm in Tarn.",)


def test_an_entity_whose_name_could_not_be_replaced_everywhere_keeps_it() -> None:
    """ "Vint Halm" crosses the edge of the mention of 1999 Vint, which stays because it is a time."""
    document = annotated("[Vint Halm|0] came. In [1999 Vint|1] Halm left.", kinds={1: "TIME"})
    found = replaced(document, POOL)
    assert found.renamed == {}
    assert found.document == document


def test_no_donor_is_taken_whose_name_is_in_the_document_or_holds_one_that_is_to_go() -> None:
    document = annotated("[Vint|0] met Orsk in [Ostwick|1].", kinds={1: "LOC"})
    pool = NamePool({"PER": (("Bela Orsk", "Orsk"),), "LOC": (("New Ostwick",), ("Vint Hill",))})
    assert replaced(document, pool).document == document


def test_two_entities_never_get_the_same_donor_or_one_inside_the_other() -> None:
    document = annotated("[Nora|0] met [Ada|1].")
    pool = NamePool({"PER": (("Orsk",), ("Bela Orsk",))})
    for seed in range(20):
        found = replaced(document, pool, seed=seed)
        assert len(found.renamed) == 1


def test_kinds_and_seed_decide() -> None:
    document = annotated("[Nora|0] came in [1999|1].", kinds={1: "TIME"})
    pool = NamePool({"PER": tuple((f"Person{n}",) for n in range(30)), "TIME": (("2031",),)})
    assert replaced(document, pool, kinds=frozenset({"TIME"})).document.sentences == ("Nora came in 2031.",)
    assert "TIME" not in DEFAULT_KINDS
    texts = {replaced(document, pool, seed=seed).document.sentences[0] for seed in range(10)}
    assert len(texts) > 5
    assert all(re.fullmatch(r"Person\d+ came in 1999\.", text) for text in texts)


def test_a_pool_can_be_made_of_documents() -> None:
    first = annotated("[Nora Vint|0], called [Vint|0], of [Ostwick|1].", kinds={1: "LOC"})
    second = annotated("[Ada|0] of [Ostwick|1].", kinds={1: "LOC"})
    assert NamePool.of([first, second]).donors == {"PER": (("Nora Vint", "Vint"), ("Ada",)), "LOC": (("Ostwick",),)}


@pytest.mark.parametrize("donor", [(), ("",), ("Orsk", " x")])
def test_a_donor_without_a_proper_name_is_refused(donor: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match="a donor of kind 'PER' has no names"):
        NamePool({"PER": (donor,)})


NEW_NAMES = st.lists(st.sampled_from(("Bela", "Orsk", "Tarn", "Nora", "of", "works", "(x)")), min_size=1, max_size=3)
DONORS = st.lists(st.lists(NEW_NAMES.map(" ".join), min_size=1, max_size=2, unique=True).map(tuple), max_size=6)
POOLS = st.fixed_dictionaries({"PER": DONORS, "LOC": DONORS}).map(NamePool)
KINDS = frozenset({"PER", "LOC"})


@given(document=DOCUMENTS, pool=POOLS, seed=st.integers(0, 5))
def test_the_structure_stays_and_no_replaced_name_remains(
    document: AnnotatedDocument, pool: NamePool, seed: int
) -> None:
    found = replaced(document, pool, seed=seed, kinds=KINDS)
    new = found.document
    assert new.relations == document.relations
    assert len(new.sentences) == len(document.sentences)
    assert [one.kind for one in new.entities] == [one.kind for one in document.entities]
    order = [
        sorted((one, n) for n, entity in enumerate(d.entities) for one in entity.mentions) for d in (document, new)
    ]
    assert [(one.sentence, n) for one, n in order[0]] == [(one.sentence, n) for one, n in order[1]]
    for name in found.renamed:
        assert not stands(name, new)
    for old, changed in zip(document.entities, new.entities, strict=True):
        names = [document.name(one) for one in old.mentions]
        if names[0] in found.renamed:
            assert [new.name(one) for one in changed.mentions] == [found.renamed[name] for name in names]
    assert found == replaced(document, pool, seed=seed, kinds=KINDS)


@given(document=DOCUMENTS)
def test_a_document_is_changed_in_the_places_of_names_only(document: AnnotatedDocument) -> None:
    """Names that occur nowhere else can be put back, and then the text is the old one."""
    donors = tuple((f"Q{n}xA", f"Q{n}xB", f"Q{n}xC") for n in range(40))
    found = replaced(document, NamePool({"PER": donors, "LOC": donors}), kinds=KINDS)
    back = {new: old for old, new in found.renamed.items()}
    assert len(back) == len(found.renamed)
    texts = [re.sub(r"Q\d+x[ABC]", lambda name: back[name[0]], text) for text in found.document.sentences]
    assert tuple(texts) == document.sentences


@given(document=DOCUMENTS)
def test_an_empty_pool_changes_nothing(document: AnnotatedDocument) -> None:
    found = replaced(document, NamePool({}), kinds=KINDS)
    assert found.document == document
    assert found.renamed == {}
