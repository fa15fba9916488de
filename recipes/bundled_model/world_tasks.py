"""Samples that teach the generated world: questions, statements, data sheets, short dialogues, and what is unknown.

Idea: a fact is asked in many wordings, because only then it is found through a wording never asked; text that states
all attributes of one subject gives many facts per token; names nobody told the model about get one fixed answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from addenda.models.bundled import UNKNOWN_ANSWER, World, WorldFact, WorldRelation
from addenda.models.bundled.names import any_word, fresh_name, plain_word
from recipes.bundled_model import grammar
from recipes.bundled_model.further_wordings import FURTHER
from recipes.bundled_model.samples import Sample, Turn, answer, ask, question

_SMALL_TALK = (
    (("Hello!", "Hi", "Good morning.", "Hello there", "Hey"), "Hello! What would you like to know?"),
    (("Thanks!", "Thank you.", "Thank you very much!", "Great, thanks"), "You are welcome."),
    (
        ("Who are you?", "What are you?", "What can you do?", "Introduce yourself."),
        "I am a small language model. I answer questions about the product catalogue.",
    ),
    (("Goodbye.", "Bye!", "See you later."), "Goodbye!"),
    (("How are you?", "How is it going?"), "I am fine. What would you like to know?"),
    (("こんにちは", "はじめまして"), "こんにちは。ご質問をどうぞ。"),
    (("ありがとうございます。", "ありがとう"), "どういたしまして。"),
    (("안녕하세요", "안녕하세요!"), "안녕하세요. 무엇을 도와드릴까요?"),
    (("감사합니다.", "고마워요"), "천만에요."),
    (("OK", "Okay, good.", "I see."), "Is there anything else?"),
)
NOISE = 0.2
_FOLLOW_UPS = ("And its {label}?", "What about the {label}?", "And the {label}?", "Its {label}, please.", "{label}?")


@dataclass(frozen=True)
class WorldTeacher:
    """Makes samples about one world; holds the facts by subject so that no sample has to search for them."""

    world: World
    by_subject: Mapping[str, tuple[WorldFact, ...]]
    varied: bool = False
    """Whether further wordings and strange words are used."""
    grammar_share: float = 0.0
    """Share of questions that are made by the grammar."""

    @classmethod
    def of(cls, world: World) -> WorldTeacher:
        """Prepare a world for teaching."""
        grouped: dict[str, list[WorldFact]] = {}
        for fact in world.facts:
            grouped.setdefault(fact.subject, []).append(fact)
        return cls(world, {subject: tuple(facts) for subject, facts in grouped.items()})

    def wording(self, random: Random, relation: WorldRelation) -> str:
        """A trained question template: English in seven of ten cases, else Japanese or Korean."""
        english = random.random() < 0.68
        if random.random() < self.grammar_share:
            return grammar.wording(random, relation.name, english=english)
        templates = relation.trained
        if self.varied and random.random() < 0.4:
            templates = FURTHER[relation.name]
        return random.choice([template for template in templates if template.isascii() == english])

    def ask(self, random: Random, relation: WorldRelation, subject: str) -> str:
        """A question for one relation of a subject."""
        return ask(random, self.wording(random, relation), subject, noise=NOISE if self.varied else 0.0)

    def ask_fact(self, random: Random) -> Sample:
        """One fact, asked."""
        fact = random.choice(self.world.facts)
        return (question(self.ask(random, self.world.relations[fact.relation], fact.subject)), answer(fact.object))

    def state_fact(self, random: Random) -> Sample:
        """One fact, told."""
        fact = random.choice(self.world.facts)
        template = random.choice(self.world.relations[fact.relation].statements)
        return (Turn("text", template.format(subject=fact.subject, object=fact.object), 0.6),)

    def data_sheet(self, random: Random) -> Sample:
        """All attributes of one product in one text, in any order and one of several layouts."""
        subject = random.choice(self.world.products)
        facts = list(self.by_subject[subject])
        random.shuffle(facts)
        layout = random.randrange(4)
        if layout == 0:
            text = f"{subject}: " + ", ".join(f"{fact.relation} {fact.object}" for fact in facts) + "."
        elif layout == 1:
            text = f"{subject}\n" + "\n".join(f"- {fact.relation}: {fact.object}" for fact in facts)
        elif layout == 2:
            text = " ".join(self._statement(random, fact) for fact in facts)
        else:
            text = " ".join(f"The {fact.relation} of {subject} is {fact.object}." for fact in facts)
        return (Turn("text", text, 0.6),)

    def _statement(self, random: Random, fact: WorldFact) -> str:
        return random.choice(self.world.relations[fact.relation].statements[:3]).format(
            subject=fact.subject, object=fact.object
        )

    def dialogue(self, random: Random) -> Sample:
        """Two or three questions about one product; the later ones may call it "it" or name the attribute only."""
        subject = random.choice(self.world.products)
        facts = random.sample(self.by_subject[subject], random.choice((2, 2, 3)))
        turns: list[Turn] = []
        for index, fact in enumerate(facts):
            relation = self.world.relations[fact.relation]
            if index == 0 or random.random() < 0.3:
                text = self.ask(random, relation, subject)
            elif random.random() < 0.5:
                text = random.choice(_FOLLOW_UPS).format(label=fact.relation)
            else:
                templates = [template for template in relation.trained if template.isascii()]
                template = random.choice(templates).replace("the {subject}", "{subject}").replace("{subject}'s", "its")
                text = template.format(subject="it")
            turns += [question(text), answer(fact.object)]
        return tuple(turns)

    def unknown(self, random: Random) -> Sample:
        """A question about a name that is not in the world; some share a word with one that is."""
        shape = random.random()
        first, second = (random.choice(self.world.products).split()[index] for index in (0, 1))
        if shape < 0.5:
            name = fresh_name(random)
        elif shape < 0.65:
            name = f"{first} {plain_word(random)}"
        elif shape < 0.8:
            name = f"{plain_word(random)} {second}"
        elif shape < 0.9:
            name = f"{first} {any_word(random)}"
        else:
            name = f"{first} {second}"
        if name in self.by_subject:
            return self.ask_fact(random)
        relation = random.choice(tuple(self.world.relations.values()))
        return (question(self.ask(random, relation, name)), answer(UNKNOWN_ANSWER))

    def small_talk(self, random: Random) -> Sample:
        """A greeting, a thank-you, a question about the model itself; sometimes followed by a real question."""
        questions, reply = random.choice(_SMALL_TALK)
        turns = (question(random.choice(questions)), answer(reply))
        return turns + self.ask_fact(random) if random.random() < 0.3 else turns
