"""The other index of near names: by what they mean to an encoder, for example any sentence-transformers model.

Idea: each name has a vector, stored in the transaction that stores the name; similarity is the cosine. Which names come
into question is asked of an approximate graph (HNSW: Malkov and Yashunin 2016, by usearch) that each process keeps in
memory and brings up to date from the table; what is answered is computed from the table. So the graph can miss a name
among many, but never bring back one that is gone. Names whose numbers differ are never similar.

Source: MemLLM (arXiv 2404.11672) finds names so, with Contriever and two HNSW graphs. Thresholds are cosines of the
encoder in use and must be chosen for it; the defaults of the settings are meant for the lexical index.

Not known: whether an encoder is any good for the names at hand. The graph is made anew when a process first asks.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa
from sqlalchemy import Connection

from addenda.errors import MissingDependency, ModelUnavailable
from addenda.memories.triples.bulk import delete, find, insert, wanted
from addenda.memories.triples.folding import fold
from addenda.memories.triples.index import Name, Near
from addenda.memories.triples.tables import NAMES, STATE, VECTORS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EMBEDDINGS = "embeddings"
"""What the names of these indexes begin with."""

_FIRST_ASKED = 64
_MORE = 4
_SLACK = 0.05
"""By how much a cosine from the graph may be wrong."""
_FEW = 10_000
"""Up to so many names all are compared, which is quick enough and misses none."""
_STORED = "<f2"

_GENERATION = sa.select(STATE.c.generation)
_COUNT = sa.select(sa.func.count()).select_from(VECTORS)
_IDS = sa.select(VECTORS.c.name_id)
_LATER = (
    sa.select(VECTORS.c.name_id, NAMES.c.kind, VECTORS.c.vector)
    .join(NAMES, NAMES.c.id == VECTORS.c.name_id)
    .where(VECTORS.c.generation > sa.bindparam("seen"))
)
_FOUND = (
    sa.select(NAMES.c.kind, NAMES.c.key, NAMES.c.digits, VECTORS.c.vector)
    .join(VECTORS, VECTORS.c.name_id == NAMES.c.id)
    .where(wanted(NAMES.c.id))
)


class Encoder(Protocol):
    """Makes vectors of texts."""

    @property
    def name(self) -> str:
        """Which encoder this is; vectors of encoders with other names are not comparable."""
        ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row for each text (n, d), of any length but zero."""
        ...


class SentenceEncoder:
    """A sentence-transformers model by name or folder; loaded when first used."""

    def __init__(self, model: str) -> None:
        self._name = model
        self._model: _SentenceModel | None = None

    @property
    def name(self) -> str:
        """The model's name or folder."""
        return self._name

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row for each text. Raises MissingDependency without the library, ModelUnavailable without the model."""
        if self._model is None:
            self._model = _load(self._name)
        return self._model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)


class EmbeddingIndex:
    """Finds names by their vectors; keeps the protocol :class:`addenda.memories.triples.index.NameIndex`.

    One object serves one database. Safe to share between threads.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Take what makes the vectors. Raises MissingDependency without the ``embeddings`` extra."""
        self._graphs_of = _optional("usearch.index")
        self._encoder = encoder
        self._prepared: dict[str, bytes] = {}
        self._graphs: dict[int, _Graph] = {}
        self._seen = -1
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """``embeddings`` and the encoder's name."""
        return f"{EMBEDDINGS} {self._encoder.name}"

    @property
    def slow(self) -> bool:
        """True: the encoder is called for every new name."""
        return True

    def another(self) -> EmbeddingIndex:
        """One with the same encoder, for another database."""
        return EmbeddingIndex(self._encoder)

    def ready(self, names: Sequence[str]) -> None:
        """Encode names that will be added."""
        self._prepared = dict(zip(names, self._stored(names), strict=True))

    def add(self, connection: Connection, names: Sequence[Name]) -> None:
        """Store the vectors of names, calling the encoder only for those that nobody made ready."""
        short = [name for name in names if name.folded is not None]
        late = [name.name for name in short if name.name not in self._prepared]
        vectors = {**self._prepared, **dict(zip(late, self._stored(late), strict=True))}
        generation = (connection.execute(_GENERATION).scalar_one_or_none() or 0) + 1
        insert(connection, VECTORS, [(name.id, generation, vectors[name.name]) for name in short])
        for name in short:
            self._prepared.pop(name.name, None)

    def remove(self, connection: Connection, names: Sequence[Name]) -> None:
        """Delete the vectors of names."""
        delete(connection, VECTORS, [(name.id,) for name in names])

    def similar(self, connection: Connection, kind: int, text: str, threshold: float) -> list[Near]:
        """Names of a kind whose vector has a cosine of at least ``threshold`` with that of ``text``."""
        import numpy as np

        query = self._unit([text])[0]
        digits = fold(text).digits
        with self._lock:
            self._catch_up(connection)
            ids = self._nearest(kind, query, threshold)
        found: list[Near] = []
        for stored_kind, key, stored_digits, vector in find(connection, _FOUND, ids):
            cosine = float(np.frombuffer(vector, dtype=_STORED).astype(np.float32) @ query)
            if stored_kind == kind and stored_digits == digits and cosine >= threshold:
                found.append(Near(key, min(cosine, 1.0)))
        return found

    def _nearest(self, kind: int, query: npt.NDArray[np.float32], threshold: float) -> list[int]:
        """Ids of the names that may be near enough; more are asked for until one is surely too far."""
        graph = self._graphs.get(kind)
        asked = _FIRST_ASKED
        while graph is not None and len(graph):
            matches = graph.search(query, asked, exact=len(graph) <= _FEW)
            if asked >= len(graph) or 1.0 - float(matches.distances[-1]) < threshold - _SLACK:
                return [int(key) for key in matches.keys]
            asked *= _MORE
        return []

    def _catch_up(self, connection: Connection) -> None:
        """Bring the graphs to what the table says, unless they know more than this transaction can see."""
        import numpy as np

        generation = connection.execute(_GENERATION).scalar_one_or_none() or 0
        if generation <= self._seen:
            return
        later: dict[int, dict[int, npt.NDArray[np.float32]]] = {}
        for name_id, kind, vector in connection.execute(_LATER, {"seen": self._seen}):
            later.setdefault(kind, {})[name_id] = np.frombuffer(vector, dtype=_STORED).astype(np.float32)
        self._forget({name_id for vectors in later.values() for name_id in vectors})
        for kind, vectors in later.items():
            stacked = np.stack(list(vectors.values()))
            graph = self._graphs.setdefault(
                kind, self._graphs_of.Index(ndim=stacked.shape[1], metric="cos", dtype="f16")
            )
            graph.add(np.fromiter(vectors, dtype=np.uint64), stacked)
        if sum(map(len, self._graphs.values())) != connection.execute(_COUNT).scalar_one():
            stored = set(connection.execute(_IDS).scalars())
            self._forget({int(key) for graph in self._graphs.values() for key in graph.keys} - stored)
        self._seen = generation

    def _forget(self, ids: set[int]) -> None:
        """Take names out of the graphs: they are gone, or their ids were given to others."""
        for graph in self._graphs.values():
            for name_id in ids:
                if name_id in graph:
                    graph.remove(name_id)

    def _unit(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        import numpy as np

        vectors = np.asarray(self._encoder.encode(texts), dtype=np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def _stored(self, texts: Sequence[str]) -> list[bytes]:
        return [vector.astype(_STORED).tobytes() for vector in self._unit(texts)] if texts else []


class _SentenceModel(Protocol):
    def encode(
        self, sentences: list[str], *, convert_to_numpy: bool, show_progress_bar: bool
    ) -> npt.NDArray[np.float32]: ...


class _Matches(Protocol):
    @property
    def keys(self) -> npt.NDArray[np.uint64]: ...

    @property
    def distances(self) -> npt.NDArray[np.float32]: ...


class _Graph(Protocol):
    """As much of usearch's index as is used here."""

    def __len__(self) -> int: ...

    def __contains__(self, key: int) -> bool: ...

    @property
    def keys(self) -> Sequence[int]: ...

    def add(self, keys: npt.NDArray[np.uint64], vectors: npt.NDArray[np.float32]) -> object: ...

    def remove(self, key: int) -> object: ...

    def search(self, vector: npt.NDArray[np.float32], count: int, *, exact: bool) -> _Matches: ...


def _load(model: str) -> _SentenceModel:
    library = _optional("sentence_transformers")
    try:
        return library.SentenceTransformer(model)
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"the encoder {model!r} cannot be loaded ({error}); give a folder, or the name of a cached model"
        ) from error


def _optional(library: str) -> ModuleType:
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"names by meaning need the package {error.name!r}, which is not installed; run: "
            "pip install 'addenda[embeddings]', or use the lexical index"
        ) from error
