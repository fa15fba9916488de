"""Every number of an update of a memory model, and where the defaults are from.

The strategies and the methods of merging are those that "MeMo: Memory as a Model" (arXiv 2605.15156) compares or leaves
out; the defaults are what ``benchmarks/reflections_updates.py`` says about the bundled model
(``docs/memories/reflections-measured.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import Field, ValidationError

from addenda.memories.reflections.training.settings import (
    MemoryModelSettings,
    memory_model_settings,
    refused_settings,
)
from addenda.types import Frozen

Strategy: TypeAlias = Literal["joint", "sequential", "replay", "merge", "average_then_steps", "routing"]
"""How new documents are learned.

``joint`` trains the base on everything, old and new. ``sequential`` goes on with the new alone and forgets the old: it
is there to be compared with. ``replay`` goes on with the old, all or a sample, and with the new, which come several
times for each time that the old come. ``merge`` trains the base on the new alone and merges what both models learned.
``average_then_steps`` does so by the plain average, and goes on from it on everything for a while. ``routing`` trains
the base on the new alone, keeps both models, and asks the right one.
"""

MergeMethod: TypeAlias = Literal["linear", "slerp", "ties", "dare_linear", "dare_ties"]

FROM_OLD: frozenset[Strategy] = frozenset({"joint", "replay", "average_then_steps", "routing"})
"""Strategies that need the reflections of the current model."""
ON_WEIGHTS: frozenset[Strategy] = frozenset({"sequential", "replay", "merge", "average_then_steps"})
"""Strategies that go on from the weights of the current model."""
FROM_BASE: frozenset[Strategy] = frozenset({"joint", "merge", "average_then_steps", "routing"})
"""Strategies that need the base model."""
OF_ADAPTERS: frozenset[Strategy] = frozenset({"joint", "sequential", "replay"})
"""Strategies that an adapter can be updated by, too; the others need whole models."""

_MORE = 0.65
"""Of the epochs of a training from the base: those of one that goes on.

With as many new reflections as old ones, replay then costs half of a joint training; with more old ones less."""
_AFTER_AVERAGE = 1 / 4


class MergeSettings(Frozen):
    """How two task vectors (what two models learned, as differences from their base) become one."""

    method: MergeMethod = "linear"
    new: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Weight of the new one; the old one has the rest of 1."""
    scale: float = Field(default=1.0, gt=0.0)
    """The merged vector is multiplied by this; ``linear`` with 2 and equal weights is their sum."""
    density: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Share of a tensor's values that ``ties`` (the largest) and ``dare`` (drawn) keep."""


class UpdateSettings(Frozen):
    """How a memory model is updated; made by :func:`update_settings`."""

    strategy: Strategy = "replay"
    training: MemoryModelSettings
    """Of every training from the base; of others too, but for what stands below."""
    replayed: float = Field(default=1.0, gt=0.0, le=1.0)
    """``replay``: the share of the old reflections that is learned again."""
    repeated: int = Field(default=2, ge=1)
    """``replay``: how often each new one comes while each old one comes once."""
    more_epochs: float = Field(gt=0.0)
    """How often each new reflection is learned by a training that goes on from weights that have learned before."""
    more_rate: float = Field(default=5e-4, gt=0.0, le=1.0)
    """Its learning rate."""
    joint_epochs: float = Field(gt=0.0)
    """``average_then_steps``: epochs on everything that follow the average."""
    merging: MergeSettings = MergeSettings()

    @property
    def more_training(self) -> MemoryModelSettings:
        """The training that goes on from weights that have learned before."""
        epochs = self.joint_epochs if self.strategy == "average_then_steps" else self.more_epochs
        epochs /= self.repeated if self.strategy == "replay" else 1
        return self.training.model_copy(update={"epochs": epochs, "rate": self.more_rate})

    def shown(self) -> dict[str, str | int | float]:
        """What of these made the model, for its card; the training has its own place there."""
        shown: dict[str, str | int | float] = {}
        if self.strategy == "replay":
            shown |= {"replayed": self.replayed, "repeated": self.repeated}
        if self.strategy == "merge":
            merging = self.merging
            shown |= {"method": merging.method, "new": merging.new, "scale": merging.scale}
            shown |= {} if merging.method in {"linear", "slerp"} else {"density": merging.density}
        return shown


def unlike(there: MemoryModelSettings, wanted: MemoryModelSettings) -> list[str]:
    """What keeps a memory model from being gone on with in the wanted shape: each difference in words."""
    shape = ("method",) if "full" in {there.method, wanted.method} else ("rank", "alpha", "dropout", "targets")
    given = {name: (getattr(there, name), getattr(wanted, name)) for name in shape}
    return [f"{name} was {old!r} and would be {new!r}" for name, (old, new) in given.items() if old != new]


def update_settings(
    base: str, given: Mapping[str, object] | None = None, training: Mapping[str, object] | None = None
) -> UpdateSettings:
    """The settings of an update of a memory model with this base, with others in the place of some.

    ``training`` are those of :func:`addenda.memories.reflections.training.settings.memory_model_settings`; the rate
    and the epochs of a training that goes on follow from theirs where they are not given. Raises InvalidInput for an
    unknown setting or a value that is not allowed.
    """
    usual = memory_model_settings(base, training)
    derived = {
        "training": usual,
        "more_rate": usual.rate,
        "more_epochs": usual.epochs * _MORE,
        "joint_epochs": usual.epochs * _AFTER_AVERAGE,
    }
    try:
        return UpdateSettings.model_validate({**derived, **(given or {})})
    except ValidationError as error:
        raise refused_settings(error) from error
