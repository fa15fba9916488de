"""Let held edits act inside a model while it generates.

Two hooks. One on the model's body notes what each call is: which rows and tokens, with which padding, continuing which
sequence. One on the edited projection decides and acts:

- The first call of a sequence (prefill), and any later call that brings more than one new token per row, is *gated*:
  each row's fingerprint is compared with the held masks once, and what was decided stays frozen for the tokens
  generated after it. One mask per row, so a batch may mix matched and unmatched prompts.
- A call that continues a gated sequence by one token keeps the decision, with a cache and without one (then the call
  repeats the prompt and is one token longer than the call before).
- A matched row gets its edit's change from its last prompt token on (or on all its tokens, where the basis says so);
  every other row and token is left exactly as the model computed it.

Does not know: speculative decoding, where several drafted tokens arrive at once, would be gated anew at each draft. One
attachment serves one thread at a time, like the model it is attached to.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from addenda.errors import InvalidInput
from addenda.memories.base import Candidate
from addenda.memories.edits.features import fingerprints, summarise
from addenda.memories.edits.gate import Verdict
from addenda.memories.edits.held import Held

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from addenda.memories.edits.families import Place


@runtime_checkable
class _Cache(Protocol):
    def get_seq_length(self) -> int | Tensor: ...


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How near a prompt must be for an edit to act."""

    tau: float
    margin: float


@dataclass(frozen=True, slots=True)
class Active:
    """The changes that act on the matched rows of a batch: y = B (C x[columns])."""

    rows: Tensor
    """Indices of the matched rows, (M,)."""
    columns: Tensor
    """(M, k)"""
    left: Tensor | None
    """B, (M, H, r); None when ``right`` is the whole map."""
    right: Tensor
    """C, (M, r, k), or the live columns of the shared matrix, (M, H, k)."""

    def change(self, x: Tensor) -> Tensor:
        """What is added to the outputs (M, q, H) of the matched rows, given their inputs (M, q, D)."""
        live = x.gather(-1, self.columns[:, None, :].expand(-1, x.shape[1], -1))
        inner = torch.bmm(live, self.right.transpose(1, 2))
        return inner if self.left is None else torch.bmm(inner, self.left.transpose(1, 2))


@dataclass(slots=True)
class _Call:
    """What the model's body was called with."""

    tokens: int
    """Tokens per row in this call."""
    valid: Tensor | None
    """Real tokens of this call, (B, q) bool; None when all are."""
    gated: bool
    """Whether this call decides anew."""


@dataclass(slots=True)
class _Sequence:
    """A gated batch, as far as it got."""

    ids: Tensor | None
    """Token ids of the gated call, (B, q)."""
    length: int
    """Tokens per row in the last call without a cache."""
    batch: int
    active: Active | None
    starts: Tensor
    """Per matched row, the first column of the gated call at which its edit acts, (M,)."""


class Attachment:
    """Held edits and the model they act in; :meth:`attached` switches them on."""

    def __init__(
        self,
        network: PreTrainedModel,
        place: Place,
        held: Held,
        settings: GateSettings,
        allowed: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """``allowed`` (entries,) leaves edits out as if they were not held."""
        self._network = network
        self._place = place
        self._held = held
        self._settings = settings
        self._allowed = allowed
        self._on = False
        self._call: _Call | None = None
        self._sequence: _Sequence | None = None
        self._verdicts: tuple[tuple[Verdict, ...], ...] = ()
        self._signature = inspect.signature(network.base_model.forward)

    @property
    def candidates(self) -> Sequence[Sequence[Candidate]]:
        """For each row of the last gated batch, the nearest edits, best first."""
        return [candidates_of(self._held, row) for row in self._verdicts]

    @contextmanager
    def attached(self) -> Generator[None]:
        """Switch the edits on;

        the model is as before when the block ends. Raises InvalidInput when they are on already.
        """
        if self._on:
            raise InvalidInput("these edits are attached already; leave the first `with` block before entering another")
        self._on = True
        handles = [
            self._network.base_model.register_forward_pre_hook(self._before, with_kwargs=True),
            self._place.projection.register_forward_hook(self._after),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            self._on, self._call, self._sequence = False, None, None

    def _before(self, _: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        """Note what this call is."""
        given = self._signature.bind_partial(*args, **kwargs).arguments if args else kwargs
        ids, embeds = given.get("input_ids"), given.get("inputs_embeds")
        shown = ids if isinstance(ids, Tensor) else embeds
        if not isinstance(shown, Tensor):
            raise InvalidInput("the model was called without input_ids or inputs_embeds; edits need one of them")
        batch, tokens = int(shown.shape[0]), int(shown.shape[1])
        gated = not self._continues(batch, tokens, ids if isinstance(ids, Tensor) else None, _cached(given))
        self._call = _Call(tokens, _valid(given.get("attention_mask"), tokens) if gated else None, gated)
        if gated:
            empty = torch.zeros(0, dtype=torch.long)
            self._sequence = _Sequence(ids if isinstance(ids, Tensor) else None, tokens, batch, None, empty)
            self._verdicts = ((),) * batch

    def _continues(self, batch: int, tokens: int, ids: Tensor | None, cached: bool) -> bool:
        """Whether a call goes on with the gated batch by one token per row."""
        last = self._sequence
        if last is None or last.batch != batch:
            return False
        if cached:
            return tokens == 1
        if ids is None or last.ids is None or tokens != last.length + 1:
            return False
        if not bool((ids[:, : last.ids.shape[1]] == last.ids).all()):
            return False
        last.length = tokens
        return True

    def _after(self, _: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        """Decide if the call is gated, and add the changes."""
        call, sequence = self._call, self._sequence
        if call is None or sequence is None or not self._held.entries:
            return None
        x = args[0]
        if call.gated:
            self._decide(x, call, sequence)
        active = sequence.active
        if active is None:
            return None
        every = active.rows.shape[0] == sequence.batch
        change = active.change(x if every else x[active.rows]).to(output.dtype)
        mine = output if every else output[active.rows]
        touched = mine + change
        if call.tokens > 1:
            # Selected, not multiplied by zero: an untouched token stays bit for bit what the model computed.
            acts = torch.arange(call.tokens, device=x.device)[None, :] >= sequence.starts[:, None]
            touched = torch.where(acts.unsqueeze(-1), touched, mine)
        return touched if every else output.index_copy(0, active.rows, touched)

    def _decide(self, x: Tensor, call: _Call, sequence: _Sequence) -> None:
        """Compare each row's fingerprint with the held masks, once."""
        basis = self._held.basis
        ends = _last_tokens(call, x)
        features = np.stack(
            [summarise(_row(x, call, i, int(ends[i]), basis.fingerprint), basis.fingerprint) for i in range(len(x))]
        )
        queries = basis.bits(features)
        settings = self._settings
        self._verdicts = tuple(
            self._held.gate.verdicts(query, settings.tau, settings.margin, self._allowed) for query in queries
        )
        chosen = {i: row[0].index for i, row in enumerate(self._verdicts) if row and row[0].passes}
        if not chosen:
            return
        sequence.active = activate(self._held, chosen, x.device, x.dtype)
        starts = ends if basis.span == "answer" else torch.zeros_like(ends)
        sequence.starts = starts[sequence.active.rows]


def activate(held: Held, chosen: Mapping[int, int], device: torch.device, dtype: torch.dtype) -> Active:
    """The changes for matched rows, given each row's entry index; ranks are filled up with zeros."""
    edits = [held.entries[index].edit for index in chosen.values()]
    columns = torch.from_numpy(np.stack([edit.columns for edit in edits])).to(device)
    rows = torch.tensor(list(chosen), device=device)
    if held.basis.mode == "shared":
        maps = torch.stack([held.shared[:, torch.from_numpy(edit.columns)] for edit in edits])
        return Active(rows, columns, None, maps.to(device, dtype))
    rank = max(edit.rank for edit in edits)
    left = torch.stack([nn.functional.pad(edit.left, (0, rank - edit.rank)) for edit in edits])
    right = torch.stack([nn.functional.pad(edit.right, (0, 0, 0, rank - edit.rank)) for edit in edits])
    return Active(rows, columns, left.to(device, dtype), right.to(device, dtype))


def match(
    network: PreTrainedModel,
    place: Place,
    held: Held,
    settings: GateSettings,
    rows: Sequence[tuple[int, ...]],
    allowed: npt.NDArray[np.bool_] | None = None,
) -> list[tuple[Candidate, ...]]:
    """For prompts given as token ids, the nearest held edits, best first, without generating anything."""
    queries = held.basis.bits(fingerprints(network, place, rows, held.basis.fingerprint))
    return [candidates_of(held, held.gate.verdicts(query, settings.tau, settings.margin, allowed)) for query in queries]


def candidates_of(held: Held, verdicts: Sequence[Verdict]) -> tuple[Candidate, ...]:
    """Verdicts in the words of the memory protocol; only the first may act."""
    return tuple(
        Candidate(held.entries[v.index].id, v.score, v.threshold, injected=place == 0 and v.passes)
        for place, v in enumerate(verdicts)
    )


def _cached(given: Mapping[str, object]) -> bool:
    """Whether the call continues tokens that a cache holds."""
    cache = given.get("past_key_values", given.get("layer_past"))
    return isinstance(cache, _Cache) and int(cache.get_seq_length()) > 0


def _valid(mask: object, tokens: int) -> Tensor | None:
    """Which of the call's tokens are real, from a (B, all tokens) mask; other masks are not read."""
    if isinstance(mask, Tensor) and mask.ndim == 2:
        return mask[:, -tokens:].bool()
    return None


def _last_tokens(call: _Call, x: Tensor) -> Tensor:
    """Column of each row's last real token, (B,)."""
    if call.valid is None:
        return torch.full((x.shape[0],), call.tokens - 1, device=x.device)
    columns = torch.arange(call.tokens, device=x.device)
    return torch.where(call.valid.to(x.device), columns, 0).amax(dim=1)


def _row(x: Tensor, call: _Call, row: int, end: int, kind: str) -> Tensor:
    """The activations of a row's real tokens that its fingerprint is made of."""
    if kind == "last":
        return x[row, end : end + 1]
    return x[row] if call.valid is None else x[row][call.valid[row].to(x.device)]
