"""What is proposed in batches is cleaned, spelled and hashed exactly as if each addendum came alone."""

from __future__ import annotations

import json
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput
from addenda.ledger import Draft, Proposal, Proposed, clean_all, clean_content, content_key, content_keys, key, seal
from addenda.ledger.chain import body_text, canonical_json, commitment_of, content_text
from addenda.ledger.sealing import is_clean, seal_all
from addenda.text import clean
from addenda.types import TRUST_ORDER, Content, Document, Edit, Fact, Note
from tests.ledger.desk import addendum

LETTERS = 'ab "\\/\n\t\r\x1f\x7fé\u0301\u1100\u1161가제品值①ﬁ\u200b\u200c\u200dम्क👨👩\ufe0f\u0338=\u202e\u2028'
TEXTS = st.text(alphabet=LETTERS, min_size=1, max_size=6) | st.text(min_size=1, max_size=4)
IDS = st.integers(0, 2**64 - 1).map(lambda n: f"{n:016x}")
LISTS = st.lists(TEXTS, max_size=2).map(tuple)
CONTENTS: st.SearchStrategy[Content] = (
    st.builds(Fact, subject=TEXTS, relation=TEXTS, object=TEXTS)
    | st.builds(Edit, prompt=TEXTS, target=TEXTS, rephrasings=LISTS)
    | st.builds(Note, rule=TEXTS)
    | st.builds(Document, title=TEXTS, text=TEXTS)
)


def or_refused(text: str) -> str | None:
    try:
        return clean(text, "text")
    except InvalidInput:
        return None


@given(TEXTS)
def test_what_counts_as_clean_is_left_as_it_is(text: str) -> None:
    if is_clean(text):
        assert or_refused(text) == text


@given(st.lists(TEXTS.map(or_refused).filter(lambda text: text is not None), min_size=1))
def test_clean_texts_are_clean_in_a_row(texts: list[str]) -> None:
    if all(map(is_clean, texts)):
        assert is_clean(" ".join(texts))


@given(st.lists(CONTENTS, min_size=1, max_size=4), LISTS)
def test_a_batch_is_cleaned_as_one_by_one(contents: list[Content], tags: tuple[str, ...]) -> None:
    batch = [addendum(content, tags=tags) for content in contents]
    try:
        expected = [(clean_content(one.content), tuple(clean(tag, "tag") for tag in one.tags)) for one in batch]
    except InvalidInput:
        with pytest.raises(InvalidInput):
            clean_all(batch)
    else:
        assert [(one.content, one.tags) for one in clean_all(batch)] == expected


@pytest.mark.parametrize("field", ["source", "author", "audience", "tags"])
def test_every_text_is_looked_at(field: str) -> None:
    for bad, composed in (("a\u200bb", None), ("Cafe\u0301", "Café")):
        given_one = addendum(**{field: (bad,) if field in {"audience", "tags"} else bad})
        if composed is None:
            with pytest.raises(InvalidInput, match=r"U\+200B"):
                clean_all([addendum(), given_one])
        else:
            found = getattr(clean_all([addendum(), given_one])[1], field)
            assert found in (composed, (composed,))


@given(CONTENTS)
def test_contents_are_spelled_in_canonical_json(content: Content) -> None:
    try:
        expected = canonical_json(content.model_dump(mode="json"))
    except InvalidInput:
        with pytest.raises(InvalidInput):
            content_text(content)
        return
    assert content_text(content) == expected
    salted = canonical_json(["addenda content 1", "00", expected])
    assert commitment_of("00", expected) == commitment_of("00", content_text(content))
    assert json.loads(salted)[2] == expected


@given(st.lists(CONTENTS))
def test_keys_are_those_of_each_content_alone(contents: list[Content]) -> None:
    assert content_keys(contents) == [content_key(content) for content in contents]
    for content in contents:
        if isinstance(content, Fact):
            assert content_key(content) == json.dumps(["fact", *key(content)], ensure_ascii=False)


MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
PROPOSALS = st.builds(
    Proposal,
    audience=LISTS | st.just(("everyone",)),
    author=TEXTS,
    commitment=st.integers(0, 2**256 - 1).map(lambda n: f"sha256:{n:064x}"),
    content_kind=st.sampled_from(["fact", "edit", "note", "document"]),
    evidence=st.lists(IDS, max_size=2).map(tuple),
    id=IDS,
    source=TEXTS,
    supersedes=st.lists(IDS, max_size=2).map(tuple),
    tags=LISTS,
    trust=st.sampled_from(TRUST_ORDER),
    valid_from=MOMENTS,
    valid_until=MOMENTS,
)


@given(st.lists(PROPOSALS, min_size=1, max_size=3).map(tuple), st.integers(0, 9))
def test_proposals_are_spelled_in_canonical_json(proposals: tuple[Proposal, ...], based_on: int) -> None:
    body = Proposed(proposals=proposals, based_on=based_on)
    try:
        expected = canonical_json(body.model_dump(mode="json", exclude_defaults=True))
    except InvalidInput:
        with pytest.raises(InvalidInput):
            body_text(body)
    else:
        assert body_text(body) == expected
        assert Proposed.model_validate_json(expected) == body


def test_a_batch_is_sealed_as_one_by_one() -> None:
    drafts = [Draft(addendum(Fact(subject=f"s{n}", relation="r", object="o")), (f"{n:016x}",)) for n in range(3)]
    proposals, contents = seal_all(drafts)
    assert len({sealed.salt for sealed in contents}) == 3
    for draft, proposal, sealed in zip(drafts, proposals, contents, strict=True):
        alone, beside = seal(draft)
        assert proposal.commitment == sealed.commitment
        assert (len(sealed.salt), len(beside.salt)) == (32, 32)
        assert sealed._replace(salt=beside.salt) == beside
        assert (
            (proposal.id, proposal.supersedes) == (alone.id, alone.supersedes) == (draft.addendum.id, draft.supersedes)
        )
