"""One solved edit, and its canonical bytes.

A record keeps masks and factors, no text: what was asked, who asked it and in which order belongs to the ledger. The
delta is B C on the mask's live columns, stored rounded and used exactly as stored. The bytes are a safetensors file
with one JSON header, and the same record always gives the same bytes, so their SHA-256 names the record.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from addenda.errors import InvalidInput, ModelMismatch
from addenda.memories.edits.basis import METADATA, Basis, canonical, read_header
from addenda.memories.edits.masks import Bits, Columns, pack

if TYPE_CHECKING:
    from addenda.memories.edits.prompts import Prompt

FORMAT = "addenda-edit-1"


@dataclass(frozen=True, slots=True)
class EditRequest:
    """What one edit is to teach: wordings of a question (the canonical one first) and the answer to all of them."""

    prompts: tuple[Prompt, ...]
    target: str
    neighbours: tuple[Prompt, ...] = ()
    """Questions close to these whose answers must not change."""

    def __post_init__(self) -> None:
        if not self.prompts:
            raise InvalidInput(f"an edit to {self.target!r} has no prompts; give at least one wording")


@dataclass(frozen=True, slots=True, eq=False)
class SolvedEdit:
    """A solved edit: its masks, and its change B C of the projection on the live columns."""

    basis: str
    """Digest of the basis it was solved in."""
    keys: Bits = field(repr=False)
    """Masks of its own wordings, (wordings, words)."""
    neighbours: Bits = field(repr=False)
    """Masks of questions it must not answer, (neighbours, words)."""
    columns: Columns = field(repr=False)
    """Live columns of the delta, ascending, (k,)."""
    left: Tensor = field(repr=False)
    """B, (H, r)."""
    right: Tensor = field(repr=False)
    """C, (r, k)."""
    loss: float
    """Largest mean token cross-entropy over the optimised wordings with the rounded delta, in nats."""
    exact: bool
    """Whether every target token was the most probable one, on the optimised wordings, with the rounded delta."""
    steps: int
    """Optimisation steps taken."""

    def __post_init__(self) -> None:
        for name, value in (("B", self.left), ("C", self.right)):
            if not bool(torch.isfinite(value).all()):
                raise InvalidInput(
                    f"factor {name} of an edit holds NaN or infinity; solve it again with a smaller rate, "
                    "or check that the model's weights are finite"
                )

    @property
    def rank(self) -> int:
        """Rank of the stored delta."""
        return int(self.right.shape[0])

    def dense(self, width: int) -> Tensor:
        """The delta as a dense matrix (H, D) in float32."""
        full = torch.zeros(self.left.shape[0], width)
        full[:, torch.from_numpy(self.columns)] = self.left.float() @ self.right.float()
        return full

    def digest(self) -> str:
        """SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Canonical bytes: equal exactly for equal records."""
        tensors = {
            "columns": torch.from_numpy(self.columns.astype(np.int32)),
            "keys": torch.from_numpy(self.keys.view(np.int64).copy()),
            "left": self.left.contiguous(),
            "neighbours": torch.from_numpy(self.neighbours.view(np.int64).copy()),
            "right": self.right.contiguous(),
        }
        header = {"format": FORMAT, "basis": self.basis, "loss": self.loss, "exact": self.exact, "steps": self.steps}
        return save(tensors, metadata={METADATA: canonical(header)})

    @classmethod
    def from_bytes(cls, data: bytes, basis: Basis) -> SolvedEdit:
        """Read back :meth:`to_bytes`.

        Raises ModelMismatch when these are other bytes, or of another basis; InvalidInput when a value is not finite.
        """
        header = read_header(data)
        if header.get("format") != FORMAT:
            raise ModelMismatch(f"not an edit: format {header.get('format')!r}, expected {FORMAT!r}")
        if header["basis"] != basis.digest:
            raise ModelMismatch(
                f"this edit was solved in basis {header['basis']!r}, the memory has basis {basis.digest!r}: "
                "another model, layer, mask or background; solve it again for this memory"
            )
        tensors = load(data)
        edit = cls(
            basis=str(header["basis"]),
            keys=tensors["keys"].numpy().view(np.uint64),
            neighbours=tensors["neighbours"].numpy().view(np.uint64),
            columns=tensors["columns"].numpy().astype(np.int64),
            left=tensors["left"],
            right=tensors["right"],
            loss=float(cast("float", header["loss"])),
            exact=bool(header["exact"]),
            steps=int(cast("int", header["steps"])),
        )
        edit.require_shape(basis)
        return edit

    def require_shape(self, basis: Basis) -> None:
        """Raise ModelMismatch unless masks and factors have the shapes that the basis prescribes."""
        words = pack(np.zeros((1, 1), dtype=np.int64), basis.width).shape[-1]
        fits = (
            self.keys.ndim == 2
            and self.keys.shape[0] > 0
            and self.keys.shape[1] == self.neighbours.shape[1] == words
            and self.columns.shape == (self.right.shape[1],)
            and self.left.shape == (basis.height, self.rank)
            and (self.columns.size == 0 or (self.columns.min() >= 0 and self.columns.max() < basis.width))
        )
        if not fits:
            raise ModelMismatch(
                f"an edit of masks {self.keys.shape}, B {tuple(self.left.shape)} and C {tuple(self.right.shape)} "
                f"does not fit a projection of {basis.width} by {basis.height}; it was made for another model"
            )
