"""The line form of a consultation, for executives that are too small for JSON: a dialogue of one line a turn.

What the executive says is a line, and what came back to it is a line with the id of its entry:

    user:       What is the extension of the manager of the site where Zarvo Nuxel is made?
    executive:  extension>> manager>> manufacturing site>> Zarvo Nuxel
    user:       q1 Fuporn
    executive:  manager>> q1
    user:       q2 Tib Kalo
    executive:  extension>> q2
    user:       q3 4711
    executive:  answer q3

The first line is the plan, from what is wanted to the name where it begins. Every line asks for its last relation of
its name, which is spelled as in the question or an answer, or is the id of the entry whose answer it is. Two lines
stand alone: ``ask`` puts the question as it is, ``none`` gives up. What is shown of a situation is the dialogue that
led to it, so the dialogue of every turn begins with that of the turn before.

Reading is total: whatever stands in a line, it is a step or it is InvalidInput.

Source: follow-up questions with their answers in between go back to Press et al. (2022), "Measuring and Narrowing the
Compositionality Gap in Language Models"; the form is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.inquiry import named_in
from addenda.memories.reflections.asking.messages import NAME_LIMIT, Situation
from addenda.memories.reflections.asking.transcript import Entry
from addenda.memories.reflections.questions import REFUSAL, memory_prompt

SEPARATOR = ">>"
"""Between relations and the name."""
ITSELF, NOTHING, ANSWER = "ask", "none", "answer"
"""The words of the lines that name no relation."""
SHOWN_ANSWER = 120
"""Characters of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Step:
    """Ask for a relation of somebody or something."""

    relations: tuple[str, ...]
    """The last of them is asked for; those before it are what is to be asked of its answer, the last of these first."""
    name: str
    """As the question or an answer spells it."""


@dataclass(frozen=True, slots=True)
class AskItself:
    """Put the user's question as it is."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is that of this entry."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class GiveUp:
    """There is no answer, and nothing more to ask."""


Line: TypeAlias = Step | AskItself | Finish | GiveUp
"""What an executive may say with a line."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A line of the dialogue."""

    role: Literal["user", "assistant"]
    text: str


def step_line(relations: Sequence[str], name: str, answers: Mapping[str, str]) -> str:
    """The line of a step: by the id of the entry whose answer the name is, or else by the name itself."""
    known = next((entry for entry, answer in reversed(list(answers.items())) if name_of(answer) == name), name)
    return f"{SEPARATOR} ".join((*relations, known))


def name_of(answer: str) -> str:
    """An answer as the name of what is asked about next: without the full stop at its end."""
    return answer.strip().removesuffix(".").rstrip()


def reply_line(entry: str, answer: str) -> str:
    """What came back to a line; the refusal when there is no answer."""
    return f"{entry} {memory_prompt(answer)[:SHOWN_ANSWER].rstrip() if answer else REFUSAL}"


def dialogue(situation: Situation, relations: Sequence[str], plan: str) -> tuple[Turn, ...]:
    """The dialogue that led to a situation.

    Args:
        situation: What is shown.
        relations: For each entry the relation that it asked for; empty where it was the user's question.
        plan: The first line, which is shown where there are entries.
    """
    turns = [Turn("user", memory_prompt(situation.question))]
    answers: dict[str, str] = {}
    for number, (entry, relation) in enumerate(zip(situation.entries, relations, strict=True)):
        line = step_line([relation], entry.about, answers) if relation else ITSELF
        turns.append(Turn("assistant", line if number else plan))
        turns.append(Turn("user", reply_line(entry.id, entry.answer)))
        if entry.known:
            answers[entry.id] = entry.answer
    return tuple(turns)


def read_line(line: str, situation: Situation) -> Line:
    """What a line says. Raises InvalidInput when it says nothing that can be done here."""
    said = line.strip()
    if said == ITSELF:
        return AskItself()
    if said == NOTHING:
        return GiveUp()
    entries = {one.id: one for one in situation.entries if one.known}
    first, _, rest = said.partition(" ")
    if first == ANSWER and rest.strip() in entries:
        return Finish(entries[rest.strip()])
    *relations, name = (part.strip() for part in said.split(SEPARATOR))
    name = name_of(entries[name].answer) if name in entries else name
    texts = [situation.question, *(one.answer for one in entries.values())]
    if not relations or not any(named_in(name, text) for text in texts):
        raise InvalidInput(
            f"the executive's line {said[:80]!r} cannot be used: it is {ITSELF!r}, {NOTHING!r}, {ANSWER!r} with the id "
            f"of an answered entry, or relations and a name from the question or an answer, with {SEPARATOR!r} between"
        )
    if not all(relations) or max(map(len, (*relations, name))) > NAME_LIMIT:
        raise InvalidInput(
            f"the step {said[:80]!r} cannot be asked: relations and names have at least 1 character and at most "
            f"{NAME_LIMIT}"
        )
    return Step(tuple(relations), name)
