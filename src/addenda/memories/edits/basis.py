"""What is fixed for the life of an edits memory, and saved with it: the space its fingerprints and deltas live in.

The place in the model, the digests of model and tokenizer, the size of the masks, the permutation, and the background
that activations are centred on. A reload with another permutation or background would silently destroy all edits, so
every stored edit names the digest of its basis, and a mismatch is refused with what differs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, deserialize  # pyright: ignore[reportUnknownVariableType]
from safetensors.numpy import load, save

from addenda.errors import InvalidInput, ModelMismatch
from addenda.memories.edits.config import EditsConfig, Fingerprint, Mode, Span
from addenda.memories.edits.features import fingerprints
from addenda.memories.edits.masks import Bits, Columns, Floats, make_permutation, pack, top_columns
from addenda.memories.edits.prompts import BACKGROUND, Prompt, encode_prompt, render_question

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from addenda.memories.edits.families import Place

FORMAT = "addenda-edits-basis-1"
METADATA = "addenda"


@dataclass(frozen=True, eq=False)
class Basis:
    """The fixed part of an edits memory. Build one with :meth:`create`."""

    model: str
    """Fingerprint of the base model's weights."""
    tokenizer: str
    """Fingerprint of the tokenizer."""
    path: str
    """Dotted path of the edited projection."""
    width: int
    height: int
    k: int
    mode: Mode
    fingerprint: Fingerprint
    span: Span
    permutation: Columns = field(repr=False)
    """(D,)"""
    mean: npt.NDArray[np.float32] = field(repr=False)
    """Background mean of the fingerprint, (D,)."""
    scale: npt.NDArray[np.float32] = field(repr=False)
    """Weight of each column in the choice of the mask, (D,); ones as published."""

    @classmethod
    def create(
        cls,
        network: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        place: Place,
        config: EditsConfig,
        *,
        model_fingerprint: str,
        tokenizer_fingerprint: str,
        background: Sequence[Prompt] | None = None,
    ) -> Basis:
        """A basis for this model, centred on ``background``: prompts like those that will be asked, at least one.

        None takes the questions of ``config.background`` or else some general ones, in its chat template if any.

        Raises InvalidInput for an empty background or a mask size that the layer does not have.
        """
        if background is None:
            background = [render_question(tokenizer, question) for question in config.background or BACKGROUND]
        if not background:
            raise InvalidInput("background has no prompts; give at least one prompt of the kind that will be asked")
        k = max(1, place.width // 4) if config.k is None else config.k
        if k > place.width:
            raise InvalidInput(f"k {k!r} is out of range: a mask of {place.path!r} has 1 to {place.width} columns")
        features = fingerprints(network, place, [encode_prompt(tokenizer, p) for p in background], config.fingerprint)
        return cls(
            model=model_fingerprint,
            tokenizer=tokenizer_fingerprint,
            path=place.path,
            width=place.width,
            height=place.height,
            k=k,
            mode=config.mode,
            fingerprint=config.fingerprint,
            span=config.span,
            permutation=make_permutation(place.width, config.seed, config.permute),
            mean=features.mean(axis=0, dtype=np.float64).astype(np.float32),
            scale=np.ones(place.width, dtype=np.float32),
        )

    def columns(self, features: Floats) -> Columns:
        """Mask columns (N, k), ascending, of fingerprints (N, D) that are not yet centred."""
        return top_columns((features - self.mean) * self.scale, self.k, self.permutation)

    def bits(self, features: Floats) -> Bits:
        """Packed masks (N, words) of fingerprints (N, D) that are not yet centred."""
        return pack(self.columns(features), self.width)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Canonical safetensors bytes: equal exactly for equal bases."""
        tensors = {"mean": self.mean, "permutation": self.permutation.astype(np.int32), "scale": self.scale}
        return save(tensors, metadata={METADATA: canonical({"format": FORMAT, **self._header()})})

    @classmethod
    def from_bytes(cls, data: bytes) -> Basis:
        """Read back :meth:`to_bytes`. Raises ModelMismatch for anything else."""
        header = read_header(data)
        if header.get("format") != FORMAT:
            raise ModelMismatch(f"not an edits basis: format {header.get('format')!r}, expected {FORMAT!r}")
        tensors = load(data)
        return cls(
            model=str(header["model"]),
            tokenizer=str(header["tokenizer"]),
            path=str(header["path"]),
            width=int(cast("int", header["width"])),
            height=int(cast("int", header["height"])),
            k=int(cast("int", header["k"])),
            mode=cast("Mode", header["mode"]),
            fingerprint=cast("Fingerprint", header["fingerprint"]),
            span=cast("Span", header["span"]),
            permutation=tensors["permutation"].astype(np.int64),
            mean=tensors["mean"],
            scale=tensors["scale"],
        )

    def require(self, *, model: str, tokenizer: str, place: Place) -> None:
        """Raise ModelMismatch, naming what differs, unless this basis was made for this model, tokenizer and place."""
        pairs = (
            ("model weights", self.model, model),
            ("tokenizer", self.tokenizer, tokenizer),
            ("edited projection", self.path, place.path),
            ("projection width", self.width, place.width),
            ("projection height", self.height, place.height),
        )
        differing = [f"{name}: made with {mine!r}, given {given!r}" for name, mine, given in pairs if mine != given]
        if differing:
            raise ModelMismatch(
                f"these edits were made with another model ({'; '.join(differing)}); load the model they were made "
                "with, or make the edits anew on this one"
            )

    def _header(self) -> dict[str, object]:
        names = ("model", "tokenizer", "path", "width", "height", "k", "mode", "fingerprint", "span")
        return {name: getattr(self, name) for name in names}


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def read_header(data: bytes) -> dict[str, object]:
    """The JSON header of one of this unit's safetensors files. Raises ModelMismatch when it is none."""
    try:
        deserialize(data)
        length = int.from_bytes(data[:8], "little")
        outer = cast("dict[str, dict[str, str]]", json.loads(data[8 : 8 + length]))
        header = json.loads(outer.get("__metadata__", {}).get(METADATA, "{}"))
    except (SafetensorError, ValueError, UnicodeDecodeError) as error:
        raise ModelMismatch(
            f"{len(data)} bytes that are not a readable edits file ({error}); restore it from a backup"
        ) from error
    return cast("dict[str, object]", header)
