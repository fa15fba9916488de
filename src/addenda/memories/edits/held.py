"""Everything a memory holds, as one immutable value: edits in sequence order, their gate, and the shared matrix.

Holding, withdrawing and staging make a new value that shares what did not change. In shared mode the matrix W_m is
the float32 sum of the deltas in sequence order, always added one after another, so that any two ways to the same
edits give the same bytes: withdrawing is a replay without that edit, never a subtraction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from addenda.memories.base import Window
from addenda.memories.edits.basis import Basis
from addenda.memories.edits.gate import Gate
from addenda.memories.edits.records import SolvedEdit


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One held edit."""

    id: str
    edit: SolvedEdit = field(repr=False)
    sequence: int
    digest: str
    """SHA-256 of the edit's canonical bytes."""
    window: Window = field(default_factory=Window)


def add_delta(total: Tensor, edit: SolvedEdit) -> None:
    """Add an edit's delta to ``total`` (H, D), in place, in the one order of operations that rebuilding uses."""
    total.index_add_(1, torch.from_numpy(edit.columns), edit.left.float() @ edit.right.float())


@dataclass(frozen=True, eq=False)
class Held:
    """Held edits, in rising sequence. Build with :meth:`empty` and :meth:`changed`."""

    basis: Basis
    entries: tuple[Entry, ...]
    _sums: tuple[Tensor, int] | None = field(default=None, repr=False)
    """Shared mode: the sum over the first n entries of an earlier value, and n."""

    @classmethod
    def empty(cls, basis: Basis) -> Held:
        """Nothing held."""
        return cls(basis, ())

    @cached_property
    def by_id(self) -> Mapping[str, Entry]:
        """Entries by addendum id, in sequence order."""
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def gate(self) -> Gate:
        """The gate over all entries."""
        return Gate([entry.edit for entry in self.entries], self.basis.k)

    @cached_property
    def shared(self) -> Tensor:
        """W_m, (H, D) float32: the sum of all deltas, added in sequence order."""
        # May be asked for first inside a generate call, whose inference tensors could not be used anywhere else.
        with torch.inference_mode(mode=False):
            if self._sums is None:
                total, start = torch.zeros(self.basis.height, self.basis.width), 0
            else:
                total, start = self._sums[0].clone(), self._sums[1]
            for entry in self.entries[start:]:
                add_delta(total, entry.edit)
        return total

    @cached_property
    def restricted(self) -> tuple[int, ...]:
        """Indices of the entries whose window is not open to everyone at all times."""
        return tuple(index for index, entry in enumerate(self.entries) if entry.window != Window())

    def changed(self, added: Iterable[Entry], removed: Iterable[str] = ()) -> Held:
        """The value with ``added`` entries held (replacing those of the same id) and ``removed`` ids dropped."""
        entries = dict(self.by_id)
        for identifier in removed:
            entries.pop(identifier, None)
        entries.update({entry.id: entry for entry in added})
        ordered = tuple(sorted(entries.values(), key=lambda entry: (entry.sequence, entry.id)))
        return Held(self.basis, ordered, self._carried(ordered))

    def digest(self) -> str:
        """SHA-256 over the basis and every entry's id, place, window and stored bytes, in sequence order."""
        total = hashlib.sha256(self.basis.digest.encode())
        for entry in self.entries:
            window = entry.window
            moments = [moment.isoformat() if moment else "" for moment in (window.start, window.end)]
            fields = (entry.id, str(entry.sequence), entry.digest, *moments, *window.audience)
            total.update("\x1f".join(fields).encode() + b"\x1e")
        if self.basis.mode == "shared":
            total.update(self.shared.numpy().tobytes())
        return total.hexdigest()

    def _carried(self, entries: tuple[Entry, ...]) -> tuple[Tensor, int] | None:
        """The sum to go on from, when ``entries`` only append to these."""
        count = len(self.entries)
        if self.basis.mode != "shared" or not count or len(entries) < count:
            return None
        same = all(mine.edit is theirs.edit for mine, theirs in zip(self.entries, entries, strict=False))
        return (self.shared, count) if same else None
