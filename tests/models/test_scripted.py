"""The scripted model."""

from __future__ import annotations

from addenda.models.base import Completion
from addenda.models.scripted import ScriptedModel


def test_it_says_what_it_was_told_to_say() -> None:
    model = ScriptedModel({"Who?": "Ida", "Where?": "at Nord"}, default="no idea")
    assert model.answer(["Where?", "Who?", "When?"]) == [
        Completion("at Nord", finished=True),
        Completion("Ida", finished=True),
        Completion("no idea", finished=True),
    ]
    assert model.asked == ["Where?", "Who?", "When?"]
    assert model.name == "scripted"
    assert model.batch_size > 1


def test_it_is_cut_off_like_a_real_one() -> None:
    model = ScriptedModel({"Who?": "Ida of Nord"})
    assert model.answer(["Who?"], max_new_tokens=2) == [Completion("Ida of", finished=False)]
    assert model.answer(["Who?"], max_new_tokens=3) == [Completion("Ida of Nord", finished=True)]


def test_its_fingerprint_is_that_of_its_table() -> None:
    one = ScriptedModel({"a": "1", "b": "2"})
    assert one.fingerprint == ScriptedModel({"b": "2", "a": "1"}).fingerprint
    assert one.fingerprint.startswith("sha256:")
    assert (
        len({one.fingerprint, ScriptedModel({"a": "1"}).fingerprint, ScriptedModel({"a": "1"}, "?").fingerprint}) == 3
    )


def test_its_table_is_its_own() -> None:
    table = {"a": "1"}
    model = ScriptedModel(table)
    table["a"] = "2"
    assert model.answer(["a"])[0].text == "1"
