"""Several memory models behind one: each question goes to the model whose reflections have its words.

Idea: nothing is retrained, so nothing is forgotten; what has to be right is who is asked. A word that few models' own
reflections have says much about whom a question is for (its weight is the logarithm of the number of models over that
of those that have it), a word that all have says nothing. Among models that fit equally well the newest is asked
first, and the next only for what that one refuses.

Does not know: how the models were trained, and whether an answer is right.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from addenda.errors import InvalidInput, ModelMismatch, UnreadableFile
from addenda.memories.reflections.memory_model import MemoryModel
from addenda.memories.reflections.questions import is_refusal
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.training.state import CARD, read_memory_card
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion, LanguageModel
from addenda.text import search_terms
from addenda.types import Frozen

ROUTES = "routes.json"
"""The file beside a memory model that names the others that are asked with it."""


class Route(Frozen):
    """One of the memory models that share the questions."""

    folder: str
    """Where it lies, as seen from the folder with the routes; ``.`` is that folder itself."""
    data: str
    """Digest of its reflections, as its card has it: another model in its folder is found out."""
    words: tuple[str, ...]
    """Search terms of its reflections, sorted."""


class Routes(Frozen):
    """All of them, the oldest first."""

    format: int = Field(default=1, ge=1, le=1)
    routes: tuple[Route, ...] = Field(min_length=1)

    def fitting(self, question: str) -> list[int]:
        """The routes that fit a question best, the newest first: all that share the highest weight of its words."""
        asked = set(search_terms(question))
        having = [asked & words for words in self._words]
        counted = Counter(word for words in having for word in words)
        weights = [sum(math.log(len(having) / counted[word]) for word in sorted(words)) for words in having]
        return [place for place in reversed(range(len(weights))) if math.isclose(weights[place], max(weights))]

    @property
    def _words(self) -> list[frozenset[str]]:
        return [frozenset(route.words) for route in self.routes]


class RoutedModel:
    """Several memory models as one language model; keeps the :class:`addenda.models.base.LanguageModel` protocol."""

    def __init__(self, routes: Routes, models: Sequence[LanguageModel], *, name: str) -> None:
        """Put models, in the order of the routes, behind one name."""
        self._routes = routes
        self._models = tuple(models)
        self._name = name

    @property
    def name(self) -> str:
        """The name it was made with."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """``sha256:`` digest of the models' fingerprints and the routes."""
        parts = [*(model.fingerprint for model in self._models), self._routes.model_dump_json()]
        return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def batch_size(self) -> int:
        """How many questions it answers side by side at best."""
        return min(model.batch_size for model in self._models)

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """Answer each question by the model it is for; see :meth:`addenda.models.base.LanguageModel.answer`."""
        waiting = {place: self._routes.fitting(question) for place, question in enumerate(questions)}
        found: dict[int, Completion] = {}
        while waiting:
            turn = waiting[min(waiting)][0]
            places = [place for place, routes in waiting.items() if routes[0] == turn]
            said = self._models[turn].answer([questions[place] for place in places], max_new_tokens=max_new_tokens)
            for place, completion in zip(places, said, strict=True):
                found[place] = completion
                waiting[place] = waiting[place][1:] if is_refusal(completion.text) else []
            waiting = {place: routes for place, routes in waiting.items() if routes}
        return [found[place] for place in range(len(questions))]


def load_routed(directory: Path, *, device: str | None = None, threads: int | None = None) -> RoutedModel:
    """The memory models that a folder's routes name, as one.

    Raises UnreadableFile when the routes or a card cannot be read, ModelMismatch when another model than at the time of
    the update lies in one of the folders, ModelUnavailable when a model cannot be loaded, InvalidInput when there is
    only an adapter.
    """
    routes = read_routes(directory)
    models: list[LanguageModel] = []
    for route in routes.routes:
        folder = directory / route.folder
        if read_memory_card(folder).data != route.data:
            raise ModelMismatch(
                f"{str(folder)!r} holds another memory model than {str(directory / ROUTES)!r} names; put that one "
                "back, or update the memory model again"
            )
        if not (folder / "config.json").is_file():
            raise InvalidInput(
                f"{str(folder)!r} holds no whole model, and only such are asked side by side; put the model back that "
                "was there, or update the memory model by the strategy joint"
            )
        models.append(MemoryModel.load(folder, device=device, threads=threads))
    return RoutedModel(routes, models, name=str(directory))


def load_memory_model(
    directory: Path, *, device: str | None = None, threads: int | None = None
) -> RoutedModel | MemoryModel:
    """The memory model of a folder: all that share the questions where there are routes, else the one there is.

    Raises what :func:`load_routed` does.
    """
    if (directory / ROUTES).is_file():
        return load_routed(directory, device=device, threads=threads)
    return MemoryModel.load(directory, device=device, threads=threads)


def read_routes(directory: Path) -> Routes:
    """The routes of a folder. Raises UnreadableFile when there are none, or they are damaged."""
    try:
        return Routes.model_validate_json((directory / ROUTES).read_bytes())
    except OSError as error:
        raise UnreadableFile(
            f"there is no {ROUTES} in {str(directory)!r} ({error.strerror}); update a memory model by routing, or "
            "correct the path"
        ) from error
    except ValidationError as error:
        raise UnreadableFile(f"{ROUTES} in {str(directory)!r} is damaged; update the memory model anew") from error


def add_route(current: Path, old: Sequence[Reflection], part: Path, new: Sequence[Reflection], *, at: Path) -> None:
    """Write the routes of a current memory model and of a new one to the folder of the new one.

    Args:
        current: A memory model, or one that has routes itself.
        old: The reflections of the current one.
        part: The folder of the new one, and of the routes, for now.
        new: Its reflections.
        at: Where the folder will be.
    """
    back = Path(os.path.relpath(current.resolve(), at.resolve()))
    if (current / ROUTES).is_file():
        before = tuple(
            route.model_copy(update={"folder": os.path.normpath(back / route.folder)})
            for route in read_routes(current).routes
        )
    else:
        before = (_route(str(back), current, old),)
    routes = Routes(routes=(*before, _route(".", part, new)))
    partial = part / f"{ROUTES}.partial"
    partial.write_text(routes.model_dump_json() + "\n", encoding="utf-8")
    partial.replace(part / ROUTES)


def refuse_routed(current: Path, strategy: str) -> None:
    """Raise InvalidInput when the knowledge of a folder is in several models, so that one's weights are not all."""
    if (current / ROUTES).exists():
        raise InvalidInput(
            f"{str(current / CARD)!r} is one of several memory models that share the questions ({ROUTES}), so the "
            f"strategy {strategy} cannot go on from its weights alone; choose routing again, or joint"
        )


def _route(folder: str, model: Path, reflections: Sequence[Reflection]) -> Route:
    words = {word for one in reflections for text in (one.question, one.answer) for word in search_terms(text)}
    return Route(folder=folder, data=read_memory_card(model).data, words=tuple(sorted(words)))
