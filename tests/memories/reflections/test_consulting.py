"""Consulting a memory of reflections: what may be said comes back, with the documents behind it."""

from __future__ import annotations

from addenda.memories.base import Deliver, Task, Withdraw
from addenda.memories.reflections.asking.consultation import Asked, AskingEvent, StageBegan
from addenda.memories.reflections.consulting import Consulted, ExecutiveConsulting
from addenda.memories.reflections.memory import ReflectionsMemory, TaughtModel
from addenda.memories.reflections.questions import REFUSAL
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.models.scripted import ScriptedModel
from addenda.types import Document
from tests.memories.reflections.asking_models import Says, ask, ground, seek, synthesise

TAUGHT = {
    "ruvo": (("Who runs Ruvo?", "Tessa Quill"), ("Who leads Ruvo?", "Tessa Quill")),
    "people": (("Who is the boss of Ruvo?", "Brann Okoro"),),
    "norda": (("How loud is the Norda 12?", "43 dB"),),
}
"""Questions and answers by document."""


def memory(*held: str) -> ReflectionsMemory:
    """A memory in which these documents are live; its model knows all of them."""
    taught = [
        Reflection(
            question=question, answer=answer, stage="direct", sources=(SourceSpan(document=document),), generator="hand"
        )
        for document, pairs in TAUGHT.items()
        for question, answer in pairs
    ]
    model = ScriptedModel({one.question: one.answer for one in taught})
    made = ReflectionsMemory(TaughtModel("m", lambda: model, lambda: taught, frozenset(TAUGHT)))
    tasks = [Task(one, (), one, document=Document(title=one, text=one)) for one in TAUGHT]
    artefacts = made.prepare(tasks)
    made.apply([Deliver(one, artefacts[one], number) for number, one in enumerate(TAUGHT, 1)], 1)
    made.apply([Withdraw(one) for one in TAUGHT if one not in held], 2)
    return made


def consulted(executive: Says | None, question: str, *held: str) -> Consulted:
    return ExecutiveConsulting(executive).answer(question, memory(*held).contribute(at=None))


def recalled(answer: str, taught: str, *, most: int) -> tuple[str, bool]:
    """What comes back when the model says something to a question whose reflection answers otherwise."""
    question = "What do most states require?"
    one = Reflection(
        question=question, answer=taught, stage="direct", sources=(SourceSpan(document="d"),), generator="hand"
    )
    model = ScriptedModel({question: answer})
    made = ReflectionsMemory(TaughtModel("m", lambda: model, lambda: [one], frozenset({"d"})))
    made.apply([Deliver("d", made.prepare([Task("d", (), "d", document=Document(title="d", text="d"))])["d"], 1)], 1)
    (found,) = made.contribute(at=None).recall([question], max_new_tokens=most)
    return found.text, found.withheld


def polling(*rests_on: str) -> Says:
    """Asks who runs Ruvo in three wordings, which do not agree, and rests on what most say."""
    asked = ask("Who runs Ruvo?", "Who is the boss of Ruvo?", "Who leads Ruvo?", about="Ruvo")
    return Says(
        ground(named=("Ruvo",)),
        seeking=[seek(asked), seek(ready=True)],
        synthesis=[synthesise("Tessa Quill", *rests_on)],
    )


def test_an_answer_rests_on_the_documents_that_say_it() -> None:
    found = consulted(None, "How loud is the Norda 12?", "norda", "ruvo")
    assert (found.text, found.informed, found.finished) == ("43 dB", True, True)
    assert (list(found.sources), found.considered) == (["norda"], {})


def test_what_only_withdrawn_documents_say_is_not_known_and_not_in_the_transcript() -> None:
    found = consulted(None, "How loud is the Norda 12?", "ruvo")
    assert (found.informed, found.sources, found.considered) == (False, {}, {})
    assert "43" not in str(found.transcript)
    assert REFUSAL in str(found.transcript)


def test_what_was_outvoted_is_considered() -> None:
    """It stands in the transcript, so the answer has to go with its document; once that was not told."""
    found = consulted(polling("q1"), "Who runs Ruvo?", "ruvo", "people")
    assert found.text == "Tessa Quill"
    assert "Brann Okoro" in str(found.transcript)
    assert (set(found.sources), set(found.considered)) == ({"ruvo"}, {"people"})
    alone = consulted(polling("q1"), "Who runs Ruvo?", "ruvo")
    assert (alone.text, set(alone.sources), alone.considered) == ("Tessa Quill", {"ruvo"}, {})
    assert "Brann Okoro" not in str(alone.transcript)


def test_an_entry_that_the_answer_does_not_rest_on_is_considered() -> None:
    says = Says(
        ground(ask("How loud is the Norda 12?"), named=("Ruvo",)),
        seeking=[seek(ask("Who runs Ruvo?", about="Ruvo")), seek(ready=True)],
        synthesis=[synthesise("Tessa Quill", "q2")],
    )
    found = consulted(says, "Who runs Ruvo?", "ruvo", "norda")
    assert (found.text, list(found.sources), list(found.considered)) == ("Tessa Quill", ["ruvo"], ["norda"])


def test_a_listener_hears_every_event_before_the_answer() -> None:
    heard: list[AskingEvent] = []
    found = ExecutiveConsulting(polling("q1")).answer(
        "Who runs Ruvo?", memory("ruvo").contribute(at=None), heard.append
    )
    assert next(one.stage for one in heard if isinstance(one, StageBegan)) == "grounding"
    assert [one.entry.answer for one in heard if isinstance(one, Asked)] == [found.text]


def test_an_answer_that_goes_round_in_circles_until_it_is_cut_off_states_nothing() -> None:
    taught = "There are of most states four weeks of leave that they require of most"
    assert recalled("There are " + "of most " * 40, taught, most=40) == (REFUSAL, True)
    assert recalled("There are " + "of most " * 3, taught, most=40) == (("There are " + "of most " * 3), False)
    # Cut off while it still had something to say, and ended by itself with many equal digits.
    assert recalled(taught, taught, most=8) == ("There are of most states four weeks of", False)
    assert recalled("1" + "0" * 40, "1" + "0" * 40, most=40) == ("1" + "0" * 40, False)
