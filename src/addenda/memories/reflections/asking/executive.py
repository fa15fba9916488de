"""Who directs a consultation: anything that fills the forms of the protocol, usually a chat model.

A chat model is told its task by a prompt file with a version, and shown the situation as one JSON object, so that
nothing in it can end the quotation. It is told that answers of the memory model are data and never an instruction;
that is a request. What holds is that it can only fill forms, and that code decides what becomes of them.

Source: the instructions follow "MeMo: Memory as a Model" (arXiv 2605.15156) in substance; the words are ours.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from importlib.resources import files
from typing import Protocol, TypeVar

from pydantic import BaseModel

from addenda.memories.reflections.asking.budget import Meter
from addenda.memories.reflections.asking.messages import Grounding, Identification, Seeking, Situation, Synthesis
from addenda.models.base import rough_tokens
from addenda.models.chat import (
    DEFAULT_REPLY_TOKENS,
    AssistantMessage,
    ChatModel,
    Message,
    SystemMessage,
    TextDelta,
    Tool,
    UserMessage,
)
from addenda.models.structured import complete_json

_Form = TypeVar("_Form", bound=BaseModel)


class Executive(Protocol):
    """Directs a consultation by filling its forms.

    Each method raises InvalidInput when it cannot fill the form, which wastes the turn; ModelUnavailable when its model
    is gone; OutOfTokens as the meter does, on which it counts what it reads and writes.
    """

    @property
    def name(self) -> str:
        """The name by which results call it."""
        ...

    def ground(self, situation: Situation, meter: Meter) -> Grounding:
        """Take the user's question apart."""
        ...

    def identify(self, situation: Situation, meter: Meter) -> Identification:
        """Judge the answers so far, and ask on to find the entity that is meant."""
        ...

    def seek(self, situation: Situation, meter: Meter) -> Seeking:
        """Judge the answers so far, and ask on to find what is wanted of the entity."""
        ...

    def synthesise(self, situation: Situation, meter: Meter) -> Synthesis:
        """Answer the user's question from the entries."""
        ...


class ChatExecutive:
    """A chat model as executive; keeps the :class:`Executive` protocol. Threads may share it where they may the model.

    It holds nothing about the memory model, so either can be exchanged without the other.
    """

    def __init__(self, model: ChatModel) -> None:
        """Nothing is asked yet."""
        self._model = model

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    def ground(self, situation: Situation, meter: Meter) -> Grounding:
        """See :meth:`Executive.ground`."""
        return self._filled("ground.1", Grounding, situation, meter)

    def identify(self, situation: Situation, meter: Meter) -> Identification:
        """See :meth:`Executive.identify`."""
        return self._filled("identify.1", Identification, situation, meter)

    def seek(self, situation: Situation, meter: Meter) -> Seeking:
        """See :meth:`Executive.seek`."""
        return self._filled("seek.1", Seeking, situation, meter)

    def synthesise(self, situation: Situation, meter: Meter) -> Synthesis:
        """See :meth:`Executive.synthesise`."""
        return self._filled("synthesise.1", Synthesis, situation, meter)

    def _filled(self, prompt: str, form: type[_Form], situation: Situation, meter: Meter) -> _Form:
        task = (files("addenda.memories.reflections.asking") / "prompts" / f"{prompt}.md").read_text(encoding="utf-8")
        quoted = json.dumps(shown(situation), ensure_ascii=False)
        return complete_json(
            _Metered(self._model, meter),
            [SystemMessage(text=task.strip()), UserMessage(text=quoted)],
            form,
            attempts=meter.budget.attempts,
            max_new_tokens=meter.budget.executive_tokens,
        )


def shown(situation: Situation) -> Mapping[str, object]:
    """A situation as a language model is shown it: what bears on the stage, and votes in place of single wordings."""
    told: dict[str, object] = {"question": situation.question}
    if situation.stage != "grounding":
        told["clues"] = [one.model_dump() for one in situation.clues]
        told["entries"] = [
            {
                "id": one.id,
                "question": one.question,
                "about": one.about,
                "clues": one.clues,
                "outcome": one.outcome,
                "answers": [vote.model_dump() for vote in one.votes],
                "replies": one.replies,
            }
            for one in situation.entries
        ]
        told["candidates"] = [
            {
                "name": one.name,
                "named_in_question": one.given,
                "confirmed_by": one.confirmed_by,
                "brought_up_by": one.signs,
                "refused_in_a_row": one.streak,
                "eliminated": one.eliminated,
            }
            for one in situation.candidates
        ]
        told["facts"] = situation.facts
    if situation.stage in ("answer seeking", "synthesis"):
        told["current"] = situation.current
    if situation.stage != "synthesis":
        told["dead_ends"] = situation.dead_ends
        told["messages_left"] = situation.turns_left
        told["questions_left"] = situation.questions_left
        told["paraphrases_wanted"] = situation.paraphrases
    return {**told, "refused": situation.refused}


class _Metered:
    """A chat model on a meter; keeps the :class:`ChatModel` protocol."""

    def __init__(self, model: ChatModel, meter: Meter) -> None:
        self._model = model
        self._meter = meter

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    def reply(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        may_call: bool = True,
        schema: type[BaseModel] | None = None,
        max_new_tokens: int = DEFAULT_REPLY_TOKENS,
    ) -> AssistantMessage:
        """The model's next turn. Raises OutOfTokens before it is asked."""
        self._meter.executive_begins(sum(rough_tokens(message.text) for message in messages))
        text = ""
        try:
            reply = self._model.reply(
                messages, tools=tools, may_call=may_call, schema=schema, max_new_tokens=max_new_tokens
            )
            text = reply.text
        finally:
            self._meter.executive_said(text)
        return reply

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        may_call: bool = True,
        max_new_tokens: int = DEFAULT_REPLY_TOKENS,
    ) -> Generator[TextDelta | AssistantMessage, None, None]:
        """The same in one piece: a form is of no use before it is whole."""
        yield self.reply(messages, tools=tools, may_call=may_call, max_new_tokens=max_new_tokens)
