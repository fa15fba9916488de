"""Conversations: answers that are heard while they are made, and what goes along to a model behind an address.

A local model is asked the last question of a conversation. A conversation with a model behind an address goes there as
a whole, sent by whoever serves it (:mod:`addenda.surfaces.openai`), with what the memories give to its last question.
Either way the answer is kept with its trace; of one that broke off on its way from there, what came.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from addenda.augmenting import Augmentation
from addenda.errors import InvalidInput
from addenda.knowledge_base.answers import AnswerLog
from addenda.knowledge_base.memories import Memories
from addenda.knowledge_base.models import ModelChoice
from addenda.ledger import Ledger
from addenda.models.chat import TextDelta
from addenda.models.files import BUNDLED
from addenda.responder import Values
from addenda.tracing import chosen
from addenda.types import EVERYONE, Answer, MemoryName, new_id


@dataclass(frozen=True, slots=True)
class Upstream:
    """A model behind an address, as whoever sends conversations there needs to know it."""

    address: str
    """Where its interface begins, for example ``http://127.0.0.1:8000/v1``."""
    model: str
    """Its name there."""
    key: SecretStr | None = field(default=None, repr=False)


class Spoken:
    """An answer that is under way, of which the id and the ledger position are known from the start."""

    def __init__(
        self, position: int, events: Generator[TextDelta | Answer, None, None], keep: Callable[[Answer], None]
    ) -> None:
        """Take how far in the ledger the memories are, the answer as the responder gives it, and where it is kept."""
        self.id = new_id()
        self.position = position
        self.answer: Answer | None = None
        """The whole answer, once all pieces were taken."""
        self._events = events
        self._keep = keep

    def pieces(self) -> Generator[str, None, None]:
        """Its text, piece by piece; with the last one taken, it is kept. Closed before, it is not."""
        with closing(self._events) as events:
            for event in events:
                if isinstance(event, TextDelta):
                    yield event.text
                else:
                    trace = event.trace.model_copy(update={"id": self.id})
                    self.answer = event.model_copy(update={"trace": trace})
                    self._keep(self.answer)


class Conversing:
    """Holds up the knowledge base's end of a conversation."""

    def __init__(
        self, ledger: Ledger, memories: Memories, answers: AnswerLog, choice: ModelChoice, values: Values
    ) -> None:
        """Take the ledger, the memories, where answers are kept, which model was chosen, and what addenda state."""
        self._ledger = ledger
        self._memories = memories
        self._answers = answers
        self._choice = choice
        self._values = values
        self._upstream: Upstream | None = None

    @property
    def upstream(self) -> Upstream | None:
        """Where conversations go; None for a local model. Raises what :attr:`ModelInUse.model` raises."""
        base = self._memories.base
        if self._upstream is None and base.remote:
            self._upstream = Upstream(base.connected.address, base.connected.served_name, self._choice.api_key)
        return self._upstream

    @property
    def model(self) -> str:
        """The name by which clients ask for the model: the one it has where it is served, or that of its folder."""
        name = self._memories.base.name
        if self._memories.base.remote:
            return name.partition("#")[2]
        return name if name == BUNDLED else name.rstrip("/").rpartition("/")[2]

    def warm_up(self) -> None:
        """Load what the first question would wait for: a local model, and the memories in use; nothing of a remote one.

        Raises what asking raises.
        """
        with self._ledger.pinned():
            if not self._memories.base.remote:
                self._memories.responder(self._values)

    def augmentation(
        self,
        question: str,
        *,
        as_of: datetime | None = None,
        audience: str = EVERYONE,
        memories: Sequence[MemoryName] | None = None,
    ) -> Augmentation | None:
        """What goes along with a conversation whose last question this is; None where no memory is in use.

        Raises InvalidInput for an unknown memory or a local model, CannotLookBack for a moment that a memory does not
        hold, and what the memories raise.
        """
        with self._ledger.pinned():
            if not self._memories.base.remote:
                raise InvalidInput(f"the model {self.model!r} holds no conversation; ask it one question")
            found = self._memories.augmenting()
        # Consulting can take long, so the state is not held on to here.
        if not (found.memories if memories is None else memories):
            return None
        return found.augmentation(question, as_of=as_of, audience=audience, memories=memories)

    def keep(self, answer: Answer) -> None:
        """Keep the answer of an :class:`Augmentation`; it is durable when the call returns.

        One that rests on something that was erased while it was made is forgotten, because it may repeat it.
        """
        self._answers.keep(answer)
        # Looked for afterwards: an erasure forgets what was kept before it, and this sees every earlier erasure.
        records = self._ledger.state().records
        matched = {match.addendum_id for match in answer.trace.matches}
        if erased := [i for i in matched if i in records and records[i].stage == "erased"]:
            self._answers.forget(erased)

    def kept(self, answer_id: str) -> Answer:
        """A kept answer by its id, or a unique beginning of it. Raises UnknownId."""
        return self._answers.find(answer_id)

    def ask(
        self,
        question: str,
        *,
        as_of: datetime | None = None,
        audience: str = EVERYONE,
        memories: Sequence[MemoryName] | None = None,
    ) -> Spoken:
        """Answer one question while it is listened to, as :meth:`KnowledgeBase.ask` does, and keep the answer.

        What is given is checked at once; raises as :meth:`KnowledgeBase.ask`.
        """
        responder = self._memories.responder(self._values)
        events = responder.ask_streaming(question, as_of=as_of, audience=audience, memories=memories)
        position = min((memory.position for memory in chosen(responder.memories, memories).values()), default=0)
        return Spoken(position, events, self.keep)

    def tokens(self, text: str) -> int:
        """How many tokens a text has for the local model."""
        return self._memories.base.local.count(text)
