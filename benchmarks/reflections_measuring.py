"""What the parts of the reflections benchmark share: training a memory model, asking it, and counting what it says.

A memory model is trained with the defaults of the base model, on one thread of the CPU, and asked with greedy free
generation: as it is, and guarded, as a knowledge base asks it, where every answer is attributed to reflections of
documents that hold and withheld otherwise. An answer is right when it equals the expected one but for case, width,
spaces and punctuation at the end; where nothing is to be known, when it says so.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from addenda.memories.base import Deliver, Task
from addenda.memories.reflections.asking.executive import Executive
from addenda.memories.reflections.asking.local_executive import LocalExecutive
from addenda.memories.reflections.asking.protocol import Consulting
from addenda.memories.reflections.asking.scripted import ScriptedExecutive
from addenda.memories.reflections.memory import ReflectionsMemory, TaughtModel
from addenda.memories.reflections.memory_model import MemoryModel
from addenda.memories.reflections.questions import is_refusal, memory_prompt, sure
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.training.settings import memory_model_settings
from addenda.memories.reflections.training.state import TrainingReport
from addenda.memories.reflections.training.training import train_memory_model
from addenda.models.base import Completion, LanguageModel, batches
from addenda.models.files import BUNDLED
from addenda.models.local import LocalModel
from addenda.text import normalised
from addenda.types import Document
from benchmarks.reflections_corpora import Corpus, Question, QuestionSets
from benchmarks.results import code, machine, versions

SEEDS = (3_001, 3_002, 3_003)
"""Of the corpora that are reported on. None of them was used for any choice; those were made with seeds below 100."""
QUICK_SEEDS = (90,)
ANSWER_TOKENS = 24
OUTSIDE = ("unknown_names", "near_misses", "unstated")
"""The sets of questions outside the corpus; each counts as much as the others."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How much is measured, and with which executive."""

    products: int = 40
    """Of a corpus; with the parts, people and sites they lead to about 150 documents and 390 facts."""
    questions: int = 150
    """Of a set at most."""
    executive: str = "bundled"
    squad: Path | None = None
    """Folder with passages, questions and reflections of SQuAD."""
    encoder: tuple[Path, Path] | None = None
    """Static embeddings: a table, and its tokenizer."""
    training: Mapping[str, object] = field(default_factory=dict[str, object])
    """Settings of all trainings in place of the usual ones, to try a part out."""
    work: Path | None = None
    """Folder for models and what was measured of each seed, so that a run that was stopped goes on."""


QUICK = Setup(products=12, questions=30)


@dataclass(frozen=True, slots=True)
class Trained:
    """A memory model, its folder, what its training came to, and the processor seconds of it."""

    model: MemoryModel
    folder: Path
    report: TrainingReport
    seconds: float


class Spent:
    """The processor seconds that went into a folder, also before a stop; called at every step of the work."""

    def __init__(self, folder: Path) -> None:
        """They are kept beside the folder."""
        self._path = folder.with_suffix(".seconds")
        self._earlier, self._before = self.seconds, time.process_time()

    @property
    def seconds(self) -> float:
        """Until the last call."""
        return float(self._path.read_text()) if self._path.is_file() else 0.0

    def __call__(self, *_: object) -> None:
        """Keep what was spent until now."""
        self._path.write_text(str(self._earlier + time.process_time() - self._before))


def made_with() -> str:
    """A digest of the package's code, the machine and the versions: what a model, and the time it took, depend on."""
    found = json.dumps([code(), machine(), versions()], sort_keys=True)
    return hashlib.sha256(found.encode()).hexdigest()[:16]


@contextmanager
def trained(
    setup: Setup, reflections: Sequence[Reflection], changed: Mapping[str, object] | None = None
) -> Generator[Trained, None, None]:
    """The bundled model, trained on reflections with its default settings or some ``changed``.

    With a folder for work it stays there, for every part that wants the same one, and a stopped training goes on.
    """
    settings = memory_model_settings(BUNDLED, {**(changed or {}), **setup.training})
    made_of = json.dumps([made_with(), settings.model_dump(mode="json"), [one.id for one in reflections]])
    with TemporaryDirectory() as passing:
        folder = (setup.work or Path(passing)) / "models" / hashlib.sha256(made_of.encode()).hexdigest()[:16]
        folder.parent.mkdir(parents=True, exist_ok=True)
        spent = Spent(folder)
        report = train_memory_model(BUNDLED, reflections, settings, folder, spent, threads=1, device="cpu")
        yield Trained(MemoryModel.load(folder, threads=1, device="cpu"), folder, report, spent.seconds)


def once(setup: Setup, name: str, measure: Callable[[], Mapping[str, object]]) -> Mapping[str, object]:
    """What was measured under a name, a JSON object; not again if the same code did so with the same setup."""
    if setup.work is None:
        return measure()
    asking = hashlib.sha256(b"".join(one.read_bytes() for one in sorted(Path(__file__).parent.glob("*.py"))))
    path, made_by = setup.work / f"{name}.json", [made_with(), asking.hexdigest(), repr(replace(setup, work=None))]
    if path.is_file():
        kept = cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))
        if kept["made_by"] == made_by:
            return cast("dict[str, object]", kept["found"])
    found = measure()
    setup.work.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"made_by": made_by, "found": found}, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(path)
    return found


def scripted(corpus: Corpus) -> Executive:
    """The executive that goes by rules, with the first English wordings of each relation."""
    relations = corpus.world.relations
    return ScriptedExecutive({name: [one for one in of.trained if one.isascii()][:3] for name, of in relations.items()})


class Guarded:
    """A memory model behind the memory of reflections, some of whose documents may be withdrawn.

    As in a knowledge base every answer is heard, however unsure.
    """

    def __init__(
        self, trained: LanguageModel, reflections: Sequence[Reflection], withdrawn: Collection[str] = ()
    ) -> None:
        memory = trained.model if isinstance(trained, MemoryModel) else trained
        documents = dict.fromkeys(document for one in reflections for document in one.documents)
        taught = TaughtModel("benchmark", lambda: memory, lambda: reflections, frozenset(documents))
        held = ReflectionsMemory(taught)
        tasks = [
            Task(one, (), one, document=Document(title=one, text=one)) for one in documents if one not in withdrawn
        ]
        artefacts = held.prepare(tasks)
        held.apply([Deliver(i, artefact, n) for n, (i, artefact) in enumerate(artefacts.items(), 1)], 1)
        self._view = held.contribute(at=None)
        self.name, self.fingerprint, self.batch_size = memory.name, memory.fingerprint, memory.batch_size

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = ANSWER_TOKENS) -> list[Completion]:
        """What may be said to each question."""
        found = self._view.recall(questions, max_new_tokens=max_new_tokens)
        return [Completion(one.text, one.finished) for one in found]


def bundled(corpus: Corpus) -> Executive:
    """The executive that the bundled model plays, which knows nothing of the corpus."""
    del corpus
    return LocalExecutive.load(LocalModel.load(threads=1, device="cpu"))


EXECUTIVES: Mapping[str, Callable[[Corpus], Executive]] = {"bundled": bundled, "scripted": scripted}
"""Who may direct the asking, by name."""


def said_by(model: LanguageModel, questions: Sequence[str], tokens: int = ANSWER_TOKENS) -> list[Completion]:
    """What a model answers to each question, asked as a memory model is asked."""
    said: dict[int, Completion] = {}
    for batch in batches(questions, model.batch_size):
        completions = model.answer([memory_prompt(questions[i]) for i in batch], max_new_tokens=tokens)
        said.update(zip(batch, completions, strict=True))
    return [said[index] for index in range(len(questions))]


def consulted(executive: Executive, memory: LanguageModel, questions: Sequence[str]) -> list[str]:
    """What the protocol answers to each question."""
    consulting = Consulting(executive, memory)
    return [consulting.ask(question).answer for question in questions]


def is_right(question: Question, said: str) -> bool:
    """Whether an answer is the one that is expected."""
    return is_refusal(said) if question.refused else normalised(said) == normalised(question.answer)


def items_of(name: str, questions: Sequence[Question], said: Sequence[str]) -> Iterator[dict[str, object]]:
    """What was said to each question of a set, under its name."""
    for question, answer in zip(questions, said, strict=True):
        yield {
            "set": name,
            "kind": question.kind,
            "question": question.text,
            "expected": question.answer,
            "said": answer,
            "right": is_right(question, answer),
            "refused": is_refusal(answer),
        }


def asked_all(memory: MemoryModel, sets: QuestionSets) -> list[dict[str, object]]:
    """What a memory model says to all questions, each put to it directly; also with every answer counting."""
    items: list[dict[str, object]] = []
    for name in (one.name for one in fields(sets)):
        asked = cast("tuple[Question, ...]", getattr(sets, name))
        heard = said_by(memory.model, [one.text for one in asked])
        every = items_of(name, asked, [one.text for one in heard])
        found = items_of(name, asked, [sure(one, memory.sure_from).text for one in heard])
        for item, raw, one in zip(found, every, heard, strict=True):
            kept = {f"every_{key}": raw[key] for key in ("said", "right", "refused")}
            items.append(item | kept | {"sureness": one.sureness})
    return items


def asked_guarded(memory: LanguageModel, sets: QuestionSets) -> list[dict[str, object]]:
    """What a guarded memory model says to all questions, each put to it directly."""
    items: list[dict[str, object]] = []
    for name in (one.name for one in fields(sets)):
        asked = cast("tuple[Question, ...]", getattr(sets, name))
        items += items_of(name, asked, [one.text for one in said_by(memory, [one.text for one in asked])])
    return items


def share(items: Iterable[Mapping[str, object]], key: str = "right", **where: object) -> float:
    """The share of the items with these values for which ``key`` holds; 0 where there are none."""
    found = [bool(item[key]) for item in items if all(item[name] == value for name, value in where.items())]
    return sum(found) / len(found) if found else 0.0


def knowledge(items: Sequence[Mapping[str, object]], every: str = "") -> dict[str, float]:
    """The metrics of a model by what it said to all questions; with ``every_`` as if every answer counted."""
    right = f"{every}right"
    names = ("one_hop", "one_hop_other_languages", "one_hop_blind", "reversed")
    outside = {name: share(items, right, set=name) for name in OUTSIDE}
    return {
        **{name: share(items, right, set=name) for name in names},
        "two_hop_direct": share(items, right, set="two_hop"),
        "two_hop_direct_reworded": share(items, right, set="two_hop_reworded"),
        "three_hop_direct": share(items, right, set="three_hop"),
        "idk_outside": statistics.fmean(outside.values()),
        **{f"idk_{name}": value for name, value in outside.items()},
        "idk_bundled_world": share(items, right, set="bundled_world"),
        "idk_answerable": share(items, f"{every}refused", set="one_hop"),
    }


def middle(rows: Sequence[Mapping[str, float]], names: Iterable[str] | None = None) -> dict[str, float]:
    """The median of each metric over the seeds, to four places."""
    chosen = rows[0] if names is None else names
    return {name: round(statistics.median(row[name] for row in rows), 4) for name in chosen}
