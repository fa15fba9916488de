"""Isolated mode's solver: find what the projection should add, then write it as a low-rank map of the masked input.

The projection's input is constant during an edit (see ``replay``), so instead of the matrix we optimise, with Adam,
the *offset* it should add at the last prompt token and at each target token: one vector per answer position, shared
by all wordings of the edit, many independent edits in one batch, each stopping by itself. Then one ridge regression
per edit finds detectors C, one per answer position, that map the masked activations of every wording to "this is
position j", and the delta is B C with the offsets as columns of B: exact low rank (the answer's length) without a
decomposition. This is the output-space variant of ``A = (K + lambda I)^-1 d`` with d constant over wordings. It is
not gradient descent on the matrix: the published optimisation is in ``gram`` and ``paper``. Deltas are rounded first
and checked afterwards, as stored.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor

from addenda.memories.edits.algebra import low_rank_svd, ridge_dual
from addenda.memories.edits.features import projection_inputs, summarise
from addenda.memories.edits.masks import Bits, Columns, Floats, pack
from addenda.memories.edits.prompts import encode_prompt, encode_target
from addenda.memories.edits.records import EditRequest, SolvedEdit
from addenda.memories.edits.replay import IGNORED, Captured, Sample, capture, require_replay, row_losses

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from addenda.memories.base import ProgressCallback
    from addenda.memories.edits.basis import Basis
    from addenda.memories.edits.config import EditsConfig
    from addenda.memories.edits.families import Place

PART = 256
"""Requests whose activations are in memory at a time."""

KEEP = 0.75
"""The batch is made smaller as soon as at most this share of its edits is still being optimised."""

BETAS = (0.9, 0.99)
"""Decay of Adam's two running means; short, because an edit takes a few dozen steps."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A network and everything that is fixed while edits of it are solved."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    place: Place
    basis: Basis
    config: EditsConfig


@dataclass(frozen=True, slots=True)
class Encoded:
    """A request as token ids, with the fingerprints of its wordings and neighbours."""

    samples: tuple[Sample, ...]
    inputs: tuple[Tensor, ...]
    """Projection inputs of each wording from its last prompt token on, (answer positions, D)."""
    features: Floats
    """(wordings, D)."""
    neighbours: Floats
    """(neighbours, D)."""


def encode(bench: Bench, requests: Sequence[EditRequest]) -> list[Encoded]:
    """Token ids, projection inputs and fingerprints of all requests, each distinct prompt read once."""
    samples = [_samples(bench, request) for request in requests]
    flat = [sample for group in samples for sample in group]
    rows = [sample.prompt + sample.target[:-1] for sample in flat]
    starts = [len(sample.prompt) - 1 for sample in flat]
    inputs = iter(projection_inputs(bench.network, bench.place, rows, starts))
    others = [tuple(encode_prompt(bench.tokenizer, prompt) for prompt in request.neighbours) for request in requests]
    wanted = [row for group in others for row in group]
    kind = bench.basis.fingerprint
    if kind == "mean":
        wanted += [sample.prompt for sample in flat]
    read = iter(
        summarise(values, kind)
        for values in projection_inputs(
            bench.network, bench.place, wanted, [len(r) - 1 if kind == "last" else 0 for r in wanted]
        )
    )
    neighbours = [[next(read) for _ in group] for group in others]
    encoded: list[Encoded] = []
    for group, near in zip(samples, neighbours, strict=True):
        mine = tuple(next(inputs) for _ in group)
        own = [next(read) if kind == "mean" else summarise(values[:1], kind) for values in mine]
        encoded.append(Encoded(group, mine, np.stack(own), _rows(near, bench.basis.width)))
    return encoded


def encode_in_parts(bench: Bench, requests: Sequence[EditRequest]) -> Generator[list[Encoded]]:
    """Encoded requests, ``PART`` at a time, after a check that this network can be edited."""
    for start in range(0, len(requests), PART):
        encoded = encode(bench, requests[start : start + PART])
        if start == 0:
            require_replay(bench.network, bench.place, encoded[0].samples[0])
        yield encoded


def solve_isolated(
    bench: Bench, requests: Sequence[EditRequest], progress: ProgressCallback | None = None
) -> list[SolvedEdit]:
    """Solve independent edits, in batches; the result has the order of ``requests``.

    Edits of similar length share a batch. Raises InvalidInput when a request has no tokens or a result is not finite.
    """
    solved: list[SolvedEdit] = []
    for encoded in encode_in_parts(bench, requests):
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].samples[0].target))
        found: dict[int, SolvedEdit] = {}
        for start in range(0, len(order), bench.config.batch):
            part = order[start : start + bench.config.batch]
            found.update(zip(part, _solve_batch(bench, [encoded[i] for i in part]), strict=True))
            if progress is not None:
                progress(len(solved) + len(found), len(requests))
        solved += [found[index] for index in range(len(encoded))]
    return solved


def _solve_batch(bench: Bench, batch: Sequence[Encoded]) -> list[SolvedEdit]:
    count = bench.config.optimised_wordings
    chosen = [edit.samples[:count] for edit in batch]
    owner = torch.tensor([i for i, group in enumerate(chosen) for _ in group])
    captured = capture(bench.network, bench.place, [sample for group in chosen for sample in group])
    offsets, steps = optimise_offsets(captured, owner.to(captured.inputs.device), len(batch), bench.config)
    columns = [live_columns(bench.basis, edit.features) for edit in batch]
    factors = [
        fit(edit.inputs, offsets[i, : len(edit.samples[0].target)], columns[i], bench.config)
        for i, edit in enumerate(batch)
    ]
    losses, exact = _check(captured, cast("list[int]", owner.tolist()), columns, factors)
    return [
        SolvedEdit(
            basis=bench.basis.digest,
            keys=bench.basis.bits(edit.features),
            neighbours=neighbour_bits(bench.basis, edit.neighbours),
            columns=columns[i],
            left=factors[i][0].cpu(),
            right=factors[i][1].cpu(),
            loss=losses[i],
            exact=exact[i],
            steps=steps[i],
        )
        for i, edit in enumerate(batch)
    ]


def live_columns(basis: Basis, features: Floats) -> Columns:
    """Columns that an edit with these wordings (wordings, D) may change: the mask of their mean fingerprint."""
    return basis.columns(features.mean(axis=0, keepdims=True))[0]


def neighbour_bits(basis: Basis, features: Floats) -> Bits:
    """Packed masks of neighbouring questions (N, D), N may be 0."""
    if len(features):
        return basis.bits(features)
    return pack(np.zeros((1, 1), dtype=np.int64), basis.width)[:0]


def optimise_offsets(captured: Captured, owner: Tensor, edits: int, config: EditsConfig) -> tuple[Tensor, list[int]]:
    """Adam on the offsets of ``edits`` edits: (edits, q, H), and the steps each took.

    ``owner`` (rows,) says whose offset a captured row uses. An edit stops when the mean loss of its rows reaches
    ``config.stop_loss``; its rows then leave the batch.
    """
    live = torch.arange(edits, device=owner.device)
    result = torch.zeros(edits, *captured.base.shape[1:], device=owner.device)
    steps = [config.steps] * edits
    unit = _scales(captured, owner, edits)
    offsets, first, second = (result.clone() for _ in range(3))
    for step in range(config.steps + 1):
        offsets.requires_grad_(True)
        rows = row_losses(captured.logits(offsets[owner]), captured.labels)
        sizes = torch.bincount(owner, minlength=len(live))
        losses = rows.new_zeros(len(live)).index_add(0, owner, rows) / sizes
        (gradient,) = torch.autograd.grad(losses.sum(), offsets)
        offsets = offsets.detach()
        done = losses.detach() <= config.stop_loss
        finished = done if step < config.steps else torch.ones_like(done)
        result[live[finished]] = offsets[finished]
        for index in cast("list[int]", live[done].tolist()):
            steps[index] = min(steps[index], step)
        if bool(finished.all()):
            break
        first = BETAS[0] * first + (1 - BETAS[0]) * gradient
        second = BETAS[1] * second + (1 - BETAS[1]) * gradient.square()
        corrected = (second / (1 - BETAS[1] ** (step + 1))).sqrt() + 1e-8
        moved = offsets - config.rate * unit * (first / (1 - BETAS[0] ** (step + 1))) / corrected
        offsets = torch.where(done[:, None, None], offsets, moved)
        if float((~done).float().mean()) <= KEEP:
            keep = torch.nonzero(~done).flatten()
            kept_rows = torch.nonzero((~done)[owner]).flatten()
            renumber = torch.cumsum(~done, 0) - 1
            captured, owner = captured.select(kept_rows), renumber[owner[kept_rows]]
            live, offsets, first, second, unit = (t[keep] for t in (live, offsets, first, second, unit))
    return result, steps


def _scales(captured: Captured, owner: Tensor, edits: int) -> Tensor:
    """Root mean square of the stream that each edit's offsets are added to, (edits, 1, 1)."""
    # Where a norm follows the projection, its own output sets the scale, not the residual stream.
    stream = captured.base if captured.place.after is not None else captured.residual + captured.base
    squares = stream.float().square().mean(-1) * captured.valid
    rows = squares.sum(-1) / captured.valid.sum(-1)
    means = rows.new_zeros(edits).index_add(0, owner, rows) / torch.bincount(owner, minlength=edits)
    return means.sqrt()[:, None, None]


def fit(inputs: Sequence[Tensor], offsets: Tensor, columns: Columns, config: EditsConfig) -> tuple[Tensor, Tensor]:
    """Factors B (H, r) and C (r, k), rounded as stored, that map every wording's inputs to the offsets (positions, H).

    Ridge regression in the dual: C = P' (K + lambda I)^-1 X with X the masked inputs (n, k), K = X X' and P (n,
    positions) the position of each row; B = offsets'. A rank above ``config.rank`` is cut by singular values.
    """
    live = torch.from_numpy(columns).to(offsets.device)
    x = torch.cat([values.index_select(-1, live) for values in inputs]).float()
    position = torch.eye(len(offsets), device=x.device, dtype=x.dtype).repeat(len(inputs), 1)
    right = position.T @ ridge_dual(x, config.ridge)
    left = offsets.float().T
    if right.shape[0] > config.rank:
        u, s, v = low_rank_svd(left, right)
        left, right = u[:, : config.rank] * s[: config.rank], v[: config.rank]
    kind = getattr(torch, config.storage)
    return left.to(kind), right.to(kind)


def _check(
    captured: Captured, owner: list[int], columns: Sequence[Columns], factors: Sequence[tuple[Tensor, Tensor]]
) -> tuple[list[float], list[bool]]:
    """Loss and exactness of each edit with its rounded delta, on the captured rows."""
    live = torch.from_numpy(np.stack([columns[i] for i in owner])).to(captured.inputs.device)
    x = captured.inputs.gather(-1, live[:, None, :].expand(-1, captured.inputs.shape[1], -1))
    rank = max(right.shape[0] for _, right in factors)
    left = torch.stack([torch.nn.functional.pad(factors[i][0], (0, rank - factors[i][0].shape[1])) for i in owner])
    right = torch.stack(
        [torch.nn.functional.pad(factors[i][1], (0, 0, 0, rank - factors[i][1].shape[0])) for i in owner]
    )
    with torch.no_grad():
        written = torch.einsum("bqk,brk,bhr->bqh", x, right.to(x.dtype), left.to(x.dtype))
        logits = captured.logits(written)
        rows = cast("list[float]", row_losses(logits, captured.labels).tolist())
        hits = (logits.argmax(-1) == captured.labels) | (captured.labels == IGNORED)
        complete = cast("list[bool]", hits.all(-1).tolist())
    losses, exact = [0.0] * len(factors), [True] * len(factors)
    for index, loss, good in zip(owner, rows, complete, strict=True):
        losses[index] = max(losses[index], loss)
        exact[index] = exact[index] and good
    return losses, exact


def _samples(bench: Bench, request: EditRequest) -> tuple[Sample, ...]:
    """Every wording followed by the same target tokens: those that follow the canonical wording."""
    target = encode_target(bench.tokenizer, request.prompts[0], request.target)
    return tuple(Sample(encode_prompt(bench.tokenizer, prompt), target) for prompt in request.prompts)


def _rows(values: Sequence[Floats], width: int) -> Floats:
    return np.stack(list(values)) if values else np.zeros((0, width), dtype=np.float32)
